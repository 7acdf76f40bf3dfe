use alloc::rc::Rc;
use core::time::Duration;

use serde_json::json;
use session_codec::Timestamp;
use session_store::{
    About, Background, Breaker, Circuit, Head, Kept, Layered, LostWrite, Policy, Record,
    RecordName, SessionStore, StoreError, Swapped,
};
use worker::{Context, Delay, Env};

use super::{
    D1Records, KvRecords, Measured, ObjectRecords, OriginAddress, OriginRecords, R2Records,
    TimeLimit, Timers,
};
use crate::settings::{StoreChoice, Tier};

/// The stores of the settings, as one.
pub(crate) enum Backend<B = AfterAnswer> {
    One(Guarded),
    Two(Layered<Guarded, Guarded, B>),
}

/// A store that is measured, left alone while it is down, and answers in time or not at all.
pub(crate) type Guarded = Measured<Breaker<TimeLimit<AnyRecords>>>;

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
    static CIRCUITS: [Rc<Circuit>; Tier::ALL.len()] = core::array::from_fn(|_| Rc::default());
}

/// What is known of a store's health.
pub(crate) fn circuit(tier: Tier) -> Rc<Circuit> {
    CIRCUITS.with(|circuits| Rc::clone(&circuits[tier as usize]))
}

impl AnyRecords {
    /// Opens the binding of a tier, or what stands for one.
    fn open(tier: Tier, env: &Env, origin: Option<&OriginAddress>) -> worker::Result<Self> {
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
        background: Rc<B>,
    ) -> worker::Result<Option<Self>> {
        Ok(match choice {
            StoreChoice::None => None,
            StoreChoice::One(tier) => {
                Some(Self::One(guarded(tier, env, origin, TimeLimit::alone)?))
            }
            StoreChoice::Layered { fast, durable } => {
                let fast = Rc::new(guarded(fast, env, origin, TimeLimit::fast)?);
                let durable = Rc::new(guarded(durable, env, origin, TimeLimit::durable)?);
                Some(Self::Two(Layered::new(fast, durable, policy, background)))
            }
        })
    }
}

fn guarded(
    tier: Tier,
    env: &Env,
    origin: Option<&OriginAddress>,
    limit: impl Fn(AnyRecords, Timers) -> TimeLimit<AnyRecords>,
) -> worker::Result<Guarded> {
    let limited = limit(AnyRecords::open(tier, env, origin)?, Timers);
    Ok(Measured::new(
        Breaker::new(limited, circuit(tier)),
        tier.label(),
    ))
}

/// What the platform does after an answer.
pub(crate) struct AfterAnswer(pub(crate) Rc<Context>);

impl Background for AfterAnswer {
    fn run(&self, task: impl Future<Output = ()> + 'static) {
        self.0.wait_until(task);
    }

    async fn pause(&self, seconds: u32) {
        Delay::from(Duration::from_secs(seconds.into())).await;
    }

    fn failed(&self, write: LostWrite, error: &StoreError) {
        let event = match write {
            LostWrite::Fast => "cache-write-failed",
            LostWrite::Durable => "write-behind-lost",
        };
        crate::counters::background_failure(event);
        crate::log::warn(event, &json!(error.label()));
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
        impl$(<$background: Background + 'static>)? SessionStore for $kind$(<$background>)? {
            async fn get(
                &self,
                name: &RecordName,
                now: Timestamp,
            ) -> Result<Option<Kept>, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.get(name, now))
            }

            async fn get_fresh(
                &self,
                name: &RecordName,
                now: Timestamp,
            ) -> Result<Option<Kept>, StoreError> {
                each!(self, $kind: $($variant)|+, store => store.get_fresh(name, now))
            }

            async fn put(
                &self,
                name: &RecordName,
                record: &Record,
                about: &About,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                each!(self, $kind: $($variant)|+, store => store.put(name, record, about, now))
            }

            async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
                each!(self, $kind: $($variant)|+, store => store.delete(name))
            }

            async fn swap_head(
                &self,
                session: &RecordName,
                from: Option<&RecordName>,
                to: Option<&Head>,
                expires: Timestamp,
                now: Timestamp,
            ) -> Result<Swapped, StoreError> {
                each!(self, $kind: $($variant)|+, store =>
                    store.swap_head(session, from, to, expires, now))
            }

            async fn end_head(
                &self,
                session: &RecordName,
                expires: Timestamp,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                each!(self, $kind: $($variant)|+, store => store.end_head(session, expires, now))
            }
        }
    };
}

forward!(AnyRecords: Kv | D1 | R2 | Object | Origin);
forward!(<B> Backend: One | Two);
