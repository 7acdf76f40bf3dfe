use alloc::{boxed::Box, rc::Rc, sync::Arc};
use core::time::Duration;

use serde_json::json;
use session_codec::{StoreName, Timestamp};
use session_gateway::{counters, log};
use session_store::{
    Background, Breaker, Circuit, Committed, Head, HeadState, Layered, LostWrite, Policy, Proposal,
    Record, RecordMeta, SessionStore, StoreError, StoredRecord, Task,
    time_limit::{Limits, TimeLimit},
};
use worker::{Context, Delay, Env};

use super::{
    Counted, D1Records, KvRecords, Measured, ObjectRecords, OriginAddress, OriginRecords,
    R2Records, Timers,
};
use crate::{
    at_once::Work,
    tier::{StoreChoice, Tier},
};

/// The stores of the settings, as one.
pub(crate) enum Backend<B = AfterAnswer> {
    One(Guarded),
    Two(Layered<Guarded, Guarded, B>),
}

/// A store that is measured, left alone while it is down, and answers in time or not at all.
pub(crate) type Guarded = Measured<Breaker<TimeLimit<AnyRecords, Timers>>>;

/// One of the platform's stores.
pub(crate) enum AnyRecords {
    Kv(KvRecords),
    D1(D1Records),
    R2(R2Records),
    Object(ObjectRecords),
    Origin(OriginRecords),
}

thread_local! {
    /// Bindings do not change while an isolate lives, and what is known of a store's health is
    /// worth keeping between requests.
    static CIRCUITS: [Arc<Circuit>; Tier::ALL.len()] = core::array::from_fn(|_| Arc::default());
}

/// What is known of a store's health.
pub(crate) fn circuit(tier: Tier) -> Arc<Circuit> {
    CIRCUITS.with(|circuits| Arc::clone(&circuits[tier as usize]))
}

impl AnyRecords {
    /// Opens the binding of a tier, or what stands for one.
    pub(crate) fn open(
        tier: Tier,
        env: &Env,
        origin: Option<&OriginAddress>,
    ) -> worker::Result<Self> {
        let binding = tier.binding();
        Ok(match tier {
            Tier::Kv => Self::Kv(KvRecords::new(env.kv(binding)?)),
            Tier::D1 => Self::D1(D1Records::new(env.d1(binding)?)),
            Tier::R2 => Self::R2(R2Records::new(env.bucket(binding)?)),
            Tier::Object => Self::Object(ObjectRecords::new(env.durable_object(binding)?)),
            Tier::Origin => {
                let address = origin.ok_or("no origin store is configured")?;
                Self::Origin(OriginRecords::new(address.clone()))
            }
        })
    }
}

/// Whether the binding of a tier is there, and of its kind.
pub(crate) fn has_binding(env: &Env, tier: Tier) -> bool {
    // The origin store is no binding; its settings are checked where they are read.
    tier == Tier::Origin || AnyRecords::open(tier, env, None).is_ok()
}

impl<B> Backend<B> {
    /// Both stores, if there are two.
    pub(crate) const fn layered(&self) -> Option<&Layered<Guarded, Guarded, B>> {
        match self {
            Self::One(_) => None,
            Self::Two(layered) => Some(layered),
        }
    }

    /// `None` without a store.
    pub(crate) fn open(
        choice: StoreChoice,
        policy: Policy,
        origin: Option<&OriginAddress>,
        env: &Env,
        background: B,
    ) -> worker::Result<Option<Self>> {
        Ok(match choice {
            StoreChoice::None => None,
            StoreChoice::One(tier) => Some(Self::One(guarded(tier, env, origin, Limits::alone)?)),
            StoreChoice::Layered { fast, durable } => {
                let fast = guarded(fast, env, origin, Limits::fast)?;
                let durable = guarded(durable, env, origin, Limits::durable)?;
                Some(Self::Two(Layered::new(fast, durable, policy, background)))
            }
        })
    }
}

fn guarded(
    tier: Tier,
    env: &Env,
    origin: Option<&OriginAddress>,
    limits: impl Fn(Timers) -> Limits<Timers>,
) -> worker::Result<Guarded> {
    let limited = TimeLimit::new(AnyRecords::open(tier, env, origin)?, limits(Timers));
    let guarded = Breaker::new(limited, circuit(tier));
    Ok(Measured::new(guarded, Counted(tier.label())))
}

/// What the platform does after an answer.
#[derive(Clone)]
pub(crate) struct AfterAnswer(pub(crate) Rc<Context>);

impl<F: SessionStore + 'static, D: SessionStore + 'static> Background<F, D> for AfterAnswer {
    fn run(&self, task: Task<F, D>) {
        let background = self.clone();
        let work: Work = Box::pin(async move { task.run(&background).await });
        self.0.wait_until(work);
    }

    async fn pause(&self, seconds: u32) {
        Delay::from(Duration::from_secs(seconds.into())).await;
    }

    fn failed(&self, write: LostWrite, error: &StoreError) {
        let event = match write {
            LostWrite::Fast => "cache-write-failed",
            LostWrite::Durable => "write-behind-lost",
        };
        counters::background_failure(event);
        log::warn(event, &json!(error.label()));
    }
}

/// Calls the same method of whichever store it is.
macro_rules! each {
    ($self:expr, $kind:ident: $($variant:ident)|+, $store:ident => $call:expr) => {
        match $self {
            $($kind::$variant($store) => $call.await,)+
        }
    };
}

macro_rules! forward {
    ($(<$background:ident>)? $kind:ident: $($variant:ident)|+) => {
        impl$(<$background: Background<Guarded, Guarded>>)? SessionStore for $kind$(<$background>)? {
            async fn get(
                &self,
                name: &StoreName,
                now: Timestamp,
            ) -> Result<Option<StoredRecord>, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.get(name, now))
            }

            async fn get_fresh(
                &self,
                name: &StoreName,
                now: Timestamp,
            ) -> Result<Option<StoredRecord>, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.get_fresh(name, now))
            }

            async fn put(
                &self,
                name: &StoreName,
                record: &Record,
                meta: &RecordMeta,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                each!(self, $kind: $($variant)|+, store => store.put(name, record, meta, now))
            }

            async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
                each!(self, $kind: $($variant)|+, store => store.delete(name))
            }

            async fn commit(
                &self,
                proposal: &Proposal,
                now: Timestamp,
            ) -> Result<Committed, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.commit(proposal, now))
            }

            async fn head(
                &self,
                session: &StoreName,
                now: Timestamp,
            ) -> Result<HeadState, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.head(session, now))
            }

            async fn end(
                &self,
                session: &StoreName,
                expires: Timestamp,
                now: Timestamp,
            ) -> Result<Option<Head>, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.end(session, expires, now))
            }
        }
    };
}

forward!(AnyRecords: Kv | D1 | R2 | Object | Origin);
forward!(<B> Backend: One | Two);
