use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use session_codec::Timestamp;

use super::SimulatedClock;
use crate::about::About;
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::memory::MemoryStore;
use crate::record::{Kept, Record, RecordName};
use crate::store::SessionStore;

/// D1 as documented: one primary, which decides, and a replica that is behind it. Reads take the
/// replica, and the primary for what the replica lacks, as the adapter of D1 does.
pub struct D1Model {
    clock: SimulatedClock,
    primary: MemoryStore,
    /// When the replica sees what a record became.
    replica: RefCell<BTreeMap<RecordName, Vec<(i64, Option<Kept>)>>>,
    lag_millis: Cell<u64>,
}

impl D1Model {
    /// An empty database.
    #[must_use]
    pub const fn new(clock: SimulatedClock) -> Self {
        Self {
            clock,
            primary: MemoryStore::new(),
            replica: RefCell::new(BTreeMap::new()),
            lag_millis: Cell::new(0),
        }
    }

    /// From now on the replica is up to so many milliseconds behind.
    pub fn set_lag(&self, millis: u64) {
        self.lag_millis.set(millis);
    }

    fn replicate(&self, name: &RecordName, kept: Option<Kept>) {
        let mut replica = self.replica.borrow_mut();
        let versions = replica.entry(name.clone()).or_default();
        let lag = self.clock.roll(self.lag_millis.get() + 1).cast_signed();
        // A replica applies writes in their order.
        let before = versions.last().map_or(i64::MIN, |(seen, _)| *seen);
        versions.push(((self.clock.now().millis() + lag).max(before), kept));
    }

    fn on_replica(&self, name: &RecordName, now: Timestamp) -> Option<Kept> {
        let replica = self.replica.borrow();
        let at = self.clock.now().millis();
        let (_, kept) = replica.get(name)?.iter().rfind(|(seen, _)| *seen <= at)?;
        kept.clone().filter(|kept| now < kept.expires)
    }
}

impl SessionStore for D1Model {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        match self.on_replica(name, now) {
            Some(kept) => Ok(Some(kept)),
            None => self.primary.get(name, now).await,
        }
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.primary.get(name, now).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.primary.put(name, record, about, now).await?;
        let kept = Kept {
            record: record.clone(),
            expires: Timestamp::from_seconds(about.expires.seconds()),
        };
        self.replicate(name, Some(kept));
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.primary.delete(name).await?;
        self.replicate(name, None);
        Ok(())
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.primary.swap_head(session, from, to, expires, now);
        swap.await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.primary.end_head(session, expires, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simulation;
    use super::*;

    #[test]
    fn what_the_replica_lacks_the_primary_has_and_what_is_deleted_lives_on_there_for_a_while() {
        let simulation = Simulation::new(3, Timestamp::from_seconds(1_800_000_000));
        let clock = simulation.clock().clone();
        clock.clone().spawn(async move {
            let store = D1Model::new(clock.clone());
            store.set_lag(10_000);
            let (name, now) = (RecordName::new([1; 24]), clock.now());
            let record = Record::new(b"record".to_vec()).unwrap();
            let about = About::session_until(Timestamp::from_seconds(now.seconds() + 3600));
            store.put(&name, &record, &about, now).await.unwrap();
            assert!(store.on_replica(&name, now).is_none());
            assert!(store.get(&name, now).await.unwrap().is_some());
            clock.sleep(10_000).await;
            assert!(store.on_replica(&name, clock.now()).is_some());
            store.delete(&name).await.unwrap();
            assert!(store.get(&name, clock.now()).await.unwrap().is_some());
            assert!(store.get_fresh(&name, clock.now()).await.unwrap().is_none());
            clock.sleep(10_000).await;
            assert!(store.get(&name, clock.now()).await.unwrap().is_none());
        });
        assert_eq!(simulation.run(), Ok(()));
    }
}
