//! The stores of a schedule, put together as a Worker does it.

use alloc::{rc::Rc, sync::Arc};
use core::time::Duration;

use session_store::{
    Background, Breaker, Circuit, Layered, LostWrite, Policy, Select, SessionStore, StoreError,
    Task, Write,
    faults::{D1Model, KvAt, KvModel, SimulatedClock, Trouble, Unreliable, Weather},
    time_limit::{Limits, TimeLimit, Wait},
};

/// Locations that a visitor may come by.
pub(super) const PLACES: usize = 2;

/// Which stores there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Kv,
    D1,
    Through,
    Behind,
    Aside,
}

impl Sort {
    pub(super) const ALL: [Self; 5] =
        [Self::Kv, Self::D1, Self::Through, Self::Behind, Self::Aside];

    /// Whether the store that decides compares and swaps.
    pub(super) fn keeps_heads(self) -> bool {
        self != Self::Kv
    }

    fn policy(self) -> Policy {
        let write = match self {
            Self::Behind => Write::Behind,
            Self::Aside => Write::Aside,
            _ => Write::Through,
        };
        Policy {
            write,
            select: Select::default(),
        }
    }
}

pub(super) struct SimulatedTimers(SimulatedClock);

impl Wait for SimulatedTimers {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> {
        self.0.sleep(u64::try_from(time.as_millis()).unwrap())
    }
}

type Guarded<S> = Breaker<TimeLimit<Unreliable<S>, SimulatedTimers>>;

/// A part that is made anew for each request, as the bindings of a Worker are.
struct Part<S> {
    template: Unreliable<S>,
    /// What each location knows of its health.
    circuits: [Arc<Circuit>; PLACES],
}

impl<S: SessionStore + 'static> Part<S> {
    fn new(template: Unreliable<S>) -> Self {
        Self {
            template,
            circuits: core::array::from_fn(|_| Arc::default()),
        }
    }

    fn open(&self, place: usize, inner: Rc<S>, limits: Limits<SimulatedTimers>) -> Guarded<S> {
        let limited = TimeLimit::new(self.template.beside(inner), limits);
        Breaker::new(limited, Arc::clone(&self.circuits[place]))
    }
}

pub(super) struct Parts {
    clock: SimulatedClock,
    kv: Rc<KvModel>,
    d1: Rc<D1Model>,
    fast: Part<KvAt>,
    durable: Part<D1Model>,
}

impl Parts {
    /// Stores whose troubles begin within `span_millis`.
    pub(super) fn new(clock: &SimulatedClock, span_millis: u64, is_hostile: bool) -> Self {
        let kv = Rc::new(KvModel::new(clock.clone(), PLACES));
        let d1 = Rc::new(D1Model::new(clock.clone()));
        d1.set_lag([0, 500, 30_000][clock.roll(3) as usize]);
        let weather = || {
            let mut troubles = Trouble::HONEST.to_vec();
            if is_hostile {
                troubles.extend(Trouble::HOSTILE);
            }
            Weather::random(clock, span_millis, 4, &troubles)
        };
        let fast = Unreliable::new(Rc::new(kv.at(0)), clock.clone(), weather());
        let durable = Unreliable::new(Rc::clone(&d1), clock.clone(), weather());
        Self {
            clock: clock.clone(),
            kv,
            d1,
            fast: Part::new(fast),
            durable: Part::new(durable),
        }
    }

    fn timers(&self) -> SimulatedTimers {
        SimulatedTimers(self.clock.clone())
    }
}

/// Opens the stores at a location.
pub(super) trait Stack: 'static {
    type Store: SessionStore + 'static;
    fn open(parts: &Parts, place: usize, sort: Sort) -> Self::Store;
}

pub(super) struct KvAlone;
pub(super) struct D1Alone;
pub(super) struct Both;

impl Stack for KvAlone {
    type Store = Guarded<KvAt>;

    fn open(parts: &Parts, place: usize, _: Sort) -> Self::Store {
        let kv = Rc::new(parts.kv.at(place));
        let alone = Limits::alone(parts.timers());
        parts.fast.open(place, kv, alone)
    }
}

impl Stack for D1Alone {
    type Store = Guarded<D1Model>;

    fn open(parts: &Parts, place: usize, _: Sort) -> Self::Store {
        let alone = Limits::alone(parts.timers());
        parts.durable.open(place, Rc::clone(&parts.d1), alone)
    }
}

impl Stack for Both {
    type Store = Layered<Guarded<KvAt>, Guarded<D1Model>, Later>;

    fn open(parts: &Parts, place: usize, sort: Sort) -> Self::Store {
        let kv = Rc::new(parts.kv.at(place));
        let fast = Limits::fast(parts.timers());
        let durable = Limits::durable(parts.timers());
        Layered::new(
            parts.fast.open(place, kv, fast),
            parts.durable.open(place, Rc::clone(&parts.d1), durable),
            sort.policy(),
            Later(parts.clock.clone()),
        )
    }
}

/// Work that goes on beside everything else.
#[derive(Clone)]
pub(super) struct Later(SimulatedClock);

impl<F: SessionStore + 'static, D: SessionStore + 'static> Background<F, D> for Later {
    fn run(&self, task: Task<F, D>) {
        let background = self.clone();
        self.0.spawn(async move { task.run(&background).await });
    }

    async fn pause(&self, seconds: u32) {
        self.0.sleep(u64::from(seconds) * 1000).await;
    }

    fn failed(&self, _: LostWrite, _: &StoreError) {}
}
