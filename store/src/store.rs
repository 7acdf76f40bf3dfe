use alloc::rc::Rc;
use alloc::sync::Arc;

use futures_util::join;
use session_codec::{StoreName, Timestamp};

use crate::error::StoreError;
use crate::head::{Head, HeadState};
use crate::proposal::{Committed, Proposal, Saved};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
use crate::together::together;

/// A place for session records. [`conformance::run`](crate::conformance::run) checks the clauses.
///
/// 1. **Absent is no error.** `get` of a name never written is `None`.
/// 2. **What is put is what is got.** After `put` said `Ok`, `get` gives the same bytes: every
///    byte value, every length from 0 to [`Record::MAX_BYTES`]. A store spread over the world
///    may need time for it and say `None` meanwhile; it never says anything else. The ticket in
///    the cookie tells the reader that the record must exist, and carries its digest.
/// 3. **Names do not touch each other**, neither in content nor in expiry nor in deletion.
/// 4. **The store enforces expiry by the `now` it is given**, not by a clock of its own: the
///    record is there while `now < expires` and `None` from `expires` on, however late or early
///    the backend cleans up (KV cannot expire within 60 s). `expires` counts in whole seconds,
///    rounded down, and `get` tells it as it was put: a copy elsewhere must not outlive it. A `now`
///    that jumps back is no reason to lose a record that is still kept.
/// 5. **An expiry in the past** is accepted by `put` and gives `None`.
/// 6. **Deleted is gone.** Deleting what is absent is `Ok`.
/// 7. **A name is written once.** Records never change: each write of a session takes a fresh
///    name. The same `put` repeated (a retry whose first answer was lost) is `Ok`, and the last
///    expiry given holds. For *other* bytes under a used name a store that can tell says
///    [`StoreError::Conflict`] and keeps the first record; one that cannot (KV has no
///    compare-and-set) says `Ok` and has the second. In neither case a mixture.
/// 8. **An error means the system failed**, never that a record is missing, expired or damaged.
///    After a failed `put` or `delete` the caller knows nothing: it was done or it was not, and
///    may be repeated. The same holds for a future that is dropped.
/// 9. **Damaged reads as absent.** What this software cannot have written (no frame, too long)
///    is `None`; the adapter counts it.
/// 10. **A head moves in one step**, in stores that keep heads: of two callers that move it from
///     the same record one has `Saved` and the other sees what is there now. A head that is absent
///     (never written, expired, forgotten) moves from anything; a repeated call is `Saved`.
/// 11. **A tombstone stands until it expires**: no `commit` moves it.
/// 12. **A revocation replaces the one before** under its name ([`Kind::Revocation`](crate::Kind)),
///     in one step: whoever asks meanwhile, by `get_fresh`, sees the one or the other.
///
/// 13. **A proposal is kept as a whole or not at all**, in stores that keep heads: of one whose
///     head did not move there is no record. In others there is the record.
/// 14. **What is listed is told**: `commit` gives what is kept under each name it asks about, as
///     `get_fresh` would.
///
/// Futures need not be `Send`: Workers have one thread. Where all parts of a store are `Send` and
/// `Sync`, so are the futures of everything here that is built of it. Time limits, retries, several
/// layers and circuit breaking are for whoever wraps a store; a store just does what it is told.
pub trait SessionStore {
    /// The live record of this name, and when it expires.
    ///
    /// # Errors
    /// If the store could not be asked (clause 8).
    fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<StoredRecord>, StoreError>>;

    /// The same, past every cache: for what may change under its name, as a revocation does.
    ///
    /// # Errors
    /// If the store could not be asked (clause 8).
    fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<StoredRecord>, StoreError>> {
        self.get(name, now)
    }

    /// Keeps `record` until `meta.expires`. `Ok` promises that it is kept.
    ///
    /// # Errors
    /// If it may not have been kept: the store failed, refused, or holds another record under
    /// this name.
    fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Forgets the record of this name, if there is one.
    ///
    /// # Errors
    /// If it may still be there.
    fn delete(&self, name: &StoreName) -> impl Future<Output = Result<(), StoreError>>;

    /// Keeps a proposal: its record, and its head's move, which nobody can come between. Tells
    /// what is listed under the names it asks about.
    ///
    /// A store without compare-and-swap leaves this as it is: it has no heads.
    ///
    /// # Errors
    /// If the proposal may or may not have been kept. The same call may be repeated.
    fn commit(
        &self,
        proposal: &Proposal,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> {
        async move {
            let put = async {
                match &proposal.record {
                    Some(new) => self.put(&new.name, &new.record, &new.meta, now).await,
                    None => Ok(()),
                }
            };
            let names = proposal.unless_ended.iter();
            let listed = together(names.map(|name| self.get_fresh(name, now)));
            let (put, listed) = join!(put, listed);
            put?;
            Ok(Committed::Saved(Saved {
                listed: listed.into_iter().collect::<Result<_, _>>()?,
                is_compared: false,
            }))
        }
    }

    /// The head of a session.
    ///
    /// # Errors
    /// If the store could not be asked (clause 8).
    fn head(
        &self,
        session: &StoreName,
        now: Timestamp,
    ) -> impl Future<Output = Result<HeadState, StoreError>> {
        let _ = (session, now);
        core::future::ready(Ok(HeadState::NotKept))
    }

    /// Puts a tombstone in the place of a session's head until `expires`: what is under way with
    /// an older cookie cannot bring the session back. Gives the head that was there.
    ///
    /// # Errors
    /// If the tombstone may not stand. The same call may be repeated.
    fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Head>, StoreError>> {
        let _ = (session, expires, now);
        core::future::ready(Ok(None))
    }
}

/// Whoever points at a store has one.
macro_rules! pointers {
    ($($pointer:ty),+) => { $(
        impl<S: SessionStore> SessionStore for $pointer {
            async fn get(
                &self,
                name: &StoreName,
                now: Timestamp,
            ) -> Result<Option<StoredRecord>, StoreError> {
                (**self).get(name, now).await
            }

            async fn get_fresh(
                &self,
                name: &StoreName,
                now: Timestamp,
            ) -> Result<Option<StoredRecord>, StoreError> {
                (**self).get_fresh(name, now).await
            }

            async fn put(
                &self,
                name: &StoreName,
                record: &Record,
                meta: &RecordMeta,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                (**self).put(name, record, meta, now).await
            }

            async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
                (**self).delete(name).await
            }

            async fn commit(
                &self,
                proposal: &Proposal,
                now: Timestamp,
            ) -> Result<Committed, StoreError> {
                (**self).commit(proposal, now).await
            }

            async fn head(
                &self,
                session: &StoreName,
                now: Timestamp,
            ) -> Result<HeadState, StoreError> {
                (**self).head(session, now).await
            }

            async fn end(
                &self,
                session: &StoreName,
                expires: Timestamp,
                now: Timestamp,
            ) -> Result<Option<Head>, StoreError> {
                (**self).end(session, expires, now).await
            }
        }
    )+ };
}

pointers!(&S, Rc<S>, Arc<S>);
