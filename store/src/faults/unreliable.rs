use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::pending;

use session_codec::Timestamp;

use super::SimulatedClock;
use crate::about::About;
use crate::error::StoreError;
use crate::frame::Framed;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
use crate::store::SessionStore;

/// Longest time that a call takes before its effect, and again after it, in milliseconds.
const LATENCY_MILLIS: u64 = 40;
/// When a write arrives that nobody waits for any more, at the latest.
const LATE_MILLIS: u64 = 30_000;
/// Records and heads that are remembered to be played back.
const REMEMBERED: usize = 32;

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It never reached the backend.
    BeforeEffect,
    /// The backend did it, and the answer was lost.
    AfterEffect,
    /// It never reached the backend, and no answer ever comes.
    Hang,
    /// No answer ever comes, and the backend does it later, up to half a minute.
    Late,
    /// A read gives octets that nobody wrote.
    Garbage,
    /// A read gives more octets than any record has.
    Oversize,
    /// A read gives another record, a head an earlier one: what who can write to the store could
    /// put there.
    Rollback,
}

impl Trouble {
    /// What parts do that fail.
    pub const HONEST: [Self; 4] = [
        Self::BeforeEffect,
        Self::AfterEffect,
        Self::Hang,
        Self::Late,
    ];
    /// What parts do that lie.
    pub const HOSTILE: [Self; 3] = [Self::Garbage, Self::Oversize, Self::Rollback];
}

/// A stretch of bad weather.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spell {
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// Calls of a hundred that meet it.
    pub percent: u64,
    /// What happens to them.
    pub trouble: Trouble,
}

/// When a store is in trouble.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weather(pub Vec<Spell>);

impl Weather {
    /// Up to `spells` spells within `span_millis` from now, of these kinds of trouble: short
    /// outages and long ones, partial and whole.
    #[must_use]
    pub fn random(
        clock: &SimulatedClock,
        span_millis: u64,
        spells: u64,
        troubles: &[Trouble],
    ) -> Self {
        let after = |time: Timestamp, millis: u64| {
            Timestamp::from_millis(time.millis().saturating_add(millis.cast_signed()))
        };
        let mut spell = |_| {
            let length = [500, 5_000, 20_000, 150_000][index(clock, 4)];
            let from = after(clock.now(), clock.roll(span_millis));
            Spell {
                from,
                until: after(from, 1 + clock.roll(length)),
                percent: [15, 50, 100][index(clock, 3)],
                trouble: troubles[index(clock, troubles.len())],
            }
        };
        Self((0..clock.roll(spells + 1)).map(&mut spell).collect())
    }

    fn strikes(&self, clock: &SimulatedClock) -> Option<Trouble> {
        let now = clock.now();
        let is_on = |spell: &&Spell| spell.from <= now && now < spell.until;
        let strikes = |spell: &Spell| {
            let strikes = clock.roll(100) < spell.percent;
            strikes.then_some(spell.trouble)
        };
        self.0.iter().filter(is_on).find_map(strikes)
    }
}

fn index(clock: &SimulatedClock, length: usize) -> usize {
    let number = clock.roll(length as u64);
    usize::try_from(number).unwrap_or(0)
}

/// A store whose calls take time and meet what the weather brings.
pub struct Unreliable<S> {
    inner: Rc<S>,
    clock: SimulatedClock,
    weather: Weather,
    past: Rc<RefCell<Past>>,
}

/// What was written, to be played back.
#[derive(Default)]
struct Past {
    records: Vec<Record>,
    heads: Vec<(RecordName, Head)>,
}

