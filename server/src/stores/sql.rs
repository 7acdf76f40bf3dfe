//! What rows of either database mean, and what its errors do.

use session_codec::Timestamp;
use session_store::{Head, HeadState, Kind, Newest, Record, StoreError, StoredRecord};
use sqlx::error::{DatabaseError, Error};

use super::{Cursor, Entry, KeptHead, KeptRecord, Page};

/// The state that says that another record has the name.
pub(super) const ANOTHER_RECORD: &str = "ES409";

/// `record, expires`; null where there is none.
pub(super) type RecordRow = (Option<Vec<u8>>, Option<i64>);
/// `head's record, cookie, record, expires`: a head, and the record that it names.
pub(super) type NewestRow = (Option<String>, Option<String>, Option<Vec<u8>>, Option<i64>);
/// `name, kind, record, expires`.
pub(super) type RecordEntryRow = (String, String, Vec<u8>, i64);
/// `name, record, cookie, expires`.
pub(super) type HeadEntryRow = (String, Option<String>, Option<String>, i64);

/// What a database said, as whoever asked a store needs to know it.
pub(crate) fn failed(error: Error) -> StoreError {
    match error {
        Error::Database(said) => by_code(&*said),
        Error::Configuration(_) | Error::InvalidArgument(_) => refused(error),
        _ => StoreError::Unavailable {
            reason: error.to_string().into(),
        },
    }
}

/// By the class of its SQLSTATE, which both have.
fn by_code(said: &dyn DatabaseError) -> StoreError {
    let code = said.code().unwrap_or_default();
    if code == ANOTHER_RECORD {
        return StoreError::Conflict;
    }
    match code.get(..2) {
        // A wrong password, no such database, a missing table or right, a full disk, a constraint.
        Some("28" | "3D" | "42" | "22" | "23" | "53") => refused(said),
        _ => StoreError::Unavailable {
            reason: format!("{said} ({code})").into(),
        },
    }
}

fn refused(reason: impl core::fmt::Display) -> StoreError {
    StoreError::Refused {
        reason: reason.to_string().into(),
    }
}

/// `None` if there is none, or it is nothing that we wrote.
pub(super) fn stored((record, expires): RecordRow) -> Option<StoredRecord> {
    Some(StoredRecord {
        record: Record::new(record?).ok()?,
        expires: Timestamp::from_seconds(expires?),
    })
}

/// What a live head says.
pub(super) fn state((record, cookie, kept, expires): NewestRow) -> Result<HeadState, StoreError> {
    Ok(match record.zip(cookie) {
        None => HeadState::Ended,
        Some(there) => HeadState::At(Newest {
            head: head(there)?,
            record: stored((kept, expires)),
        }),
    })
}

pub(super) fn head((record, cookie): (String, String)) -> Result<Head, StoreError> {
    let damaged = |_| StoreError::Unavailable {
        reason: "a head is damaged".into(),
    };
    Ok(Head {
        record: record.parse().map_err(damaged)?,
        cookie: cookie.into(),
    })
}

/// Where a listing is. Records come first: a head is moved when its record is there.
pub(super) enum Place<'a> {
    Records(&'a str),
    Heads(&'a str),
}

impl<'a> Place<'a> {
    pub(super) fn of(cursor: Option<&'a Cursor>) -> Self {
        match cursor.and_then(|Cursor(text)| text.split_at_checked(1)) {
            Some(("h", after)) => Self::Heads(after),
            Some((_, after)) => Self::Records(after),
            None => Self::Records(""),
        }
    }
}

/// A batch of records; what nobody of ours wrote is left out.
pub(super) fn page_of_records(rows: Vec<RecordEntryRow>, at_most: u32) -> Page {
    let last = rows.last().filter(|_| rows.len() >= at_most as usize);
    let next = last.map_or_else(|| "h".into(), |(name, ..)| format!("r{name}"));
    let read = |(name, kind, record, expires): RecordEntryRow| {
        Some(Entry::Record(KeptRecord {
            name: name.parse().ok()?,
            kind: match kind.as_str() {
                "revocation" => Kind::Revocation,
                _ => Kind::Session,
            },
            stored: stored((Some(record), Some(expires)))?,
        }))
    };
    Page {
        next: Some(Cursor(next)),
        entries: rows.into_iter().filter_map(read).collect(),
    }
}

/// A batch of heads.
pub(super) fn page_of_heads(rows: Vec<HeadEntryRow>, at_most: u32) -> Page {
    let last = rows.last().filter(|_| rows.len() >= at_most as usize);
    let next = last.map(|(name, ..)| Cursor(format!("h{name}")));
    let read = |(name, record, cookie, expires): HeadEntryRow| {
        Some(Entry::Head(KeptHead {
            session: name.parse().ok()?,
            head: record.zip(cookie).map(head).transpose().ok()?,
            expires: Timestamp::from_seconds(expires),
        }))
    };
    Page {
        next,
        entries: rows.into_iter().filter_map(read).collect(),
    }
}

/// A session that was seen, and the record that its head names, if there is one.
pub(super) struct Recent {
    pub(super) last_seen: i64,
    /// The session's name, as a cursor has it.
    pub(super) session: String,
    pub(super) name: Option<String>,
    pub(super) record: Option<Vec<u8>>,
    pub(super) expires: Option<i64>,
}

/// `when, session, name, record, expires`.
pub(super) type RecentRow = (
    Option<i64>,
    String,
    Option<String>,
    Option<Vec<u8>>,
    Option<i64>,
);

impl From<RecentRow> for Recent {
    fn from((last_seen, session, name, record, expires): RecentRow) -> Self {
        Self {
            last_seen: last_seen.unwrap_or(0),
            session,
            name,
            record,
            expires,
        }
    }
}

impl Recent {
    /// Where a listing that begins with what was seen last goes on: behind this time, and this name of the same time.
    pub(super) fn place(cursor: Option<&Cursor>) -> (i64, &str) {
        let place = cursor.and_then(|Cursor(text)| {
            let (last_seen, session) = text.split_once(':')?;
            Some((last_seen.parse().ok()?, session))
        });
        place.unwrap_or((i64::MAX, ""))
    }
}

/// A batch of records of what was seen last.
pub(super) fn page_of_recent(rows: Vec<impl Into<Recent>>, at_most: u32) -> Page {
    let rows: Vec<Recent> = rows.into_iter().map(Into::into).collect();
    let last = rows.last().filter(|_| rows.len() >= at_most as usize);
    let next = last.map(|last| Cursor(format!("{}:{}", last.last_seen, last.session)));
    let read = |row: Recent| {
        Some(Entry::Record(KeptRecord {
            name: row.name?.parse().ok()?,
            kind: Kind::Session,
            stored: stored((row.record, row.expires))?,
        }))
    };
    Page {
        next,
        entries: rows.into_iter().filter_map(read).collect(),
    }
}

/// Counts are never negative.
pub(super) fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
