//! Between a session and its store: generic over the store, free of the platform.

mod unless_ended;

use session_codec::{
    Codec, Commit, HeadChange, Lineage, OpenSession, SealError, Session, StoreOp, Timestamp,
    cookie::Lifetime, policy::Limits,
};
use session_store::{About, Head, Kept, Record, RecordName, SessionStore, StoreError, Swapped};

use crate::{counters, entropy::Entropy, state::with_workspace};
pub(crate) use unless_ended::{Followed, save_unless_ended};

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
/// then the session's head names the newest, and that one is the session.
pub(crate) async fn load(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
) -> Result<(), Missing> {
    let missing = match load_record(codec, store, opened, now).await {
        Ok(()) => return Ok(()),
        Err(missing) => missing,
    };
    if missing.is_absence() {
        match (newest(codec, store, opened, now).await, &missing) {
            (Ok(Newest::Other(newest)), _) => {
                counters::loaded("followed");
                *opened = *newest;
                return Ok(());
            }
            (Ok(Newest::This), Missing::Lost { .. }) => {
                return Err(Missing::Lost { is_newest: true });
            }
            _ => {}
        }
    }
    Err(missing)
}

/// The store has no such record.
const ABSENT: &str = "absent";

async fn load_record(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
) -> Result<(), Missing> {
    let Some(name) = codec.record_name(opened) else {
        return Ok(());
    };
    let name = RecordName::new(name);
    let mut take = |kept: Option<Kept>| {
        let record = kept.ok_or(ABSENT)?.record;
        let opening = |workspace: &mut _| codec.open_record(opened, record.octets(), workspace);
        with_workspace(opening).map_err(|reason| {
            // Not what the ticket names: stale, swapped, rolled back or damaged.
            counters::loaded(reason.label());
            reason.label()
        })
    };
    let near = store.get(&name, now).await.map(&mut take);
    let answer = match near {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(ABSENT)) => near,
        // A cache may hold what it should not; past the caches lies what counts.
        Ok(Err(_)) => store.get_fresh(&name, now).await.map(&mut take),
        Err(_) => near,
    };
    let reason = match answer {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(reason)) => reason,
        Err(error) => return Err(Missing::Unavailable(error.label())),
    };
    if now.millis_since(written(opened, now)) < PROPAGATION_MILLIS {
        Err(Missing::Unavailable(reason))
    } else {
        Err(Missing::Lost { is_newest: false })
    }
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

/// What the head of a session names.
enum Newest {
    /// The record of this cookie.
    This,
    /// A later one: the session as it is there.
    Other(Box<OpenSession>),
    /// There is no head, or none that can be followed.
    Unknown,
}

/// What the head of a session says of its cookie.
async fn newest(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &OpenSession,
    now: Timestamp,
) -> Result<Newest, StoreError> {
    let Some(record) = codec.record_name(opened) else {
        return Ok(Newest::Unknown);
    };
    let record = RecordName::new(record);
    for session in codec.head_names(opened.lineage()) {
        // From nothing to nothing: moves no head and shows the one there is.
        let session = RecordName::new(session);
        match store.swap_head(&session, None, None, now, now).await? {
            Swapped::Other(head) if head.record == record => return Ok(Newest::This),
            Swapped::Other(head) => {
                let newest = open_head(codec, store, &session, &head, now).await.ok();
                let known = Age::of(opened);
                let newest = newest.filter(|newest| Age::of(newest).is_after(known));
                let newest = newest.map(|newest| Newest::Other(Box::new(newest)));
                return Ok(newest.unwrap_or(Newest::Unknown));
            }
            Swapped::Done => {}
            Swapped::Ended | Swapped::Unkept => break,
        }
    }
    Ok(Newest::Unknown)
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

    /// Whether it may have followed `other`. A revision counts up while a session stays spilled and
    /// begins again when it did not; clocks that stamp cookies may differ.
    fn is_after(self, other: Self) -> bool {
        let ahead = self.issued.millis_since(other.issued);
        ahead > 0 || (self.revision > other.revision && ahead >= -CLOCKS_DIFFER_MILLIS)
    }
}

/// As much as a cookie may be issued ahead of its reader's clock.
const CLOCKS_DIFFER_MILLIS: i64 = 300_000;

