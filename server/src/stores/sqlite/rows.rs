//! What is asked of the file, one call after the other.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, Kind, Newest, Proposal, Record, RecordMeta, Saved,
    StoreError, StoredRecord,
};

use super::threads::Failure;

/// `expires` in seconds since 1970; a head without a record is a tombstone. The index has what
/// statistics and clean-up ask about, so that neither reads a record.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS edge_session_record (
        name BLOB NOT NULL PRIMARY KEY, is_revocation INTEGER NOT NULL, expires INTEGER NOT NULL,
        bytes INTEGER NOT NULL, record BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS edge_session_record_expires ON edge_session_record (expires, bytes);
    CREATE TABLE IF NOT EXISTS edge_session_head (
        name BLOB NOT NULL PRIMARY KEY, record BLOB, cookie TEXT, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS edge_session_head_expires ON edge_session_head (expires);";

pub(super) fn check(file: &Connection) -> rusqlite::Result<()> {
    let mut asked = file.prepare_cached("SELECT 1 FROM edge_session_record LIMIT 1")?;
    asked.query_row([], |_| Ok(())).optional().map(drop)
}

pub(super) fn record(
    file: &Connection,
    name: &StoreName,
    now: Timestamp,
) -> rusqlite::Result<Option<StoredRecord>> {
    let mut asked = file.prepare_cached(
        "SELECT record, expires FROM edge_session_record WHERE name = ?1 AND expires > ?2",
    )?;
    let found = asked.query_row(params![name.bytes(), now.seconds()], |row| {
        // What is too long was not written by this software: absent.
        let record = Record::new(row.get(0)?).ok();
        let expires = Timestamp::from_seconds(row.get(1)?);
        Ok(record.map(|record| StoredRecord { record, expires }))
    });
    found.optional().map(Option::flatten)
}

pub(super) fn put(
    file: &Connection,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
) -> Result<(), Failure> {
    let bytes = record.bytes();
    let mut asked = file.prepare_cached(
        "INSERT INTO edge_session_record (name, is_revocation, expires, bytes, record) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET is_revocation = excluded.is_revocation, expires = excluded.expires,
             bytes = excluded.bytes, record = excluded.record
         WHERE excluded.is_revocation OR edge_session_record.record = excluded.record",
    )?;
    let is_revocation = meta.kind == Kind::Revocation;
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let values = params![
        name.bytes(),
        is_revocation,
        meta.expires.seconds(),
        length,
        bytes
    ];
    match asked.execute(values)? {
        0 => Err(StoreError::Conflict.into()),
        _ => Ok(()),
    }
}

pub(super) fn delete(file: &Connection, name: &StoreName) -> rusqlite::Result<()> {
    let mut asked = file.prepare_cached("DELETE FROM edge_session_record WHERE name = ?1")?;
    asked.execute([name.bytes()]).map(drop)
}

/// Whoever calls undoes what was done before an error.
pub(super) fn commit(
    file: &Connection,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Committed, Failure> {
    if let Some(change) = &proposal.head {
        match bare_head(file, &change.session, now)? {
            Some(None) => return Ok(Committed::Ended),
            Some(Some(head)) if !change.moves(&head) => {
                let record = record(file, &head.record, now)?;
                return Ok(Committed::Other(Newest { head, record }));
            }
            Some(Some(_)) | None => {}
        }
    }
    if let Some(new) = &proposal.record {
        put(file, &new.name, &new.record, &new.meta)?;
    }
    if let Some(HeadMove {
        session,
        to,
        expires,
        ..
    }) = &proposal.head
    {
        match to {
            Some(head) => set_head(file, session, Some(head), *expires)?,
            None => {
                let mut asked =
                    file.prepare_cached("DELETE FROM edge_session_head WHERE name = ?1")?;
                asked.execute([session.bytes()])?;
            }
        }
    }
    let names = proposal.unless_ended.iter();
    let listed: Result<_, _> = names.map(|name| record(file, name, now)).collect();
    Ok(Committed::Saved(Saved {
        listed: listed?,
        is_compared: true,
    }))
}

pub(super) fn head(
    file: &Connection,
    session: &StoreName,
    now: Timestamp,
) -> rusqlite::Result<HeadState> {
    Ok(match bare_head(file, session, now)? {
        None => HeadState::Absent,
        Some(None) => HeadState::Ended,
        Some(Some(head)) => {
            let record = record(file, &head.record, now)?;
            HeadState::At(Newest { head, record })
        }
    })
}

/// A tombstone in the place of the head, which is told. What the session has kept goes with it.
pub(super) fn end(
    file: &Connection,
    session: &StoreName,
    expires: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Option<Head>> {
    let there = bare_head(file, session, now)?.flatten();
    set_head(file, session, None, expires)?;
    // Names of one session begin alike.
    let (first, mut last) = (place(session, 0), place(session, u8::MAX));
    last.push(u8::MAX);
    let mut asked = file.prepare_cached(
        "DELETE FROM edge_session_record WHERE name >= ?1 AND name < ?2 AND NOT is_revocation",
    )?;
    asked.execute(params![first, last])?;
    Ok(there)
}

/// The first or the last name of a session's.
fn place(session: &StoreName, rest: u8) -> Vec<u8> {
    let (place, _) = session.bytes().split_at(StoreName::BYTES / 2);
    let mut name = place.to_vec();
    name.resize(StoreName::BYTES, rest);
    name
}

/// At most so many of what has expired. The room is used again; the file does not become shorter.
pub(super) fn clean(file: &Connection, now: Timestamp, at_most: u32) -> rusqlite::Result<u64> {
    let mut gone = 0;
    for table in ["edge_session_record", "edge_session_head"] {
        let left = u64::from(at_most).saturating_sub(gone);
        let mut asked = file.prepare_cached(&format!(
            "DELETE FROM {table} WHERE name IN (SELECT name FROM {table} WHERE expires <= ?1 ORDER BY expires LIMIT ?2)"
        ))?;
        let left = i64::try_from(left).unwrap_or(i64::MAX);
        gone += asked.execute(params![now.seconds(), left])? as u64;
    }
    Ok(gone)
}

/// None if there is none; `Some(None)` is a tombstone.
fn bare_head(
    file: &Connection,
    session: &StoreName,
    now: Timestamp,
) -> rusqlite::Result<Option<Option<Head>>> {
    let mut asked = file.prepare_cached(
        "SELECT record, cookie FROM edge_session_head WHERE name = ?1 AND expires > ?2",
    )?;
    let found = asked.query_row(params![session.bytes(), now.seconds()], |row| {
        head_of(row, 0)
    });
    found.optional()
}

/// The head in two columns from `first` on.
pub(super) fn head_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Head>> {
    let Some(record) = row.get::<_, Option<Vec<u8>>>(first)? else {
        return Ok(None);
    };
    let record = name_of(&record, first)?;
    let cookie: String = row.get(first + 1)?;
    Ok(Some(Head {
        record,
        cookie: cookie.into(),
    }))
}

pub(super) fn name_of(bytes: &[u8], column: usize) -> rusqlite::Result<StoreName> {
    let name = bytes.try_into().map(StoreName::new);
    name.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })
}

fn set_head(
    file: &Connection,
    session: &StoreName,
    head: Option<&Head>,
    expires: Timestamp,
) -> rusqlite::Result<()> {
    let mut asked = file.prepare_cached(
        "INSERT OR REPLACE INTO edge_session_head (name, record, cookie, expires) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let record = head.map(|head| head.record.bytes());
    let cookie = head.map(|head| &*head.cookie);
    let values = params![session.bytes(), record, cookie, expires.seconds()];
    asked.execute(values).map(drop)
}
