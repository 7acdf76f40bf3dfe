use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use fastrand::Rng;
use session_codec::Timestamp;

/// A clock that moves only when every task of its [`Simulation`] waits for it.
#[derive(Clone)]
pub struct SimulatedClock(Rc<Inner>);

struct Inner {
    millis: Cell<i64>,
    /// The earliest time that somebody waits for, as of the last round.
    next: Cell<Option<i64>>,
    spawned: RefCell<Vec<Task>>,
    rng: RefCell<Rng>,
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

impl SimulatedClock {
    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.millis.get())
    }

    /// Waits so many milliseconds.
    pub fn sleep(&self, millis: u64) -> impl Future<Output = ()> + use<> {
        let clock = Rc::clone(&self.0);
        let until = clock
            .millis
            .get()
            .saturating_add(i64::try_from(millis).unwrap_or(i64::MAX));
        poll_fn(move |_| {
            if clock.millis.get() >= until {
                return Poll::Ready(());
            }
            let next = clock.next.get().map_or(until, |next| next.min(until));
            clock.next.set(Some(next));
            Poll::Pending
        })
    }

    /// Runs a task to its end beside those there are.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.spawned.borrow_mut().push(Box::pin(task));
    }

    /// A number below `limit`, from the simulation's seed.
    #[must_use]
    pub fn roll(&self, limit: u64) -> u64 {
        self.0.rng.borrow_mut().u64(0..limit.max(1))
    }
}

/// Runs tasks on a simulated clock: those of one moment in an order that the seed chooses, then
/// the clock jumps to the next moment that any of them waits for.
pub struct Simulation {
    clock: SimulatedClock,
}

/// Tasks are left that wait for nothing that will ever come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck(
    /// How many.
    pub usize,
);

impl Simulation {
    /// A simulation that begins at `now`.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let clock = SimulatedClock(Rc::new(Inner {
            millis: Cell::new(now.millis()),
            next: Cell::new(None),
            spawned: RefCell::default(),
            rng: RefCell::new(Rng::with_seed(seed)),
        }));
        Self { clock }
    }

    /// Its clock, to be shared with everything that runs in it.
    #[must_use]
    pub const fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// Runs until every task has ended.
    ///
    /// # Errors
    /// If tasks are left that nothing will wake.
    pub fn run(&self) -> Result<(), Stuck> {
        let inner = &self.clock.0;
        let mut context = Context::from_waker(Waker::noop());
        let mut tasks: Vec<Task> = Vec::new();
        loop {
            tasks.append(&mut inner.spawned.borrow_mut());
            inner.rng.borrow_mut().shuffle(&mut tasks);
            inner.next.set(None);
            tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
            if !inner.spawned.borrow().is_empty() {
                continue;
            }
            match inner.next.get() {
                Some(next) => inner.millis.set(next.max(inner.millis.get())),
                None if tasks.is_empty() => return Ok(()),
                None => return Err(Stuck(tasks.len())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_passes_at_once_and_in_order() {
        let simulation = Simulation::new(1, Timestamp::from_seconds(0));
        let seen = Rc::new(RefCell::new(Vec::new()));
        for days in [7, 1, 3] {
            let (clock, seen) = (simulation.clock().clone(), Rc::clone(&seen));
            simulation.clock().spawn(async move {
                clock.sleep(days * 86_400_000).await;
                let inner = clock.clone();
                let seen_later = Rc::clone(&seen);
                clock.spawn(async move { seen_later.borrow_mut().push(inner.now().seconds()) });
                seen.borrow_mut().push(0);
            });
        }
        assert_eq!(simulation.run(), Ok(()));
        assert_eq!(*seen.borrow(), [0, 86_400, 0, 3 * 86_400, 0, 7 * 86_400]);
    }

    #[test]
    fn what_hangs_is_told() {
        let simulation = Simulation::new(1, Timestamp::from_seconds(0));
        simulation.clock().spawn(core::future::pending());
        simulation.clock().spawn(simulation.clock().sleep(5));
        assert_eq!(simulation.run(), Err(Stuck(1)));
    }
}
