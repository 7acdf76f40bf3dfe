use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use session_codec::{StoreName, Timestamp};
use spin::Mutex;

use crate::error::StoreError;
use crate::head::{Head, HeadMove, HeadState, Newest};
use crate::proposal::{Committed, Proposal, Saved};
use crate::record::{Record, StoredRecord};
use crate::record_meta::{Kind, RecordMeta};
use crate::store::SessionStore;

/// Records in memory: for tests, development and single-process servers. Nothing survives the
/// process, and each isolate has its own.
///
/// Expired records are swept whenever the number of records has doubled since the last sweep, so
/// there are never more than twice as many as were alive then. Threads may share it: each call
/// holds its lock for as long as one look takes.
pub struct MemoryStore(Mutex<Contents>);

struct Contents {
    records: BTreeMap<StoreName, StoredRecord>,
    heads: BTreeMap<StoreName, KeptHead>,
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
        Self(Mutex::new(Contents {
            records: BTreeMap::new(),
            heads: BTreeMap::new(),
            sweep_at: SWEEP_AT_LEAST,
        }))
    }

    /// Records held, expired ones included that no sweep has met yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().records.len()
    }

    /// Whether no record is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything, as a lost backend does.
    pub fn clear(&self) {
        let mut contents = self.0.lock();
        contents.records.clear();
        contents.heads.clear();
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

// No lock is held across an await: there is none.
impl SessionStore for MemoryStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.0.lock().get(name, now))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let contents = &mut *self.0.lock();
        contents.put(name, record, meta)?;
        contents.sweep(now);
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.0.lock().records.remove(name);
        Ok(())
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let contents = &mut *self.0.lock();
        if let Some(change) = &proposal.head {
            match contents.head(&change.session, now) {
                HeadState::Ended => return Ok(Committed::Ended),
                HeadState::At(there) if !change.moves(&there.head) => {
                    return Ok(Committed::Other(there));
                }
                HeadState::At(_) | HeadState::Absent | HeadState::NotKept => {}
            }
        }
        if let Some(new) = &proposal.record {
            contents.put(&new.name, &new.record, &new.meta)?;
        }
        if let Some(HeadMove {
            session,
            to,
            expires,
            ..
        }) = &proposal.head
        {
            match to {
                Some(head) => contents.set_head(session, Some(head.clone()), *expires),
                None => drop(contents.heads.remove(session)),
            }
        }
        let names = proposal.unless_ended.iter();
        let listed = names.map(|name| contents.get(name, now)).collect();
        contents.sweep(now);
        Ok(Committed::Saved(Saved {
            listed,
            is_compared: true,
        }))
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        Ok(self.0.lock().head(session, now))
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let contents = &mut *self.0.lock();
        let there = contents.head(session, now);
        contents.set_head(session, None, expires);
        contents.sweep(now);
        Ok(match there {
            HeadState::At(there) => Some(there.head),
            _ => None,
        })
    }
}

impl Contents {
    fn get(&self, name: &StoreName, now: Timestamp) -> Option<StoredRecord> {
        let kept = self.records.get(name).filter(|kept| now < kept.expires);
        kept.cloned()
    }

    fn put(
        &mut self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
    ) -> Result<(), StoreError> {
        let expires = Timestamp::from_seconds(meta.expires.seconds());
        let new = StoredRecord {
            record: record.clone(),
            expires,
        };
        match self.records.entry(*name) {
            Entry::Occupied(kept) if kept.get().record != *record && meta.kind == Kind::Session => {
                return Err(StoreError::Conflict);
            }
            Entry::Occupied(mut kept) => drop(kept.insert(new)),
            Entry::Vacant(place) => drop(place.insert(new)),
        }
        Ok(())
    }

    fn head(&self, session: &StoreName, now: Timestamp) -> HeadState {
        match self.heads.get(session).filter(|kept| now < kept.expires) {
            Some(KeptHead { head: None, .. }) => HeadState::Ended,
            Some(KeptHead {
                head: Some(there), ..
            }) => HeadState::At(Newest {
                head: there.clone(),
                record: self.get(&there.record, now),
            }),
            None => HeadState::Absent,
        }
    }

    fn set_head(&mut self, session: &StoreName, head: Option<Head>, expires: Timestamp) {
        self.heads.insert(*session, KeptHead { head, expires });
    }

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
                let name = StoreName::new(hash);
                let about = RecordMeta::session_until(expires);
                store.put(&name, &record, &about, now).await.unwrap();
                assert!(store.get(&name, now).await.unwrap().is_some());
                assert!(store.len() <= 200, "{}", store.len());
            }
        });
    }
}
