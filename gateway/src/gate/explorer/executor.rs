//! Runs futures one store call at a time, in an order that is chosen.

use alloc::{boxed::Box, collections::BTreeMap, rc::Rc};
use core::{
    cell::RefCell,
    hash::{BuildHasher as _, BuildHasherDefault, Hash},
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::{collections::HashSet, hash::DefaultHasher};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Fine,
    /// It fails, and did nothing.
    FailsBefore,
    /// It fails, and was done.
    FailsAfter,
    /// Whoever made it is gone before it arrived.
    DiesBefore,
    /// Whoever made it is gone when it was done.
    DiesAfter,
}

impl Fate {
    /// Nothing else is tried.
    const NONE: [Self; 0] = [];
    const TROUBLES_OF_WRITES: [Self; 4] = [
        Self::FailsBefore,
        Self::FailsAfter,
        Self::DiesBefore,
        Self::DiesAfter,
    ];
    /// A call that changes nothing fails in one way.
    const TROUBLES_OF_READS: [Self; 2] = [Self::FailsBefore, Self::DiesBefore];
}

/// A hash of what is the same in two orders that come to the same.
pub(super) fn digest(of: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(of)
}

/// States that were gone on with.
#[derive(Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Which way was gone at each state of an execution, of how many.
#[derive(Default)]
pub(super) struct Choices(Vec<(usize, usize)>);

impl Choices {
    /// Goes on to the next execution; whether there is one.
    pub(super) fn next(&mut self) -> bool {
        while let Some((chosen, options)) = self.0.pop() {
            if chosen + 1 < options {
                self.0.push((chosen + 1, options));
                return true;
            }
        }
        false
    }
}

/// Which orders are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orders {
    /// All of them; nothing fails.
    All,
    /// Those in which a request is held up at most so often while another goes on; one call fails,
    /// or the process of one request dies.
    InTrouble(usize),
}

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Who makes a call: a request, and which of the things it does, one after the other.
pub(super) type Who = (usize, usize);

struct Task {
    work: Option<Work>,
    /// Every answer it has had.
    history: u64,
}

struct Call {
    number: usize,
    who: Who,
    asked: Asked,
    fate: Option<Fate>,
}

/// What a call asks.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) what: &'static str,
    pub(super) is_write: bool,
    /// Nothing that another request does has to do with it, now or later: when it is answered makes
    /// no difference.
    pub(super) is_private: bool,
}

