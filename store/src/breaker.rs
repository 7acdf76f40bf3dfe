use alloc::rc::Rc;
use core::cell::Cell;

use session_codec::Timestamp;

use crate::about::About;
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
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
pub struct Breaker<S> {
    inner: S,
    circuit: Rc<Circuit>,
}

/// What is known of a store's health; outlives the requests that find it out.
#[derive(Debug, Default)]
pub struct Circuit {
    failures: Cell<u8>,
    /// Until when calls are refused, once there were failures enough.
    until: Cell<Option<Timestamp>>,
    /// When the request came whose calls find out whether the store is well again.
    probe: Cell<Option<Timestamp>>,
}

impl Circuit {
    /// A circuit that is closed: calls pass.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failures: Cell::new(0),
            until: Cell::new(None),
            probe: Cell::new(None),
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
                self.failures.set(self.failures.get().saturating_add(1));
                if self.failures.get() >= FAILURES {
                    self.until.set(Some(after(now, OPEN_MILLIS)));
                }
            }
            _ => {
                self.failures.set(0);
                self.until.set(None);
            }
        }
    }
}

impl<S> Breaker<S> {
    /// `inner`, with what `circuit` knows of it.
    pub const fn new(inner: S, circuit: Rc<Circuit>) -> Self {
        Self { inner, circuit }
    }
}

impl<S: SessionStore> SessionStore for Breaker<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.circuit.call(now, self.inner.get(name, now)).await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.circuit
            .call(now, self.inner.get_fresh(name, now))
            .await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = self.inner.put(name, record, about, now);
        self.circuit.call(now, put).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.inner.swap_head(session, from, to, expires, now);
        self.circuit.call(now, swap).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let end = self.inner.end_head(session, expires, now);
        self.circuit.call(now, end).await
    }
}

const fn after(now: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, FaultyStore, MemoryStore};

    #[test]
    fn five_failures_open_it_and_one_probe_closes_it() {
        let store = FaultyStore::new(MemoryStore::new());
        let circuit = Rc::new(Circuit::new());
        let breaker = Breaker::new(&store, Rc::clone(&circuit));
        let name = RecordName::new([1; 24]);
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
