use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use session_codec::{StoreName, Timestamp};

use super::SimulatedClock;
use crate::error::StoreError;
use crate::frame::Framed;
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
use crate::store::SessionStore;

/// Until a write is seen at other locations, at most.
const PROPAGATION_MILLIS: u64 = 60_000;
/// How long a location keeps an answer, absence included.
const CACHE_MILLIS: i64 = 60_000;
/// Two writes of one key within this time: the second is refused.
const WRITE_EVERY_MILLIS: i64 = 1_000;
/// Shorter lives are refused by the platform, so the adapter asks for this.
const MIN_TTL_SECONDS: i64 = 60;

/// Workers KV as documented: the last write wins; a write is seen elsewhere within a minute, and
/// later where an older answer, or absence, is cached; one write a second for each key.
pub struct KvModel {
    clock: SimulatedClock,
    places: usize,
    keys: RefCell<BTreeMap<StoreName, Vec<Version>>>,
    caches: RefCell<BTreeMap<(usize, StoreName), Cached>>,
}

/// What one write made of a key.
struct Version {
    written: i64,
    /// When each location sees it.
    visible: Vec<i64>,
    value: Option<Value>,
}

/// A frame, and when the platform itself drops it.
#[derive(Clone)]
struct Value {
    frame: Vec<u8>,
    dropped: i64,
}

struct Cached {
    value: Option<Value>,
    until: i64,
}

/// KV as one location sees it.
pub struct KvAt {
    kv: Rc<KvModel>,
    place: usize,
}

impl KvModel {
    /// An empty namespace, seen from `places` locations.
    #[must_use]
    pub const fn new(clock: SimulatedClock, places: usize) -> Self {
        Self {
            clock,
            places,
            keys: RefCell::new(BTreeMap::new()),
            caches: RefCell::new(BTreeMap::new()),
        }
    }

    /// As location number `place` sees it.
    #[must_use]
    pub fn at(self: &Rc<Self>, place: usize) -> KvAt {
        KvAt {
            kv: Rc::clone(self),
            place,
        }
    }

    fn write(
        &self,
        place: usize,
        name: &StoreName,
        value: Option<Value>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now().millis();
        let mut keys = self.keys.borrow_mut();
        let versions = keys.entry(*name).or_default();
        let last = versions
            .last()
            .map_or(i64::MIN / 2, |version| version.written);
        if now - last < WRITE_EVERY_MILLIS {
            return Err(StoreError::Refused {
                reason: "429 Too Many Requests".into(),
            });
        }
        let mut seen = |other: usize| match other == place {
            true => now,
            false => now + self.clock.roll(PROPAGATION_MILLIS).cast_signed(),
        };
        versions.push(Version {
            written: now,
            visible: (0..self.places).map(&mut seen).collect(),
            value,
        });
        // The location that wrote usually sees its own write.
        self.caches.borrow_mut().remove(&(place, *name));
        Ok(())
    }

    fn read(&self, place: usize, name: &StoreName) -> Option<Value> {
        let now = self.clock.now().millis();
        let mut caches = self.caches.borrow_mut();
        let key = (place, *name);
        if let Some(cached) = caches.get(&key).filter(|cached| now < cached.until) {
            return cached.value.clone();
        }
        let keys = self.keys.borrow();
        let versions = keys.get(name).map_or(&[][..], Vec::as_slice);
        let seen = versions
            .iter()
            .rfind(|version| version.visible[place] <= now);
        let value = seen.and_then(|version| version.value.clone());
        let value = value.filter(|value| now < value.dropped);
        let until = now + CACHE_MILLIS;
        let cached = Cached {
            value: value.clone(),
            until,
        };
        caches.insert(key, cached);
        value
    }
}

impl SessionStore for KvAt {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let value = self.kv.read(self.place, name);
        Ok(value.and_then(|value| Framed::read(value.frame, now).live()))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let seconds = meta.expires.seconds().saturating_sub(now.seconds());
        let life = seconds.max(MIN_TTL_SECONDS).saturating_mul(1000);
        let value = Value {
            frame: Framed::write(record, meta.expires),
            dropped: self.kv.clock.now().millis().saturating_add(life),
        };
        self.kv.write(self.place, name, Some(value))
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.kv.write(self.place, name, None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simulation;
    use super::*;

    /// Runs `test` with the clock, a record's name and a record.
    fn simulated<T: Future<Output = ()> + 'static>(
        test: impl FnOnce(SimulatedClock, Rc<KvModel>, StoreName, Record) -> T,
    ) {
        let simulation = Simulation::new(1, Timestamp::from_seconds(1_800_000_000));
        let clock = simulation.clock().clone();
        let kv = Rc::new(KvModel::new(clock.clone(), 2));
        let record = Record::new(b"record".to_vec()).unwrap();
        clock.spawn(test(clock.clone(), kv, StoreName::new([1; 24]), record));
        assert_eq!(simulation.run(), Ok(()));
    }

    fn until(clock: &SimulatedClock, seconds: i64) -> RecordMeta {
        RecordMeta::session_until(Timestamp::from_seconds(clock.now().seconds() + seconds))
    }

    #[test]
    fn absence_is_cached_and_a_write_takes_time_to_be_seen_elsewhere() {
        simulated(|clock, kv, name, record| async move {
            let (here, there) = (kv.at(0), kv.at(1));
            let (now, meta) = (clock.now(), until(&clock, 3600));
            assert!(there.get(&name, now).await.unwrap().is_none());
            here.put(&name, &record, &meta, now).await.unwrap();
            assert!(here.get(&name, now).await.unwrap().is_some());
            // Seen there within a minute, if nobody had asked too early.
            clock.sleep(59_999).await;
            assert!(there.get(&name, clock.now()).await.unwrap().is_none());
            clock.sleep(60_001).await;
            assert!(there.get(&name, clock.now()).await.unwrap().is_some());
            here.delete(&name).await.unwrap();
            assert!(here.get(&name, clock.now()).await.unwrap().is_none());
            assert!(there.get(&name, clock.now()).await.unwrap().is_some());
            clock.sleep(120_000).await;
            assert!(there.get(&name, clock.now()).await.unwrap().is_none());
        });
    }

    #[test]
    fn one_write_a_second_for_each_key() {
        simulated(|clock, kv, name, record| async move {
            let (here, meta) = (kv.at(0), until(&clock, 3600));
            here.put(&name, &record, &meta, clock.now()).await.unwrap();
            clock.sleep(999).await;
            let refused = here.put(&name, &record, &meta, clock.now()).await;
            assert_eq!(refused.unwrap_err().label(), "refused");
            clock.sleep(1).await;
            here.put(&name, &record, &meta, clock.now()).await.unwrap();
        });
    }

    #[test]
    fn a_life_below_a_minute_ends_when_it_was_to_end_all_the_same() {
        simulated(|clock, kv, name, record| async move {
            let (here, meta) = (kv.at(0), until(&clock, 5));
            here.put(&name, &record, &meta, clock.now()).await.unwrap();
            clock.sleep(4_000).await;
            assert!(here.get(&name, clock.now()).await.unwrap().is_some());
            clock.sleep(1_000).await;
            assert!(here.get(&name, clock.now()).await.unwrap().is_none());
        });
    }
}
