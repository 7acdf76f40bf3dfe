use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord,
};

/// A cache that gets, if that is wanted, only what was read twice within a minute.
///
/// What is remembered has a fixed size: a slot for each name by its hash, where a name takes another one's place.
pub struct Hot<S> {
    inner: S,
    /// None: it gets everything.
    seen: Option<Box<[AtomicU64]>>,
}

/// Half a megabyte.
const SLOTS: usize = 1 << 16;
/// Between two reads, in seconds.
const SOON: u64 = 60;

/// What a slot says of a name: when it was missed last, and whether that was soon after the time before.
#[derive(Clone, Copy)]
struct Seen(u64);

impl Seen {
    const IS_HOT: u64 = 1 << 63;
    /// Then 32 bits of the name's hash, and as many seconds as there is room for.
    const BITS: u32 = 31;
    const SECONDS: u64 = (1 << Self::BITS) - 1;

    const fn of(name: u32, now: Timestamp, is_hot: bool) -> Self {
        let hot = if is_hot { Self::IS_HOT } else { 0 };
        Self(hot | ((name as u64) << Self::BITS) | Self::second(now))
    }

    const fn second(now: Timestamp) -> u64 {
        now.seconds().cast_unsigned() & Self::SECONDS
    }

    const fn is_of(self, name: u32) -> bool {
        (self.0 & !Self::IS_HOT) >> Self::BITS == name as u64
    }

    const fn is_soon_before(self, now: Timestamp) -> bool {
        Self::second(now).abs_diff(self.0 & Self::SECONDS) <= SOON
    }

    const fn is_hot(self) -> bool {
        self.0 & Self::IS_HOT != 0
    }
}

impl<S> Hot<S> {
    /// `inner`, which gets only what is hot if that is wanted.
    #[must_use]
    pub fn new(inner: S, is_choosy: bool) -> Self {
        let slots = || (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self {
            inner,
            seen: is_choosy.then(slots),
        }
    }

    /// Where a name is remembered, and what by.
    fn slot(&self, name: &StoreName) -> Option<(&AtomicU64, u32)> {
        let seen = self.seen.as_ref()?;
        // Of a keyed hash: its parts are as good as any. The first half is the session's, the second one the record's.
        let (_, rest) = name.bytes().split_at(StoreName::BYTES - 8);
        let add = |hash, byte: &u8| hash << 8 | u64::from(*byte);
        let hash = rest.iter().fold(0_u64, add);
        Some((&seen[hash as usize % SLOTS], (hash >> 16) as u32))
    }

    /// A name was looked for and is not here.
    fn missed(&self, name: &StoreName, now: Timestamp) {
        if let Some((slot, name)) = self.slot(name) {
            let before = Seen(slot.load(Relaxed));
            let is_hot = before.is_of(name) && before.is_soon_before(now);
            slot.store(Seen::of(name, now, is_hot).0, Relaxed);
        }
    }

    fn takes(&self, name: &StoreName) -> bool {
        self.slot(name).is_none_or(|(slot, name)| {
            let seen = Seen(slot.load(Relaxed));
            seen.is_hot() && seen.is_of(name)
        })
    }
}

impl<S: SessionStore> SessionStore for Hot<S> {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let got = self.inner.get(name, now).await;
        if let Ok(None) = got {
            self.missed(name, now);
        }
        got
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.get_fresh(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.takes(name) {
            return Ok(());
        }
        self.inner.put(name, record, meta, now).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        self.inner.commit(proposal, now).await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        self.inner.head(session, now).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        self.inner.end(session, expires, now).await
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use session_store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn what_was_read_twice_within_a_minute_is_kept() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let later = |seconds| now.after(Duration::from_secs(seconds));
        let meta = RecordMeta::session_until(later(3_600));
        let record = Record::new(vec![7]).unwrap();
        for (is_choosy, reads, is_kept) in [
            (false, &[][..], true),
            (true, &[], false),
            (true, &[0], false),
            (true, &[0, 60], true),
            (true, &[0, 61], false),
            (true, &[0, 61, 70], true),
        ] {
            let cache = Hot::new(MemoryStore::new(), is_choosy);
            let (name, other) = (StoreName::new([1; 24]), StoreName::new([2; 24]));
            for second in reads {
                assert!(cache.get(&name, later(*second)).await == Ok(None));
                assert!(cache.get(&other, later(second + 1_000)).await == Ok(None));
            }
            cache.put(&name, &record, &meta, now).await.unwrap();
            let kept = cache.get(&name, now).await.unwrap();
            assert_eq!(kept.is_some(), is_kept, "{reads:?}");
        }
    }

    #[tokio::test]
    async fn a_name_in_the_place_of_another_one_is_not_taken_for_it() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let cache = Hot::new(MemoryStore::new(), true);
        let mut hash = [1; 24];
        let name = StoreName::new(hash);
        // The slot is of the last two bytes.
        hash[18] = 9;
        let same_place = StoreName::new(hash);
        for name in [&name, &same_place, &name] {
            assert!(cache.get(name, now).await == Ok(None));
        }
        assert!(!cache.takes(&name) && !cache.takes(&same_place));
    }
}