struct Inner {
    orders: Orders,
    /// The request whose call was chosen last, and how often one was held up.
    last: usize,
    held_up: usize,
    tasks: BTreeMap<Who, Task>,
    calls: Vec<Call>,
    made: usize,
    running: Option<Who>,
    /// Whether nothing went wrong yet.
    is_well: bool,
    /// Whether calls are answered at once: nobody chooses any more.
    is_over: bool,
    story: Vec<(Who, &'static str, Fate)>,
    dead: [bool; 3],
}

/// What runs, and what it waits for.
#[derive(Clone)]
pub(super) struct Executor(Rc<RefCell<Inner>>);

impl Executor {
    pub(super) fn new(orders: Orders) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            orders,
            last: usize::MAX,
            held_up: 0,
            tasks: BTreeMap::new(),
            calls: Vec::new(),
            made: 0,
            running: None,
            is_well: true,
            is_over: false,
            story: Vec::new(),
            dead: [false; 3],
        })))
    }

    /// Something that a request does beside all else; it runs up to its first call.
    pub(super) fn spawn(&self, request: usize, work: impl Future<Output = ()> + 'static) {
        let who = {
            let inner = &mut *self.0.borrow_mut();
            if inner.is_over || inner.dead[request] {
                return;
            }
            let who = (
                request,
                inner
                    .tasks
                    .range((request, 0)..=(request, usize::MAX))
                    .count(),
            );
            inner.tasks.insert(
                who,
                Task {
                    work: Some(Box::pin(work)),
                    history: 0,
                },
            );
            who
        };
        // What spawns it is being polled itself: it begins when that has come to its next call.
        if self.0.borrow().running.is_none() {
            self.poll(who);
        }
    }

    /// The request that is being polled.
    pub(super) fn running(&self) -> Option<usize> {
        self.0.borrow().running.map(|(request, _)| request)
    }

    /// Whether nothing failed.
    pub(super) fn is_well(&self) -> bool {
        self.0.borrow().is_well
    }

    pub(super) fn is_dead(&self, request: usize) -> bool {
        self.0.borrow().dead[request]
    }

    /// Waits until this call is chosen.
    pub(super) async fn turn(&self, asked: Asked) -> Fate {
        let number = {
            let inner = &mut *self.0.borrow_mut();
            let Some(who) = inner.running.filter(|_| !inner.is_over) else {
                return Fate::Fine;
            };
            inner.made += 1;
            let number = inner.made;
            inner.calls.push(Call {
                number,
                who,
                asked,
                fate: None,
            });
            number
        };
        let made = Made(self, number);
        let fate = core::future::poll_fn(|_| {
            let inner = self.0.borrow();
            let call = inner.calls.iter().find(|call| call.number == number);
            let fate = call.and_then(|call| call.fate);
            fate.map_or(Poll::Pending, Poll::Ready)
        });
        let fate = fate.await;
        drop(made);
        fate
    }

    /// The call that was made last was answered so.
    pub(super) fn answered(&self, answer: impl Hash) {
        let inner = &mut *self.0.borrow_mut();
        if let Some(task) = inner.running.and_then(|who| inner.tasks.get_mut(&who)) {
            task.history = digest((task.history, answer));
        }
    }

    /// Lets everything that goes on be answered at once from now on.
    pub(super) fn finish(&self) {
        self.0.borrow_mut().is_over = true;
    }

    /// What is the same in two executions whose requests have had the same answers.
    fn state(&self) -> u64 {
        let inner = self.0.borrow();
        let tasks = inner.tasks.iter().map(|(who, task)| {
            let is_alive = task.work.is_some() && !inner.dead[who.0];
            (who, is_alive, task.history)
        });
        let order = match inner.orders {
            Orders::All => None,
            Orders::InTrouble(_) => Some((inner.last, inner.held_up)),
        };
        digest((Vec::from_iter(tasks), inner.is_well, inner.dead, order))
    }

    /// Goes one way at each state until nothing is left to do, or it comes to where it was before.
    /// Whether it came to an end. `between` runs between two calls, and says whether every request is
    /// answered; `stored` says what the stores hold.
    pub(super) fn run(
        &self,
        choices: &mut Choices,
        seen: &mut Seen,
        between: impl Fn() -> bool,
        stored: impl Fn() -> u64,
    ) -> bool {
        let mut depth = 0;
        loop {
            self.settle();
            let is_answered = between();
            self.settle();
            let options = self.options(is_answered);
            let chosen = match choices.0.get(depth) {
                Some((chosen, before)) => {
                    assert_eq!(
                        *before,
                        options.len(),
                        "an execution does not repeat itself"
                    );
                    *chosen
                }
                None => {
                    if !seen.0.insert(digest((self.state(), stored()))) {
                        return false;
                    }
                    if options.is_empty() {
                        return true;
                    }
                    choices.0.push((0, options.len()));
                    0
                }
            };
            let (number, fate) = options[chosen];
            self.choose(number, fate);
            depth += 1;
        }
    }

    /// Runs what was spawned and has not begun.
    fn settle(&self) {
        loop {
            let fresh = {
                let inner = self.0.borrow();
                let waits = |who: &Who| inner.calls.iter().any(|call| call.who == *who);
                let mut tasks = inner.tasks.iter();
                let fresh = tasks.find(|(who, task)| task.work.is_some() && !waits(who));
                fresh.map(|(who, _)| *who)
            };
            match fresh {
                Some(who) => self.poll(who),
                None => return,
            }
        }
    }

    fn options(&self, is_answered: bool) -> Vec<(usize, Fate)> {
        let inner = self.0.borrow();
        let mut calls: Vec<_> = inner.calls.iter().collect();
        calls.sort_by_key(|call| (call.who, call.number));
        // Of what makes no difference when it is answered, and of what is left to do when everybody
        // has their answer, one order is as good as another. What nobody waits for is done in one go
        // when it is begun.
        let has_begun = |call: &Call| {
            let task = inner.tasks.get(&call.who);
            call.who.1 > 0 && task.is_some_and(|task| task.history != 0)
        };
        let is_alone = |call: &&&Call| call.asked.is_private || has_begun(call);
        let alone = match is_answered {
            true => calls.first(),
            false => calls.iter().find(is_alone),
        };
        if let Some(call) = alone {
            calls = vec![*call];
        }
        let may_fail = match inner.orders {
            Orders::All => false,
            Orders::InTrouble(most) => {
                let goes_on = calls.iter().any(|call| call.who.0 == inner.last);
                if goes_on && inner.held_up >= most {
                    calls.retain(|call| call.who.0 == inner.last);
                }
                inner.is_well && !is_answered
            }
        };
        let mut options = Vec::new();
        for call in calls {
            options.push((call.number, Fate::Fine));
            let is_in_background = call.who.1 > 0;
            let troubles = match call.asked.is_write && !is_in_background {
                _ if !may_fail => &Fate::NONE[..],
                true => &Fate::TROUBLES_OF_WRITES[..],
                false => &Fate::TROUBLES_OF_READS[..],
            };
            options.extend(troubles.iter().map(|fate| (call.number, *fate)));
        }
        options
    }

    fn choose(&self, number: usize, fate: Fate) {
        let who = {
            let inner = &mut *self.0.borrow_mut();
            let call = inner.calls.iter_mut().find(|call| call.number == number);
            let call = call.expect("it was among the options");
            call.fate = Some(fate);
            let who = call.who;
            inner.is_well &= fate == Fate::Fine;
            let last = inner.last;
            if who.0 != last && inner.calls.iter().any(|call| call.who.0 == last) {
                inner.held_up += 1;
            }
            inner.last = who.0;
            let call = inner.calls.iter().find(|call| call.number == number);
            let call = call.expect("it was among the options");
            inner.story.push((call.who, call.asked.what, fate));
            call.who
        };
        let dies = match fate {
            Fate::DiesBefore => {
                self.kill(who.0);
                return;
            }
            Fate::DiesAfter => true,
            _ => false,
        };
        self.poll(who);
        if dies {
            self.kill(who.0);
        }
    }

    /// Nothing that a request does goes on.
    fn kill(&self, request: usize) {
        let works: Vec<_> = {
            let inner = &mut *self.0.borrow_mut();
            inner.dead[request] = true;
            let tasks = inner.tasks.range_mut((request, 0)..=(request, usize::MAX));
            let works = tasks.filter_map(|(_, task)| {
                task.history = 0;
                task.work.take()
            });
            works.collect()
        };
        drop(works);
        self.0
            .borrow_mut()
            .calls
            .retain(|call| call.who.0 != request);
    }

    fn poll(&self, who: Who) {
        let work = {
            let inner = &mut *self.0.borrow_mut();
            inner.running = Some(who);
            inner.tasks.get_mut(&who).and_then(|task| task.work.take())
        };
        let Some(mut work) = work else {
            self.0.borrow_mut().running = None;
            return;
        };
        let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            let inner = &mut *self.0.borrow_mut();
            inner.running = None;
            if let Some(task) = inner.tasks.get_mut(&who) {
                task.work = Some(work);
            }
        } else {
            drop(work);
            self.0.borrow_mut().running = None;
        }
    }

    /// The calls in the order in which they were chosen.
    pub(super) fn story(&self) -> String {
        let inner = self.0.borrow();
        let line = |((request, part), what, fate): &(Who, &str, Fate)| match fate {
            Fate::Fine => format!("  request {request}.{part}: {what}\n"),
            fate => format!("  request {request}.{part}: {what} {fate:?}\n"),
        };
        inner.story.iter().map(line).collect()
    }
}

/// A call that was made: who no longer waits for it takes it back.
struct Made<'a>(&'a Executor, usize);

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if let Ok(mut inner) = self.0.0.try_borrow_mut() {
            inner.calls.retain(|call| call.number != self.1);
        }
    }
}
