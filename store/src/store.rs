use session_codec::Timestamp;

use crate::about::About;
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};

/// A place for session records. [`conformance::run`](crate::conformance::run) checks the clauses.
///
/// 1. **Absent is no error.** `get` of a name never written is `None`.
/// 2. **What is put is what is got.** After `put` said `Ok`, `get` gives the same octets: every
///    octet value, every length from 0 to [`Record::MAX_OCTETS`]. A store spread over the world
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
///    expiry given holds. For *other* octets under a used name a store that can tell says
///    [`StoreError::Conflict`] and keeps the first record; one that cannot (KV has no
///    compare-and-set) says `Ok` and has the second. In neither case a mixture.
/// 8. **An error means the system failed**, never that a record is missing, expired or damaged.
///    After a failed `put` or `delete` the caller knows nothing: it was done or it was not, and
///    may be repeated. The same holds for a future that is dropped.
/// 9. **Damaged reads as absent.** What this software cannot have written (no frame, too long)
///    is `None`; the adapter counts it.
/// 10. **A head moves in one step**, in stores that keep heads: of two callers that move it from
///     the same record one is `Done` and the other sees what is there now. A head that is absent
///     (never written, expired, forgotten) moves from anything; a repeated call is `Done`.
/// 11. **A tombstone stands until it expires**: no `swap_head` moves it.
/// 12. **A revocation replaces the one before** under its name ([`Kind::Revocation`](crate::Kind)),
///     in one step: whoever asks meanwhile, by `get_fresh`, sees the one or the other.
///
/// Futures need not be `Send`: Workers have one thread. Time limits, retries, several layers and
/// circuit breaking are for whoever wraps a store; a store just does what it is told.
pub trait SessionStore {
    /// The live record of this name, and when it expires.
    ///
    /// # Errors
    /// If the store could not be asked (clause 8).
    fn get(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Kept>, StoreError>>;

    /// The same, past every cache: for what may change under its name, as a revocation does.
    ///
    /// # Errors
    /// If the store could not be asked (clause 8).
    fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Kept>, StoreError>> {
        self.get(name, now)
    }

    /// Keeps `record` until `about.expires`. `Ok` promises that it is kept.
    ///
    /// # Errors
    /// If it may not have been kept: the store failed, refused, or holds another record under
    /// this name.
    fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Forgets the record of this name, if there is one.
    ///
    /// # Errors
    /// If it may still be there.
    fn delete(&self, name: &RecordName) -> impl Future<Output = Result<(), StoreError>>;

    /// Moves the head of `session` from the record `from` to `to`, in one step that no other
    /// caller can come between; to `None`, which forgets it, when nothing is spilled any more.
    /// A head that is absent moves from anything.
    ///
    /// A store without compare-and-swap leaves this as it is.
    ///
    /// # Errors
    /// If the head may or may not have moved. The same call may be repeated.
    fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<Swapped, StoreError>> {
        let _ = (session, from, to, expires, now);
        core::future::ready(Ok(Swapped::Unkept))
    }

    /// Puts a tombstone in the place of a session's head until `expires`: what is under way with
    /// an older cookie cannot bring the session back.
    ///
    /// # Errors
    /// If the tombstone may not stand. The same call may be repeated.
    fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> {
        let _ = (session, expires, now);
        core::future::ready(Ok(()))
    }
}

impl<S: SessionStore> SessionStore for &S {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        (**self).get(name, now).await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        (**self).get_fresh(name, now).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        (**self).put(name, record, about, now).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        (**self).delete(name).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        (**self).swap_head(session, from, to, expires, now).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        (**self).end_head(session, expires, now).await
    }
}
