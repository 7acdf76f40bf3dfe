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

pub(crate) use session_codec::device::Binding;
use session_codec::{Codec, Lineage, StoreName, Timestamp, device::DENIED};
use session_store::{
    Head, HeadState, Record, RecordMeta, SessionStore, StoreError, StoredRecord, together,
};

pub use data_centre::DataCentre;
pub(crate) use entry::Entry;
pub(crate) use known::Known;
pub use known::Told;
pub(crate) use memory::{Ask, Memory};
pub(crate) use subject::Subject;

/// Whether a session may still be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    /// It may, with one device.
    Bound(Binding),
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
    let (names, head) = (subject.session(), subject.head());
    let sessions = look_up(store, memory, names, head, subject, ask, now);
    let users = look_up(store, memory, subject.user(), None, subject, ask, now);
    let (session, user) = futures_util::join!(sessions, users);
    // An end that is known is one, whether or not the other question was answered.
    let ends = |entry: &Result<Entry, StoreError>| {
        let entry = entry.as_ref();
        entry.is_ok_and(|entry| entry.ends(subject.created()))
    };
    if ends(&session) || ends(&user) {
        return Ok(Standing::Revoked);
    }
    user?;
    Ok(match session?.binding() {
        Some(binding) => Standing::Bound(binding),
        None => Standing::Active,
    })
}

