//! Between a session and its store: generic over the store, free of the platform.

mod save;
mod siblings;

use session_codec::{
    Codec, Commit, Lineage, OpenSession, RequestMark, SealError, Session, SessionData, StoreName,
    StoreOp, Timestamp, cookie::Lifetime, policy::Limits,
};
use session_store::{
    Head, HeadState, Newest, Record, RecordMeta, SessionStore, StoreError, StoredRecord,
};

use crate::{counters, workspace::with_workspace};
pub(crate) use save::{Followed, NotSaved, save};
pub(crate) use siblings::with_siblings;

/// A record younger than this may simply not be visible yet where we ask; an older one is lost.
const PROPAGATION_MILLIS: i64 = Limits::RECORD_VISIBLE_SECONDS * 1000;

/// Why the spilled part of an authentic session cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The store failed, or has not got it yet: ask again.
    Unavailable(&'static str),
    /// It is gone, or no longer the one the ticket names.
    Lost {
        /// Its head names this very record, so no browser has a newer cookie of the session.
        /// Where no heads are kept nobody knows.
        is_newest: bool,
    },
}

impl Missing {
    /// The store answered, and has no such record.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Unavailable(ABSENT) | Self::Lost { .. })
    }
}

/// Adds the spilled keys to a session, if it has any.
///
/// A record that is gone may have been followed by others, by way of other copies of the cookie:
/// then the session's head names the newest, and that one is the session. Past the caches the record
/// and the head are asked at once.
pub(crate) async fn load(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
) -> Result<(), Missing> {
    let Some(name) = codec.record_name(opened) else {
        return Ok(());
    };
    if is_near(codec, store, opened, &name, now).await? {
        return Ok(());
    }
    let (fresh, whereabouts) = futures_util::join!(
        store.get_fresh(&name, now),
        whereabouts(codec, store, opened, now)
    );
    let Err(missing) = taken(codec, opened, fresh, now) else {
        return Ok(());
    };
    if missing.is_absence() {
        match (whereabouts, &missing) {
            (Ok(Whereabouts::Later(newest)), _) => {
                counters::loaded("followed");
                *opened = *newest;
                return Ok(());
            }
            (Ok(Whereabouts::Here), Missing::Lost { .. }) => {
                return Err(Missing::Lost { is_newest: true });
            }
            _ => {}
        }
    }
    Err(missing)
}

/// The store has no such record.
const ABSENT: &str = "absent";

/// The same, where nobody can have gone on.
async fn load_record(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
) -> Result<(), Missing> {
    let Some(name) = codec.record_name(opened) else {
        return Ok(());
    };
    if is_near(codec, store, opened, &name, now).await? {
        return Ok(());
    }
    let fresh = store.get_fresh(&name, now).await;
    taken(codec, opened, fresh, now)
}

/// Whether the session's record is at hand, and is now added. A cache may hold what it should not, or
/// nothing yet; past the caches lies what counts.
async fn is_near(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    name: &StoreName,
    now: Timestamp,
) -> Result<bool, Missing> {
    match store.get(name, now).await {
        Ok(Some(kept)) => Ok(take(codec, opened, &kept.record).is_ok()),
        Ok(None) => Ok(false),
        Err(error) => Err(Missing::Unavailable(error.label())),
    }
}

/// Adds the record that lies past the caches.
fn taken(
    codec: &Codec,
    opened: &mut OpenSession,
    fresh: Result<Option<StoredRecord>, StoreError>,
    now: Timestamp,
) -> Result<(), Missing> {
    let kept = fresh.map_err(|error| Missing::Unavailable(error.label()))?;
    let reason = match kept {
        None => ABSENT,
        Some(kept) => match take(codec, opened, &kept.record) {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        },
    };
    if now.millis_since(written(opened, now)) < PROPAGATION_MILLIS {
        Err(Missing::Unavailable(reason))
    } else {
        Err(Missing::Lost { is_newest: false })
    }
}

/// Adds a record to the session whose ticket names it; if it does, says why it does not.
fn take(codec: &Codec, opened: &mut OpenSession, record: &Record) -> Result<(), &'static str> {
    let opening = |workspace: &mut _| codec.open_record(opened, record.bytes(), workspace);
    with_workspace(opening).map_err(|reason| {
        // Not what the ticket names: stale, swapped, rolled back or damaged.
        counters::loaded(reason.label());
        reason.label()
    })
}

/// When the record of a session was written: when its cookie was issued, or later if it was sealed
/// anew since, as after a change of keys. Tickets of before said no time, so theirs may be any.
fn written(opened: &OpenSession, now: Timestamp) -> Timestamp {
    let written = opened.ticket().map(|ticket| ticket.written());
    let is_likely = |written: &Timestamp| written.millis_since(now) <= CLOCKS_DIFFER_MILLIS;
    written
        .filter(is_likely)
        .map_or(opened.issued(), |written| written.max(opened.issued()))
}

/// Where a session is, by what its head says of a cookie.
enum Whereabouts {
    /// At this cookie's record.
    Here,
    /// At a later one: the session as it is there.
    Later(Box<OpenSession>),
    /// There is no head, or none that can be followed.
    Unknown,
}

