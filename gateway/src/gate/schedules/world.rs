//! One schedule: what it is made of, and how it runs.

use alloc::{rc::Rc, sync::Arc};
use core::{cell::RefCell, ops::AddAssign};

use session_codec::{
    Codec, Config, KeyRing, Keys, Secret, Timestamp, config::Overflow, cookie::Budget,
};
use session_store::faults::{SimulatedClock, Simulation};

use super::{
    controls::Control,
    ledger::{Ledger, STALE_SECONDS, Violation},
    stacks::{Both, D1Alone, KvAlone, PLACES, Parts, Sort, Stack},
    visitor::{self, Browser},
};
use crate::revocation::Memory;

/// When every schedule begins.
const BEGIN: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// Troubles begin within this time, in milliseconds.
const SPAN_MILLIS: u64 = 200_000;
/// When the stores have been well for so long that everything shows everywhere: the last trouble,
/// what arrives late, KV's propagation and its cache.
const WELL_MILLIS: u64 = 400_000;
/// For how long it is believed that a session is in force.
pub(super) const REMEMBERED_SECONDS: u32 = 60;
/// Visitors of one schedule.
const VISITORS: usize = 2;
/// Tabs of each of them.
const TABS: u64 = 2;
/// So small a budget that the sessions of a schedule need not be long to be spilled.
const BUDGET: u32 = 400;

/// What one schedule is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    seed: u64,
    pub(super) sort: Sort,
    /// Stores do not only fail: they lie.
    pub(super) is_hostile: bool,
    /// The key ring is changed in the middle, and for a while both versions run.
    pub(super) rotates: bool,
    /// A key is added to the ring, rather than another one of it put in front.
    adds_key: bool,
    /// No session fits its cookie, ever.
    pub(super) is_always_large: bool,
}

/// How often what happened.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) read: u64,
    pub(super) followed: u64,
    pub(super) unavailable: u64,
    pub(super) lost: u64,
    pub(super) revoked: u64,
    pub(super) saved: u64,
    pub(super) merged: u64,
    pub(super) not_saved: u64,
    pub(super) ended: u64,
    pub(super) log_outs: u64,
    pub(super) log_ins: u64,
    pub(super) reissued: u64,
    pub(super) bound: u64,
    pub(super) not_bound: u64,
    pub(super) sent_again: u64,
    pub(super) repeated: u64,
    pub(super) slowest_millis: u64,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.followed += other.followed;
        self.unavailable += other.unavailable;
        self.lost += other.lost;
        self.revoked += other.revoked;
        self.saved += other.saved;
        self.merged += other.merged;
        self.not_saved += other.not_saved;
        self.ended += other.ended;
        self.log_outs += other.log_outs;
        self.log_ins += other.log_ins;
        self.reissued += other.reissued;
        self.bound += other.bound;
        self.not_bound += other.not_bound;
        self.sent_again += other.sent_again;
        self.repeated += other.repeated;
        self.slowest_millis = self.slowest_millis.max(other.slowest_millis);
    }
}

impl Outcome {
    /// A run in which something never happened has not tested it.
    pub(super) fn assert_everything_happened(&self, sort: Sort) {
        if sort.keeps_heads() {
            let counts = [
                self.followed,
                self.merged,
                self.ended,
                self.bound,
                self.not_bound,
            ];
            assert!(counts.iter().all(|&count| count > 50), "{self:?}");
        }
        let counts = [
            self.read,
            self.unavailable,
            self.revoked,
            self.saved,
            self.not_saved,
            self.log_outs,
            self.log_ins,
            self.reissued,
            self.sent_again,
            self.repeated,
        ];
        assert!(counts.iter().all(|&count| count > 50), "{self:?}");
    }
}

impl Schedule {
    pub(super) fn of(seed: u64) -> Self {
        let sorts = Sort::ALL.len() as u64;
        let kind = seed / sorts;
        Self {
            seed,
            sort: Sort::ALL[(seed % sorts) as usize],
            is_hostile: kind.is_multiple_of(4),
            rotates: kind.is_multiple_of(3),
            adds_key: kind.is_multiple_of(2),
            is_always_large: kind % 5 < 3,
        }
    }

    /// Runs it to its end.
    pub(super) fn run(self, control: Control) -> Result<Outcome, Violation> {
        match self.sort {
            Sort::Kv => World::<KvAlone>::run(self, control),
            Sort::D1 => World::<D1Alone>::run(self, control),
            _ => World::<Both>::run(self, control),
        }
    }
}