/// What the list says under any of these names, which are asked at once: they are one session's, or
/// one user's.
async fn look_up(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    names: &[StoreName],
    head: Option<&StoreName>,
    subject: &Subject,
    ask: Ask,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    let asked = names.iter().map(|name| async move {
        match memory.recall(name, subject.created(), ask, now).await {
            Some(entry) => Ok(entry),
            None => {
                let found = find(store, name, now).await?;
                let found = as_its_head(store, found, head, now).await?;
                Ok(memory.learn(name, found, now))
            }
        }
    });
    let mut said = Ok(Entry::Nothing);
    for entry in together(asked).await {
        said = match (said, entry) {
            (Ok(said), Ok(entry)) => Ok(said.later(entry)),
            // An end that is known is one, whether or not the other question was answered.
            (Ok(known), Err(_)) | (Err(_), Ok(known)) if known.ends(subject.created()) => Ok(known),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
    }
    said
}

/// What the list says, unless it is a binding in the place of an end: whoever binds a session looks for
/// its end after that, and may come to nothing before. Once the browser has shown that it knows, the
/// session is nobody's without the device in any case.
async fn as_its_head(
    store: &impl SessionStore,
    found: Entry,
    head: Option<&StoreName>,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    match (found, head) {
        (Entry::Bound(binding), Some(head)) if !binding.is_confirmed => {
            match store.head(head, now).await? {
                HeadState::Ended => Ok(Entry::Denied),
                HeadState::At(_) | HeadState::Absent | HeadState::NotKept => Ok(found),
            }
        }
        _ => Ok(found),
    }
}

/// Whether a session may still be used, by what is listed under each of [`Subject::names`].
pub(crate) fn judge(
    memory: &Memory<impl DataCentre>,
    subject: &Subject,
    listed: &[Option<StoredRecord>],
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let mut judged = Ok(Standing::Active);
    let names = subject.session().iter().chain(subject.user());
    for (name, kept) in names.zip(listed) {
        match Entry::read(kept.as_ref()) {
            Ok(entry) if memory.learn(name, entry, now).ends(subject.created()) => {
                return Ok(Standing::Revoked);
            }
            Ok(_) => {}
            Err(error) => judged = Err(error),
        }
    }
    judged
}

/// What the list says of one session: where only that is asked.
pub(crate) async fn entry(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    name: &StoreName,
    ask: Ask,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    match memory.recall(name, now, ask, now).await {
        Some(entry) => Ok(entry),
        None => Ok(memory.learn(name, find(store, name, now).await?, now)),
    }
}

/// Binds a session to a device, unless it has ended: an end that came meanwhile, under the same
/// name, has left a tombstone in the place of the session's head, and is put back.
///
/// Gives whether it is bound.
pub(crate) async fn bind(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    bound: &Bindable,
    binding: Binding,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let about = RecordMeta::revocation_until(bound.expires);
    store
        .put(&bound.name, &record(&binding.to_bytes())?, &about, now)
        .await?;
    if let Some(head) = &bound.head
        && matches!(store.head(head, now).await?, HeadState::Ended)
    {
        end_binding(store, memory, bound, now).await?;
        return Ok(false);
    }
    memory.learn(&bound.name, Entry::Bound(binding), now);
    Ok(true)
}

/// A session that can be bound to a device.
pub(crate) struct Bindable {
    /// Its name on the list.
    pub(crate) name: StoreName,
    /// That of its head, if it has one.
    pub(crate) head: Option<StoreName>,
    /// When it has ended for sure.
    pub(crate) expires: Timestamp,
}

impl Bindable {
    /// A session that is sealed; `None` if it has no id.
    pub(crate) fn of(codec: &Codec, lineage: &Lineage) -> Option<Self> {
        let last = lineage.created().after(codec.lifetimes().absolute);
        Some(Self {
            name: codec.session_revocation(lineage)?,
            head: codec.head_name(lineage),
            expires: last.after(MARGIN),
        })
    }
}

/// Writes under the name of a session that it has ended, whatever stands there.
pub(crate) async fn end_binding(
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    bound: &Bindable,
    now: Timestamp,
) -> Result<(), StoreError> {
    let about = RecordMeta::revocation_until(bound.expires);
    store
        .put(&bound.name, &record(DENIED)?, &about, now)
        .await?;
    memory.learn(&bound.name, Entry::Denied, now);
    Ok(())
}

async fn find(
    store: &impl SessionStore,
    name: &StoreName,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    let kept = store.get_fresh(name, now).await?;
    Entry::read(kept.as_ref())
}

/// The moment until which all sessions of a user ended that began by then. While the store does not
/// say, it is the one that is known here, if a session that begins now has ended by it.
///
/// # Errors
/// If nobody knows.
pub(crate) async fn ended_until(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    user: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let began = Timestamp::from_seconds(now.seconds());
    let names = codec.user_revocations(user);
    let asked = names.iter().map(|name| async move {
        match find(store, name, now).await {
            Ok(entry) => Ok(memory.learn(name, entry, now)),
            Err(error) => {
                let known = memory.recall(name, began, Ask::Known, now).await;
                known.filter(|entry| entry.ends(began)).ok_or(error)
            }
        }
    });
    let said = together(asked).await;
    let said = said.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(said.into_iter().fold(Entry::Nothing, Entry::later).until())
}

/// Denies a session from now until no cookie of it can be alive: whatever is issued to it from now
/// on by whoever does not know yet has the same beginning, and so the same end.
///
/// Gives the head that it had: nobody needs its record any more.
pub(crate) async fn revoke_session(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    lineage: &Lineage,
    now: Timestamp,
) -> Result<Option<Head>, StoreError> {
    let last = lineage.created().after(codec.lifetimes().absolute);
    let about = RecordMeta::revocation_until(last.after(MARGIN));
    let denied = record(DENIED)?;
    let list = async {
        let Some(name) = codec.session_revocation(lineage) else {
            return Ok(());
        };
        store.put(&name, &denied, &about, now).await?;
        memory.learn(&name, Entry::Denied, now);
        Ok(())
    };
    // What is under way with an older cookie must not bring it back.
    let end = async {
        match codec.head_name(lineage) {
            Some(head) => store.end(&head, about.expires, now).await,
            None => Ok(None),
        }
    };
    let (listed, ended) = futures_util::join!(list, end);
    listed?;
    ended
}

/// Looks whether the end of a session is what stands on the list, where somebody may have bound it
/// to a device at the same time, and puts it back: whoever binds it from now on finds the tombstone.
pub(crate) async fn insist(
    codec: &Codec,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    lineage: &Lineage,
    now: Timestamp,
) -> Result<(), StoreError> {
    match Bindable::of(codec, lineage) {
        Some(bound) if find(store, &bound.name, now).await? != Entry::Denied => {
            end_binding(store, memory, &bound, now).await
        }
        _ => Ok(()),
    }
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
    for name in codec.user_revocations(user) {
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
    let about = RecordMeta::revocation_until(last.after(MARGIN));
    for name in codec.user_revocations(user) {
        // Replaces an earlier one in one step: the later moment is the one that counts.
        store.put(&name, &record, &about, now).await?;
        memory.learn(&name, Entry::Until(until), now);
    }
    Ok(())
}

/// A list that is kept a little longer than needed does no harm; one that ends a moment before the
/// last cookie does.
const MARGIN: Duration = Duration::from_secs(300);

/// How far ahead of the clock sessions may be made to begin, in seconds: far less than what a
/// reader of cookies allows for.
const MAX_AHEAD: i64 = 60;

/// Beginnings are whole seconds, so a second cannot hold both a session that ended and one that
/// began after that: those that begin in the same second begin, by their cookie, in the next one
/// ([`after`]). To end one of those the moment has to be in that second too.
fn moment(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let next = before.map_or(i64::MIN, |before| before.seconds().saturating_add(1));
    if next <= now.seconds() {
        return now;
    }
    let most = now.seconds().saturating_add(MAX_AHEAD);
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

fn record(bytes: &[u8]) -> Result<Record, StoreError> {
    Record::new(bytes.to_vec()).map_err(|error| StoreError::TooLarge {
        bytes: error.bytes,
        limit: Record::MAX_BYTES,
    })
}

#[cfg(test)]
mod tests;