async fn whereabouts(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &OpenSession,
    now: Timestamp,
) -> Result<Whereabouts, StoreError> {
    let names = codec
        .record_name(opened)
        .zip(codec.head_name(opened.lineage()));
    let Some((record, session)) = names else {
        return Ok(Whereabouts::Unknown);
    };
    match store.head(&session, now).await? {
        HeadState::At(newest) if newest.head.record == record => Ok(Whereabouts::Here),
        HeadState::At(newest) => {
            let newest = open_newest(codec, store, &session, &newest, now).await.ok();
            let known = Age::of(opened);
            let later = newest.filter(|newest| Age::of(newest).is_after(known));
            let later = later.map(|later| Whereabouts::Later(Box::new(later)));
            Ok(later.unwrap_or(Whereabouts::Unknown))
        }
        HeadState::Absent | HeadState::Ended | HeadState::NotKept => Ok(Whereabouts::Unknown),
    }
}

/// Where a state of a session stands among its others.
#[derive(Clone, Copy)]
struct Age {
    issued: Timestamp,
    revision: u32,
}

impl Age {
    const fn of(opened: &OpenSession) -> Self {
        Self {
            issued: opened.issued(),
            revision: opened.lineage().revision(),
        }
    }

    /// Whether it follows `other` in the session's line: a revision counts up from when the session
    /// first spilled to its end, and no clock has a say in it. A cookie from before that has none,
    /// so of those it is when they were issued that counts.
    fn is_after(self, other: Self) -> bool {
        match other.revision {
            0 => self.issued > other.issued,
            revision => self.revision > revision,
        }
    }
}

/// As much as a cookie may be issued ahead of its reader's clock.
const CLOCKS_DIFFER_MILLIS: i64 = 300_000;

/// A session that is to be saved.
pub(crate) struct Draft<'a> {
    /// As the request found it; empty for a new one.
    pub(crate) base: &'a SessionData,
    /// When what the request found had been issued; as `issued` for a new one.
    pub(crate) base_issued: Timestamp,
    /// As it is to be.
    pub(crate) session: &'a Session,
    /// The merge patch (RFC 7396) that made it so, if it was one: it is applied to whatever others
    /// have made of the session meanwhile, at any depth.
    pub(crate) patch: Option<&'a SessionData>,
    /// What the request is known by that made it so, if it comes again: what has its change already
    /// does not get it twice.
    pub(crate) mark: Option<RequestMark>,
    pub(crate) issued: Timestamp,
    pub(crate) lifetime: Lifetime,
    /// What the store may know of its record; the expiry is filled in.
    pub(crate) about: RecordMeta,
}

/// A session that is stored. Its cookie may be sent.
pub(crate) struct Saved {
    pub(crate) commit: Commit,
    /// Records that nobody needs once the cookie is sent.
    pub(crate) deletions: Vec<StoreName>,
    /// With the changes of others that were saved at the same time, if there were any.
    pub(crate) merged: Option<SessionData>,
}

/// Why a session was not saved. The cookie the browser has stays good.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SaveError {
    /// It cannot be sealed as it is.
    Seal(SealError),
    /// The store did not take its record.
    Store(StoreError),
    /// Others were first, again and again.
    Contested,
    /// It ended meanwhile.
    Ended,
    /// It has the change of another request with the same key.
    KeyReused,
}

impl SaveError {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.label(),
            Self::Store(error) => error.label(),
            Self::Contested => "contested",
            Self::Ended => "ended",
            Self::KeyReused => "key_reused",
        }
    }
}

/// The session that a head names, whole.
async fn open_newest(
    codec: &Codec,
    store: &impl SessionStore,
    session: &StoreName,
    newest: &Newest,
    now: Timestamp,
) -> Result<OpenSession, Missing> {
    let cookie = newest.head.cookie.as_bytes();
    let opening = |workspace: &mut _| codec.open_value(cookie, now, workspace);
    let opened = with_workspace(opening);
    let mut opened = opened.map_err(|reason| Missing::Unavailable(reason.label()))?;
    // Who can write to the store could have put another session's cookie there.
    let name = codec.head_name(opened.lineage());
    if name.as_ref() != Some(session) {
        return Err(Missing::Unavailable("foreign_head"));
    }
    if opened.ticket().is_none() {
        // It fits into its cookie, which is the head's.
        return Ok(opened);
    }
    let at_hand = newest.record.as_ref();
    let is_whole = at_hand.is_some_and(|kept| take(codec, &mut opened, &kept.record).is_ok());
    if !is_whole {
        load_record(codec, store, &mut opened, now).await?;
    }
    Ok(opened)
}

/// The names of the records that these operations delete.
pub(crate) fn deletions(ops: Vec<StoreOp>) -> Vec<StoreName> {
    let name = |op| match op {
        StoreOp::Delete { name } => Some(name),
        _ => None,
    };
    ops.into_iter().filter_map(name).collect()
}

/// The records that nobody needs when a session has ended: those that `lineage` knows of, and where
/// the head that it had is of another state, that one's and those before it, which only that one
/// names.
pub(crate) async fn records_of_ended(
    codec: &Codec,
    store: &impl SessionStore,
    lineage: &Lineage,
    head: Head,
    now: Timestamp,
) -> Vec<StoreName> {
    let mut names = deletions(codec.end(lineage));
    let Some(session) = codec
        .head_name(lineage)
        .filter(|_| !names.contains(&head.record))
    else {
        return names;
    };
    names.push(head.record);
    let newest = Newest { head, record: None };
    if let Ok(newest) = open_newest(codec, store, &session, &newest, now).await {
        names.extend(deletions(codec.end(newest.lineage())));
    }
    names
}

/// Deletes records nobody needs. A failure is told, not fatal: they expire by themselves.
pub(crate) async fn delete_all(store: &impl SessionStore, names: Vec<StoreName>) {
    for name in names {
        if let Err(error) = store.delete(&name).await {
            crate::log::warn("record-delete-failed", &serde_json::json!(error.label()));
        }
    }
}

#[cfg(test)]
mod explorer;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
