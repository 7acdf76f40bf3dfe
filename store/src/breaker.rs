use alloc::sync::Arc;
use core::sync::atomic::{AtomicI64, AtomicU8, Ordering::Relaxed};

use session_codec::Timestamp;

use crate::around::{Around, Call, Wrapped};
use crate::error::StoreError;
use crate::store::SessionStore;

/// Failures in a row after which a store is left alone: fewer may be one lost connection.
const FAILURES: u8 = 5;
/// How long it is left alone, in milliseconds.
const OPEN_MILLIS: i64 = 10_000;
/// While it is not known to be well again, one call in so many milliseconds finds out.
const PROBE_MILLIS: i64 = 1_000;

/// A store that is left alone while it is down, so that requests do not wait for it one by one.
///
/// Only outages count (`Unavailable`, `TimedOut`); a store that refuses or finds a conflict is
/// well. Deletions pass: nobody waits for them, and they come too seldom to tell anything.
pub type Breaker<S> = Wrapped<S, Arc<Circuit>>;

/// What is known of a store's health; outlives the requests that find it out.
#[derive(Debug)]
pub struct Circuit {
    failures: AtomicU8,
    /// Until when calls are refused, once there were failures enough.
    until: Moment,
    /// When the request came whose calls find out whether the store is well again.
    probe: Moment,
}

impl Default for Circuit {
    fn default() -> Self {
        Self::new()
    }
}

impl Circuit {
    /// A circuit that is closed: calls pass.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failures: AtomicU8::new(0),
            until: Moment::none(),
            probe: Moment::none(),
        }
    }

    /// Whether calls are refused at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        // A clock that jumped back must not leave a store alone for ever.
        self.until
            .get()
            .is_some_and(|until| now < until && until.millis_since(now) <= OPEN_MILLIS)
    }

    /// Makes a call that began at `now`, unless the store is to be left alone.
    ///
    /// # Errors
    /// The call's, and [`StoreError::Unavailable`] without one.
    pub async fn call<T>(
        &self,
        now: Timestamp,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.enter(now)?;
        let answer = call.await;
        self.leave(&answer, now);
        answer
    }

    fn enter(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.is_open(now) {
            // A request may ask for several things at once: all of them are the one probe.
            if self.probe.get() == Some(now) {
                return Ok(());
            }
            return Err(StoreError::Unavailable {
                reason: "circuit open".into(),
            });
        }
        if self.until.get().is_some() {
            // This call is the probe; the next one may try in a second.
            self.probe.set(Some(now));
            self.until.set(Some(after(now, PROBE_MILLIS)));
        }
        Ok(())
    }

    fn leave<T>(&self, answer: &Result<T, StoreError>, now: Timestamp) {
        self.probe.set(None);
        match answer {
            Err(StoreError::Unavailable { .. } | StoreError::TimedOut) => {
                // Never beyond what opens it, so it cannot come round to zero.
                let failures = self.failures.load(Relaxed).saturating_add(1).min(FAILURES);
                self.failures.store(failures, Relaxed);
                if failures == FAILURES {
                    self.until.set(Some(after(now, OPEN_MILLIS)));
                }
            }
            _ => {
                self.failures.store(0, Relaxed);
                self.until.set(None);
            }
        }
    }
}

impl Around for Arc<Circuit> {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        match call.now() {
            Some(now) => self.call(now, call.make(store)).await,
            None => call.make(store).await,
        }
    }
}

/// A time, or none, that threads may share.
#[derive(Debug)]
struct Moment(AtomicI64);

impl Moment {
    const NONE: i64 = i64::MIN;

    const fn none() -> Self {
        Self(AtomicI64::new(Self::NONE))
    }

    fn get(&self) -> Option<Timestamp> {
        let millis = self.0.load(Relaxed);
        (millis != Self::NONE).then(|| Timestamp::from_millis(millis))
    }

    fn set(&self, time: Option<Timestamp>) {
        let millis = time.map_or(Self::NONE, |time| time.millis());
        self.0.store(millis, Relaxed);
    }
}

const fn after(now: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use session_codec::StoreName;

    use super::*;
    use crate::{Fault, FaultyStore, MemoryStore};

    #[test]
    fn five_failures_open_it_and_one_probe_closes_it() {
        let store = FaultyStore::of(MemoryStore::new());
        let circuit = Arc::new(Circuit::new());
        let breaker = Breaker::new(&store, Arc::clone(&circuit));
        let name = StoreName::new([1; 24]);
        let at = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
        let get = |millis: i64| pollster::block_on(breaker.get(&name, at(millis))).is_ok();

        store.set_fault(Some(Fault::BeforeEffect));
        for millis in 0..5 {
            assert!(!circuit.is_open(at(millis)));
            assert!(!get(millis));
        }
        assert!(circuit.is_open(at(5)));
        store.set_fault(None);
        // It is well again, and nobody asks.
        assert!(!get(6));
        assert!(!get(10_003));
        store.set_fault(Some(Fault::BeforeEffect));
        // The probe fails, and it is left alone again.
        assert!(!get(10_004));
        store.set_fault(None);
        assert!(!get(20_003));
        assert!(get(20_004));
        assert!(get(20_005));
        assert!(!circuit.is_open(at(20_006)));
    }

    #[test]
    fn while_one_probe_is_under_way_others_are_refused() {
        let circuit = Circuit::new();
        let failed: Result<(), _> = Err(StoreError::TimedOut);
        let at = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
        for _ in 0..5 {
            assert!(circuit.enter(at(0)).is_ok());
            circuit.leave(&failed, at(0));
        }
        assert!(circuit.enter(at(10_000)).is_ok());
        // What else the same request asks for at once passes with it.
        assert!(circuit.enter(at(10_000)).is_ok());
        assert!(circuit.enter(at(10_500)).is_err());
        assert!(circuit.enter(at(11_000)).is_ok());
        circuit.leave(&failed, at(11_000));
        assert!(circuit.enter(at(11_000)).is_err());
    }

    #[test]
    fn a_refusal_is_no_outage_and_a_clock_that_jumps_back_opens_nothing() {
        let circuit = Circuit::new();
        let at = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
        for _ in 0..20 {
            circuit.leave(&Err::<(), _>(StoreError::Conflict), at(0));
        }
        assert!(!circuit.is_open(at(0)));
        for _ in 0..5 {
            circuit.leave(&Err::<(), _>(StoreError::TimedOut), at(0));
        }
        assert!(circuit.is_open(at(0)));
        assert!(!circuit.is_open(at(-3_600_000)));
    }
}
