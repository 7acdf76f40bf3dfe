//! Sessions that ended before their time: a list of denied sessions, and for each user the moment
//! before which all of them ended. Generic over the store, free of the platform.
//!
//! A store that answers late or from a cache delays a revocation: with KV by the 60 seconds its
//! writes take to show elsewhere, and 60 more where absence is cached, so two minutes at most. What
//! the [`Memory`] holds adds its own time to that.

mod data_centre;
mod entry;
mod known;
mod memory;
mod subject;

use core::time::Duration;

use session_codec::{Codec, Lineage, Timestamp};
use session_store::{About, Record, RecordName, SessionStore, StoreError, Swapped};

pub(crate) use data_centre::{DataCentre, DataCentreCache};
use entry::{DENIED, Entry};
pub(crate) use known::Known;
pub(crate) use memory::{Ask, Memory};
pub(crate) use subject::{Name, Subject};

/// Whether a session may still be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    Revoked,
}

/// Asks for both kinds of revocation. An error is an outage: the session is neither good nor bad.
pub(crate) async fn standing(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    subject: &Subject,
    ask: Ask,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let sessions = look_up(store, memory, subject.session(), subject, ask, now);
    let users = look_up(store, memory, subject.user(), subject, ask, now);
    let (session, user) = futures_util::join!(sessions, users);
    // An end that is known is one, whether or not the other question was answered.
    let ends = |entry: &Result<Entry, StoreError>| {
        let entry = entry.as_ref();
        entry.is_ok_and(|entry| entry.ends(subject.created()))
    };
    if ends(&session) || ends(&user) {
        return Ok(Standing::Revoked);
    }
    session.and(user).map(|_| Standing::Good)
}

/// What the list says under any of these names: they are one session's, or one user's.
async fn look_up(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    names: &[Name],
    subject: &Subject,
    ask: Ask,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    let mut said = Entry::Nothing;
    for name in names {
        let entry = match memory.recall(name, subject.created(), ask, now).await {
            Some(entry) => entry,
            None => memory.learn(name, find(store, name, now).await?, now),
        };
        said = said.later(entry);
        if said.ends(subject.created()) {
            break;
        }
    }
    Ok(said)
}

async fn find(store: &impl SessionStore, name: &Name, now: Timestamp) -> Result<Entry, StoreError> {
    let kept = store.get_fresh(&RecordName::new(*name), now).await?;
    Entry::read(kept.as_ref())
}

/// The moment until which all sessions of a user ended that began by then.
pub(crate) async fn ended_until(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    user: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut said = Entry::Nothing;
    for name in codec.deny_user(user) {
        let entry = find(store, &name, now).await?;
        said = said.later(memory.learn(&name, entry, now));
    }
    Ok(said.until())
}

/// Denies a session from now until no cookie of it can be alive: whatever is issued to it from now
/// on by whoever does not know yet has the same beginning, and so the same end.
///
/// Gives the records that its head named, which nobody needs any more.
pub(crate) async fn revoke_session(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    lineage: &Lineage,
    now: Timestamp,
) -> Result<Vec<RecordName>, StoreError> {
    let last = lineage.created().after(codec.lifetimes().absolute);
    let about = About::revocation_until(last.after(MARGIN));
    for name in codec.deny_session(lineage) {
        store
            .put(&RecordName::new(name), &record(DENIED)?, &about, now)
            .await?;
        memory.learn(&name, Entry::Denied, now);
    }
    let mut records = Vec::new();
    // What is under way with an older cookie must not bring it back.
    for head in codec.head_names(lineage) {
        let head = RecordName::new(head);
        // From nothing to nothing: moves no head and shows the one there is.
        let shown = store.swap_head(&head, None, None, now, now).await;
        if let Ok(Swapped::Other(newest)) = shown {
            records.push(newest.record);
        }
        store.end_head(&head, about.expires, now).await?;
    }
    Ok(records)
}

/// Ends every session of a user that began until now.
pub(crate) async fn revoke_user(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    user: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut before = Entry::Nothing;
    for name in codec.deny_user(user) {
        // What nobody here wrote is replaced.
        match find(store, &name, now).await {
            Ok(entry) => before = before.later(entry),
            Err(error) if error == entry::damaged() => {}
            Err(error) => return Err(error),
        }
    }
    let until = moment(before.until(), now);
    let record = record(&until.millis().to_be_bytes())?;
    let last = until.after(codec.lifetimes().absolute);
    let about = About::revocation_until(last.after(MARGIN));
    for name in codec.deny_user(user) {
        // Replaces an earlier one in one step: the later moment is the one that counts.
        let key = RecordName::new(name);
        store.put(&key, &record, &about, now).await?;
        memory.learn(&name, Entry::Until(until), now);
    }
    Ok(())
}

/// A list that is kept a little longer than needed does no harm; one that ends a moment before the
/// last cookie does.
const MARGIN: Duration = Duration::from_secs(300);

/// How far ahead of the clock sessions may be made to begin, in seconds: far less than what a
/// reader of cookies allows for.
const MOST_AHEAD: i64 = 60;

/// Beginnings are whole seconds, so a second cannot hold both a session that ended and one that
/// began after that: those that begin in the same second begin, by their cookie, in the next one
/// ([`after`]). To end one of those the moment has to be in that second too.
fn moment(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let next = before.map_or(i64::MIN, |before| before.seconds().saturating_add(1));
    if next <= now.seconds() {
        return now;
    }
    let most = now.seconds().saturating_add(MOST_AHEAD);
    now.max(Timestamp::from_seconds(next.min(most)))
}

/// When a session begins that is new at `began`, of a user whose sessions ended `until` then.
pub(crate) fn after(until: Option<Timestamp>, began: Timestamp) -> Timestamp {
    match until {
        Some(until) if began.seconds() <= until.seconds() => {
            Timestamp::from_seconds(until.seconds().saturating_add(1))
        }
        _ => began,
    }
}

fn record(octets: &[u8]) -> Result<Record, StoreError> {
    Record::new(octets.to_vec()).map_err(|error| StoreError::TooLarge {
        octets: error.octets,
        limit: Record::MAX_OCTETS,
    })
}

#[cfg(test)]
mod tests;
