use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::pending;

use session_codec::{StoreName, Timestamp};

use super::SimulatedClock;
use crate::error::StoreError;
use crate::frame::Framed;
use crate::head::{Head, HeadMove, HeadState, Newest};
use crate::proposal::{Committed, Proposal};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
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
    /// A read gives bytes that nobody wrote.
    Garbage,
    /// A read gives more bytes than any record has.
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
    heads: Vec<(StoreName, Head)>,
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

    /// An earlier head of this session, when the weather brings one.
    fn played_back(&self, session: &StoreName) -> Option<Newest> {
        if self.weather.strikes(&self.clock) != Some(Trouble::Rollback) {
            return None;
        }
        let past = self.past.borrow();
        let mut own = past.heads.iter().filter(|(name, _)| name == session);
        own.next().map(|(_, head)| Newest {
            head: head.clone(),
            record: None,
        })
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
        answer: impl Future<Output = Result<Option<StoredRecord>, StoreError>>,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.travel().await;
        match self.weather.strikes(&self.clock) {
            Some(Trouble::BeforeEffect | Trouble::AfterEffect) => {
                return Err(down("while reading"));
            }
            Some(Trouble::Hang | Trouble::Late) => return pending().await,
            Some(Trouble::Garbage) => {
                let bytes = (0..40).map(|_| self.clock.roll(256).to_le_bytes()[0]);
                return Ok(Framed::read(bytes.collect(), now).live());
            }
            Some(Trouble::Oversize) => {
                let mut bytes = vec![0; Framed::MAX_BYTES + 1];
                bytes[0..8].copy_from_slice(&i64::MAX.to_be_bytes());
                return Ok(Framed::read(bytes, now).live());
            }
            Some(Trouble::Rollback) => {
                let past = self.past.borrow();
                if !past.records.is_empty() {
                    let record = past.records[index(&self.clock, past.records.len())].clone();
                    let expires = now.after(core::time::Duration::from_secs(3600));
                    return Ok(Some(StoredRecord { record, expires }));
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
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.read(now, self.inner.get(name, now)).await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.read(now, self.inner.get_fresh(name, now)).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        remember(&mut self.past.borrow_mut().records, record.clone());
        let (name, record, meta) = (*name, record.clone(), meta.clone());
        self.write(|inner| async move { inner.put(&name, &record, &meta, now).await })
            .await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let name = *name;
        self.write(|inner| async move { inner.delete(&name).await })
            .await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        if let Some(HeadMove { session, .. }) = &proposal.head
            && let Some(head) = self.played_back(session)
        {
            return Ok(Committed::Other(head));
        }
        if let Some(new) = &proposal.record {
            remember(&mut self.past.borrow_mut().records, new.record.clone());
        }
        let (proposal, past) = (proposal.clone(), Rc::clone(&self.past));
        self.write(|inner| async move {
            let committed = inner.commit(&proposal, now).await?;
            if let (Committed::Saved(_), Some(HeadMove { session, to, .. })) =
                (&committed, proposal.head)
                && let Some(head) = to
            {
                remember(&mut past.borrow_mut().heads, (session, head));
            }
            Ok(committed)
        })
        .await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        if let Some(head) = self.played_back(session) {
            return Ok(HeadState::At(head));
        }
        let session = *session;
        self.write(|inner| async move { inner.head(&session, now).await })
            .await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let session = *session;
        self.write(|inner| async move { inner.end(&session, expires, now).await })
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
            let name = StoreName::new([1; 24]);
            let record = Record::new(b"record".to_vec()).unwrap();
            let meta = RecordMeta::session_until(Timestamp::from_seconds(1_800_003_600));
            let now = clock.now();
            let put = within(&clock, store.put(&name, &record, &meta, now)).await;
            let kept = !memory.is_empty();
            let other = Record::new(b"other".to_vec()).unwrap();
            store.past.borrow_mut().records = vec![other];
            let got = within(&clock, store.get(&name, now)).await;
            let got = got.map(|got| {
                got.ok()
                    .flatten()
                    .map(|kept| kept.record.bytes() == b"record")
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