/// A session that is to be saved.
pub(crate) struct Draft<'a> {
    /// As the request found it; empty for a new one.
    pub(crate) base: &'a Session,
    /// When what the request found had been issued; as `issued` for a new one.
    pub(crate) base_issued: Timestamp,
    /// As it is to be.
    pub(crate) after: &'a Session,
    pub(crate) lineage: Lineage,
    pub(crate) issued: Timestamp,
    pub(crate) lifetime: Lifetime,
    /// What the store may know of its record; the expiry is filled in.
    pub(crate) about: About,
}

/// A session that is stored. Its cookie may be sent.
pub(crate) struct Saved {
    pub(crate) commit: Commit,
    /// Records that nobody needs once the cookie is sent.
    pub(crate) deletions: Vec<RecordName>,
    /// With the changes of others that were saved at the same time, if there were any.
    pub(crate) merged: Option<Session>,
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
}

impl SaveError {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.label(),
            Self::Store(error) => error.label(),
            Self::Contested => "contested",
            Self::Ended => "ended",
        }
    }
}

/// Seals a session, stores what has to be stored, and only then hands out its cookie.
///
/// Of two requests that change a session at once the second finds the first one's head, merges
/// key by key and tries again: nobody's change is lost, where the store can compare and swap.
/// On an error, records that were written for nothing are returned to be deleted.
pub(crate) async fn save(
    codec: &Codec,
    store: Option<&impl SessionStore>,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Saved, (SaveError, Vec<RecordName>)> {
    let Draft {
        base,
        base_issued,
        after,
        mut lineage,
        mut issued,
        lifetime,
        about,
    } = draft;
    let mut theirs: Option<Session> = None;
    let mut known = Age {
        issued: base_issued,
        revision: lineage.revision(),
    };
    let mut merged: Option<Session> = None;
    let mut discarded = Vec::new();
    // A head whose record is gone, seen once; twice, and it is gone for good.
    let mut gone: Option<RecordName> = None;
    for _ in 0..=MERGE_ROUNDS {
        let session = merged.as_ref().unwrap_or(after);
        let mut commit = match with_workspace(|workspace| {
            let rng = &mut Entropy;
            let lineage = lineage.clone().written_at(now);
            codec.seal(session, &lineage, issued, lifetime, rng, workspace)
        }) {
            Ok(commit) => commit,
            Err(error) => return Err((SaveError::Seal(error), discarded)),
        };
        let ops = core::mem::take(&mut commit.store_ops);
        let expires = codec.lifetimes().end(issued, lineage.created());
        let deletions = match store {
            Some(store) => apply(store, ops, &about, now).await,
            None if ops.is_empty() => Ok(vec![]),
            None => Err(StoreError::Refused {
                reason: "no store".into(),
            }),
        };
        let mut deletions = match deletions {
            Ok(deletions) => deletions,
            Err(error) => return Err((SaveError::Store(error), discarded)),
        };
        let swapped = match (store, &commit.head) {
            (Some(store), Some(change)) => {
                let swapped = swap(store, change, None, &commit, expires, now).await;
                match swapped {
                    Ok(Swapped::Other(head)) if gone.as_ref() == Some(&head.record) => {
                        counters::merged("lost");
                        swap(store, change, Some(&head.record), &commit, expires, now).await
                    }
                    swapped => swapped,
                }
            }
            _ => Ok(Swapped::Unkept),
        };
        let head = match swapped {
            Ok(Swapped::Done | Swapped::Unkept) => {
                deletions.append(&mut discarded);
                return Ok(Saved {
                    commit,
                    deletions,
                    merged,
                });
            }
            // It may have moved: then the next one to save finds this change there and keeps it.
            Err(error) => return Err((SaveError::Store(error), discarded)),
            Ok(Swapped::Ended) => {
                discarded.extend(record_of(&commit));
                return Err((SaveError::Ended, discarded));
            }
            Ok(Swapped::Other(head)) => head,
        };
        discarded.extend(record_of(&commit));
        let (Some(store), Some(change)) = (store, &commit.head) else {
            break;
        };
        let session_name = RecordName::new(change.session);
        let opened = match open_head(codec, store, &session_name, &head, now).await {
            Ok(opened) => opened,
            // Others went on meanwhile and deleted it, or it is lost: the next round tells.
            Err(Missing::Unavailable(ABSENT) | Missing::Lost { .. }) => {
                gone = Some(head.record);
                continue;
            }
            Err(Missing::Unavailable(reason)) => {
                let error = StoreError::Unavailable {
                    reason: reason.into(),
                };
                return Err((SaveError::Store(error), discarded));
            }
        };
        // What is built upon here came later: the head was put back by whoever can write to the
        // store, or is one that another version of the Worker left.
        if !Age::of(&opened).is_after(known) {
            counters::merged("older");
            gone = Some(head.record);
            continue;
        }
        known = Age::of(&opened);
        let base = theirs.as_ref().unwrap_or(base);
        let both = Session::merged(base, session, opened.session());
        if both.contested > 0 {
            counters::merged("same_key");
        }
        counters::merged("merged");
        issued = issued.max(opened.issued());
        lineage = opened.lineage().carrying(opened.session(), &both.session);
        theirs = Some(opened.into_parts().0);
        merged = Some(both.session);
    }
    counters::merged("given_up");
    Err((SaveError::Contested, discarded))
}

/// Attempts to merge with others before giving up.
const MERGE_ROUNDS: usize = 3;

/// Moves the head as a commit says, or from another record `instead`.
async fn swap(
    store: &impl SessionStore,
    change: &HeadChange,
    instead: Option<&RecordName>,
    commit: &Commit,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Swapped, StoreError> {
    let from = instead.cloned().or(change.from.map(RecordName::new));
    let to = change.to.map(|record| Head {
        record: RecordName::new(record),
        cookie: commit.set_cookie.value().into(),
    });
    let session = RecordName::new(change.session);
    let swap = store.swap_head(&session, from.as_ref(), to.as_ref(), expires, now);
    swap.await
}

fn record_of(commit: &Commit) -> Option<RecordName> {
    commit.head?.to.map(RecordName::new)
}

/// The session that a head names, whole.
async fn open_head(
    codec: &Codec,
    store: &impl SessionStore,
    session: &RecordName,
    head: &Head,
    now: Timestamp,
) -> Result<OpenSession, Missing> {
    let opening = |workspace: &mut _| codec.open_value(head.cookie.as_bytes(), now, workspace);
    let opened = with_workspace(opening);
    let mut opened = opened.map_err(|reason| Missing::Unavailable(reason.label()))?;
    // Who can write to the store could have put another session's cookie there.
    let mut names = codec.head_names(opened.lineage());
    let is_its_own = names.any(|name| RecordName::new(name) == *session);
    drop(names);
    if !is_its_own {
        return Err(Missing::Unavailable("foreign_head"));
    }
    load_record(codec, store, &mut opened, now).await?;
    Ok(opened)
}

/// Stores what a commit needs stored; gives the names of the records that may be deleted then.
async fn apply(
    store: &impl SessionStore,
    ops: Vec<StoreOp>,
    about: &About,
    now: Timestamp,
) -> Result<Vec<RecordName>, StoreError> {
    let mut deletions = Vec::new();
    for op in ops {
        match op {
            StoreOp::Put {
                name,
                record,
                expires,
            } => {
                let octets = record.len();
                let limit = Record::MAX_OCTETS;
                let record =
                    Record::new(record).map_err(|_| StoreError::TooLarge { octets, limit })?;
                let about = About {
                    expires,
                    ..about.clone()
                };
                store
                    .put(&RecordName::new(name), &record, &about, now)
                    .await?;
            }
            StoreOp::Delete { name } => deletions.push(RecordName::new(name)),
            // A later kind of operation that nobody taught us: better no cookie than half a save.
            _ => {
                return Err(StoreError::Refused {
                    reason: "unknown store operation".into(),
                });
            }
        }
    }
    Ok(deletions)
}

/// The names of the records that these operations delete.
pub(crate) fn deletions(ops: Vec<StoreOp>) -> Vec<RecordName> {
    let name = |op| match op {
        StoreOp::Delete { name } => Some(RecordName::new(name)),
        _ => None,
    };
    ops.into_iter().filter_map(name).collect()
}

/// Deletes records nobody needs. A failure is told, not fatal: they expire by themselves.
pub(crate) async fn delete_all(store: &impl SessionStore, names: Vec<RecordName>) {
    for name in names {
        if let Err(error) = store.delete(&name).await {
            crate::log::warn("record-delete-failed", &serde_json::json!(error.label()));
        }
    }
}

mod siblings;

pub(crate) use siblings::Siblings;

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;
