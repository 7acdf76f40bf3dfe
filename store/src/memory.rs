use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use core::cell::RefCell;

use session_codec::Timestamp;

use crate::about::{About, Kind};
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
use crate::store::SessionStore;

/// Records in memory: for tests, development and single-process servers. Nothing survives the
/// process, and each isolate has its own.
///
/// Expired records are swept whenever the number of records has doubled since the last sweep, so
/// there are never more than twice as many as were alive then.
pub struct MemoryStore(RefCell<Contents>);

struct Contents {
    records: BTreeMap<RecordName, Kept>,
    heads: BTreeMap<RecordName, KeptHead>,
    sweep_at: usize,
}

struct KeptHead {
    /// `None` is a tombstone.
    head: Option<Head>,
    expires: Timestamp,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(Contents {
            records: BTreeMap::new(),
            heads: BTreeMap::new(),
            sweep_at: SWEEP_AT_LEAST,
        }))
    }

    /// Records held, expired ones included that no sweep has met yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().records.len()
    }

    /// Whether no record is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything, as a lost backend does.
    pub fn clear(&self) {
        let mut contents = self.0.borrow_mut();
        contents.records.clear();
        contents.heads.clear();
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

// No borrow is held across an await: there is none.
impl SessionStore for MemoryStore {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let contents = self.0.borrow();
        let kept = contents.records.get(name).filter(|kept| now < kept.expires);
        Ok(kept.cloned())
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut contents = self.0.borrow_mut();
        let expires = Timestamp::from_seconds(about.expires.seconds());
        match contents.records.entry(name.clone()) {
            Entry::Occupied(mut kept) => {
                let kept = kept.get_mut();
                if kept.record != *record && about.kind == Kind::Session {
                    return Err(StoreError::Conflict);
                }
                kept.record = record.clone();
                kept.expires = expires;
            }
            Entry::Vacant(place) => {
                place.insert(Kept {
                    record: record.clone(),
                    expires,
                });
            }
        }
        contents.sweep(now);
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.0.borrow_mut().records.remove(name);
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
        let heads = &mut self.0.borrow_mut().heads;
        match heads.get(session).filter(|kept| now < kept.expires) {
            Some(KeptHead { head: None, .. }) => return Ok(Swapped::Ended),
            Some(KeptHead {
                head: Some(there), ..
            }) if Some(&there.record) != from && Some(there) != to => {
                return Ok(Swapped::Other(there.clone()));
            }
            _ => {}
        }
        match to {
            Some(head) => {
                let head = Some(head.clone());
                heads.insert(session.clone(), KeptHead { head, expires });
            }
            None => {
                heads.remove(session);
            }
        }
        Ok(Swapped::Done)
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let contents = &mut *self.0.borrow_mut();
        let head = None;
        contents
            .heads
            .insert(session.clone(), KeptHead { head, expires });
        contents.sweep(now);
        Ok(())
    }
}

impl Contents {
    fn sweep(&mut self, now: Timestamp) {
        if self.records.len() + self.heads.len() >= self.sweep_at {
            self.records.retain(|_, kept| now < kept.expires);
            self.heads.retain(|_, kept| now < kept.expires);
            let kept = self.records.len() + self.heads.len();
            self.sweep_at = SWEEP_AT_LEAST.max(kept.saturating_mul(2));
        }
    }
}

/// Below this many records a sweep is not worth the walk.
const SWEEP_AT_LEAST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn expired_records_do_not_pile_up() {
        pollster::block_on(async {
            let store = MemoryStore::new();
            let record = Record::new(vec![1]).unwrap();
            for step in 0..10_000_u32 {
                let mut hash = [0; 24];
                hash[..4].copy_from_slice(&step.to_be_bytes());
                let now = Timestamp::from_seconds(step.into());
                let expires = Timestamp::from_seconds(i64::from(step) + 100);
                let name = RecordName::new(hash);
                let about = About::session_until(expires);
                store.put(&name, &record, &about, now).await.unwrap();
                assert!(store.get(&name, now).await.unwrap().is_some());
                assert!(store.len() <= 200, "{}", store.len());
            }
        });
    }
}