impl<S: SessionStore + 'static> Unreliable<S> {
    /// `inner` under this weather.
    #[must_use]
    pub fn new(inner: Rc<S>, clock: SimulatedClock, weather: Weather) -> Self {
        Self {
            inner,
            clock,
            weather,
            past: Rc::default(),
        }
    }

    /// Another way to the same backend: `inner` as somebody else sees it, the same past.
    #[must_use]
    pub fn beside(&self, inner: Rc<S>) -> Self {
        Self {
            inner,
            clock: self.clock.clone(),
            weather: self.weather.clone(),
            past: Rc::clone(&self.past),
        }
    }

    async fn travel(&self) {
        self.clock.sleep(self.clock.roll(LATENCY_MILLIS)).await;
    }

    /// A call that changes something.
    async fn write<T, F>(&self, effect: impl FnOnce(Rc<S>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + 'static,
    {
        self.travel().await;
        let effect = effect(Rc::clone(&self.inner));
        match self.weather.strikes(&self.clock) {
            Some(Trouble::BeforeEffect) => return Err(down("before the effect")),
            Some(Trouble::AfterEffect) => {
                effect.await?;
                return Err(down("after the effect"));
            }
            Some(Trouble::Hang) => return pending().await,
            Some(Trouble::Late) => {
                let wait = self.clock.sleep(self.clock.roll(LATE_MILLIS));
                self.clock.spawn(async move {
                    wait.await;
                    let _ = effect.await;
                });
                return pending().await;
            }
            Some(Trouble::Garbage | Trouble::Oversize | Trouble::Rollback) | None => {}
        }
        let answer = effect.await;
        self.travel().await;
        answer
    }

    /// A call that reads a record.
    async fn read(
        &self,
        now: Timestamp,
        answer: impl Future<Output = Result<Option<Kept>, StoreError>>,
    ) -> Result<Option<Kept>, StoreError> {
        self.travel().await;
        match self.weather.strikes(&self.clock) {
            Some(Trouble::BeforeEffect | Trouble::AfterEffect) => {
                return Err(down("while reading"));
            }
            Some(Trouble::Hang | Trouble::Late) => return pending().await,
            Some(Trouble::Garbage) => {
                let octets = (0..40).map(|_| self.clock.roll(256).to_le_bytes()[0]);
                return Ok(Framed::read(octets.collect(), now).live());
            }
            Some(Trouble::Oversize) => {
                let mut octets = vec![0; Framed::MAX_OCTETS + 1];
                octets[0..8].copy_from_slice(&i64::MAX.to_be_bytes());
                return Ok(Framed::read(octets, now).live());
            }
            Some(Trouble::Rollback) => {
                let past = self.past.borrow();
                if !past.records.is_empty() {
                    let record = past.records[index(&self.clock, past.records.len())].clone();
                    let expires = now.after(core::time::Duration::from_secs(3600));
                    return Ok(Some(Kept { record, expires }));
                }
            }
            None => {}
        }
        let answer = answer.await;
        self.travel().await;
        answer
    }
}

fn down(when: &str) -> StoreError {
    StoreError::Unavailable {
        reason: alloc::format!("injected {when}").into(),
    }
}

impl<S: SessionStore + 'static> SessionStore for Unreliable<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.read(now, self.inner.get(name, now)).await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.read(now, self.inner.get_fresh(name, now)).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        remember(&mut self.past.borrow_mut().records, record.clone());
        let (name, record, about) = (name.clone(), record.clone(), about.clone());
        self.write(|inner| async move { inner.put(&name, &record, &about, now).await })
            .await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let name = name.clone();
        self.write(|inner| async move { inner.delete(&name).await })
            .await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        if self.weather.strikes(&self.clock) == Some(Trouble::Rollback) {
            let past = self.past.borrow();
            let mut own = past.heads.iter().filter(|(name, _)| name == session);
            if let Some((_, head)) = own.next() {
                return Ok(Swapped::Other(head.clone()));
            }
        }
        let (session, from, to) = (session.clone(), from.cloned(), to.cloned());
        let past = Rc::clone(&self.past);
        self.write(|inner| async move {
            let swap = inner.swap_head(&session, from.as_ref(), to.as_ref(), expires, now);
            let swapped = swap.await?;
            if let (Swapped::Done, Some(head)) = (&swapped, to) {
                remember(&mut past.borrow_mut().heads, (session, head));
            }
            Ok(swapped)
        })
        .await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(|inner| async move { inner.end_head(&session, expires, now).await })
            .await
    }
}

fn remember<T>(past: &mut Vec<T>, new: T) {
    if past.len() == REMEMBERED {
        past.remove(0);
    }
    past.push(new);
}

#[cfg(test)]
mod tests {
    use super::super::Simulation;
    use super::*;
    use crate::memory::MemoryStore;

    /// What becomes of a put under `trouble`: the answer if one came within a minute, whether the
    /// record was there then, and what a read gave.
    fn under(trouble: Trouble) -> (Option<bool>, bool, Option<Option<bool>>) {
        let simulation = Simulation::new(7, Timestamp::from_seconds(1_800_000_000));
        let clock = simulation.clock().clone();
        let outcome = Rc::new(RefCell::new(None));
        let told = Rc::clone(&outcome);
        clock.clone().spawn(async move {
            let spell = Spell {
                from: clock.now(),
                until: Timestamp::from_seconds(i64::MAX / 1000),
                percent: 100,
                trouble,
            };
            let memory = Rc::new(MemoryStore::new());
            let weather = Weather(vec![spell]);
            let store = Unreliable::new(Rc::clone(&memory), clock.clone(), weather);
            let name = RecordName::new([1; 24]);
            let record = Record::new(b"record".to_vec()).unwrap();
            let about = About::session_until(Timestamp::from_seconds(1_800_003_600));
            let now = clock.now();
            let put = within(&clock, store.put(&name, &record, &about, now)).await;
            let kept = !memory.is_empty();
            let other = Record::new(b"other".to_vec()).unwrap();
            store.past.borrow_mut().records = vec![other];
            let got = within(&clock, store.get(&name, now)).await;
            let got = got.map(|got| {
                got.ok()
                    .flatten()
                    .map(|kept| kept.record.octets() == b"record")
            });
            *told.borrow_mut() = Some((put.map(|put| put.is_ok()), kept, got));
        });
        assert_eq!(simulation.run(), Ok(()));
        outcome.take().unwrap()
    }

    async fn within<T>(clock: &SimulatedClock, answer: impl Future<Output = T>) -> Option<T> {
        let limit = core::pin::pin!(clock.sleep(60_000));
        match futures_util::future::select(core::pin::pin!(answer), limit).await {
            futures_util::future::Either::Left((answer, _)) => Some(answer),
            futures_util::future::Either::Right(_) => None,
        }
    }

    #[test]
    fn every_trouble_is_what_it_says() {
        let none = Some(None);
        assert_eq!(under(Trouble::BeforeEffect), (Some(false), false, none));
        assert_eq!(under(Trouble::AfterEffect), (Some(false), true, none));
        assert_eq!(under(Trouble::Hang), (None, false, None));
        assert_eq!(under(Trouble::Late), (None, true, None));
        assert_eq!(under(Trouble::Garbage).0, Some(true));
        assert_ne!(under(Trouble::Garbage).2, Some(Some(true)));
        assert_eq!(under(Trouble::Oversize), (Some(true), true, none));
        assert_eq!(
            under(Trouble::Rollback),
            (Some(true), true, Some(Some(false)))
        );
    }
}