/// What all tasks of a schedule share.
pub(super) struct World<S> {
    pub(super) schedule: Schedule,
    pub(super) control: Control,
    pub(super) clock: SimulatedClock,
    pub(super) ledger: RefCell<Ledger>,
    pub(super) outcome: RefCell<Outcome>,
    pub(super) violation: RefCell<Option<Violation>>,
    codecs: Rc<[Codec; 3]>,
    rotated: i64,
    parts: Parts,
    /// What the isolate of each location knows of ended sessions.
    memories: [Memory<()>; PLACES],
    stack: core::marker::PhantomData<S>,
}

thread_local! {
    /// Versions of a configuration, as a key is changed: added behind, then put in front. The same
    /// for all schedules.
    static CODECS: Rc<[Codec; 3]> = Rc::new([codec(1, &[]), codec(1, &[2]), codec(2, &[1])]);
}

fn codec(primary: u8, fallbacks: &[u8]) -> Codec {
    let secret = |byte| Secret::from_bytes([byte; 32]);
    let ring = KeyRing::new(
        secret(primary),
        fallbacks.iter().map(|byte| secret(*byte)).collect(),
    )
    .unwrap();
    let keys = Keys::sealing(ring);
    let config = Config {
        overflow: Overflow::Spill,
        identify: true,
        budget: Budget::new(BUDGET).unwrap(),
        stale_seconds: STALE_SECONDS,
        ..Config::default()
    };
    Codec::new(config, &keys).unwrap()
}

impl<S: Stack> World<S> {
    fn run(schedule: Schedule, control: Control) -> Result<Outcome, Violation> {
        let simulation = Simulation::new(schedule.seed, BEGIN);
        let clock = simulation.clock().clone();
        let half = SPAN_MILLIS / 2;
        let world = Rc::new(Self {
            schedule,
            control,
            codecs: CODECS.with(Rc::clone),
            rotated: BEGIN.millis() + (half / 2 + clock.roll(half)).cast_signed(),
            parts: Parts::new(&clock, SPAN_MILLIS, schedule.is_hostile),
            clock,
            ledger: RefCell::default(),
            outcome: RefCell::default(),
            violation: RefCell::default(),
            memories: core::array::from_fn(|_| Memory::new(Arc::default(), (), REMEMBERED_SECONDS)),
            stack: core::marker::PhantomData,
        });
        for _ in 0..VISITORS {
            let browser = Rc::new(Browser::default());
            for _ in 0..TABS {
                let (world, browser) = (Rc::clone(&world), Rc::clone(&browser));
                let clock = world.clock.clone();
                clock.spawn(async move { visitor::tab(&world, &browser).await });
            }
        }
        let hangs = |stuck| Violation(format!("calls hang: {stuck:?}"));
        simulation.run().map_err(hangs)?;
        let last = Rc::clone(&world);
        world.clock.spawn(async move {
            last.clock.sleep(WELL_MILLIS).await;
            if let Err(violation) = visitor::look_back(&last).await {
                last.fail(violation);
            }
        });
        simulation.run().map_err(hangs)?;
        let outcome = *world.outcome.borrow();
        world.violation.take().map_or(Ok(outcome), Err)
    }

    /// What the isolate of a location knows of ended sessions.
    pub(super) fn memory(&self, place: usize) -> Memory<()> {
        self.memories[place].clone()
    }

    /// The stores, as a request at this location gets them.
    pub(super) fn store(&self, place: usize) -> S::Store {
        S::open(&self.parts, place, self.schedule.sort)
    }

    /// The codec of whichever version of the Worker answers now.
    pub(super) fn codec(&self) -> &Codec {
        /// Both versions run for so long, in milliseconds.
        const OVERLAP: i64 = 30_000;
        let since = self.clock.now().millis() - self.rotated;
        let is_new = match since {
            _ if !self.schedule.rotates => false,
            ..0 => false,
            0..OVERLAP => self.clock.roll(2) == 1,
            _ => true,
        };
        let old = usize::from(!self.schedule.adds_key);
        &self.codecs[old + usize::from(is_new)]
    }

    pub(super) fn fail(&self, violation: Violation) {
        self.violation.borrow_mut().get_or_insert(violation);
    }
}
