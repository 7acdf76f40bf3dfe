use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use session_codec::{StoreName, Timestamp};

use super::SimulatedClock;
use crate::error::StoreError;
use crate::head::{Head, HeadState};
use crate::memory::MemoryStore;
use crate::proposal::{Committed, Proposal};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
use crate::store::SessionStore;

/// D1 as documented: one primary, which decides, and a replica that is behind it. Reads take the
/// replica, and those past every cache the primary, as with the adapter of D1.
pub struct D1Model {
    clock: SimulatedClock,
    primary: MemoryStore,
    replica: RefCell<BTreeMap<StoreName, Vec<Seen>>>,
    lag_millis: Cell<u64>,
}

/// When the replica sees what a record became.
type Seen = (i64, Option<StoredRecord>);

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

    fn replicate(&self, name: &StoreName, kept: Option<StoredRecord>) {
        let mut replica = self.replica.borrow_mut();
        let versions = replica.entry(*name).or_default();
        let lag = self.clock.roll(self.lag_millis.get() + 1).cast_signed();
        // A replica applies writes in their order.
        let before = versions.last().map_or(i64::MIN, |(seen, _)| *seen);
        versions.push(((self.clock.now().millis() + lag).max(before), kept));
    }

    fn replicate_put(&self, name: &StoreName, record: &Record, meta: &RecordMeta) {
        let kept = StoredRecord {
            record: record.clone(),
            expires: Timestamp::from_seconds(meta.expires.seconds()),
        };
        self.replicate(name, Some(kept));
    }

    fn on_replica(&self, name: &StoreName, now: Timestamp) -> Option<StoredRecord> {
        let replica = self.replica.borrow();
        let at = self.clock.now().millis();
        let (_, kept) = replica.get(name)?.iter().rfind(|(seen, _)| *seen <= at)?;
        kept.clone().filter(|kept| now < kept.expires)
    }
}

impl SessionStore for D1Model {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.on_replica(name, now))
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.primary.get(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.primary.put(name, record, meta, now).await?;
        self.replicate_put(name, record, meta);
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.primary.delete(name).await?;
        self.replicate(name, None);
        Ok(())
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let committed = self.primary.commit(proposal, now).await?;
        if let (Committed::Saved(_), Some(new)) = (&committed, &proposal.record) {
            self.replicate_put(&new.name, &new.record, &new.meta);
        }
        Ok(committed)
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        self.primary.head(session, now).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        self.primary.end(session, expires, now).await
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
            let (name, now) = (StoreName::new([1; 24]), clock.now());
            let record = Record::new(b"record".to_vec()).unwrap();
            let meta = RecordMeta::session_until(Timestamp::from_seconds(now.seconds() + 3600));
            store.put(&name, &record, &meta, now).await.unwrap();
            assert!(store.get(&name, now).await.unwrap().is_none());
            assert!(store.get_fresh(&name, now).await.unwrap().is_some());
            clock.sleep(10_000).await;
            assert!(store.get(&name, clock.now()).await.unwrap().is_some());
            store.delete(&name).await.unwrap();
            assert!(store.get(&name, clock.now()).await.unwrap().is_some());
            assert!(store.get_fresh(&name, clock.now()).await.unwrap().is_none());
            clock.sleep(10_000).await;
            assert!(store.get(&name, clock.now()).await.unwrap().is_none());
        });
        assert_eq!(simulation.run(), Ok(()));
    }
}
