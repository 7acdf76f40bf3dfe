//! What a scenario is made of, and what is looked at in its end.

use alloc::rc::Rc;
use core::cell::RefCell;

use pollster::block_on;
use session_codec::{
    Codec, Config, KeyRing, Keys, Secret, Session, SessionData, StoreName, Timestamp, Workspace,
    config::Overflow, cookie::Budget, cookie::Lifetime,
};
use session_store::{Layered, MemoryStore, Policy, Proposal, RecordMeta, SessionStore};

use super::{
    executor::{Choices, Executor, Orders, Seen, digest},
    request::{Answer, KEYS, Kind, LARGE, Request, Source, Visitor, large, mark},
    stores::{Calls, Control, DURABLE, FAST, Later, Names, Plot, Recording, Turns, WORLD},
};
use crate::{
    gate::{Draft, Followed, Saved, delete_all, records_of_ended, save},
    revocation::Memory,
};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// So small a budget that a session need not be long to be spilled.
const BUDGET: u32 = 300;

pub(super) type Layers = Layered<Turns, Turns, Later>;

/// How the session is before the requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// It was spilled twice.
    Spilled,
    /// It was spilled, and fits its cookie again.
    Shrunk,
}

/// Which version of the ring each request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rings {
    /// Before, and after: keys, the first of which writes.
    versions: [&'static [u8]; 2],
    of: [usize; 3],
}

impl Rings {
    /// A key is added behind, or put in front, before, between and after the requests.
    pub(super) const ALL: [Self; 5] = [
        Self::new(&[1], &[1], [0, 0, 0]),
        Self::new(&[1], &[1, 2], [0, 1, 1]),
        Self::new(&[1], &[1, 2], [1, 0, 1]),
        Self::new(&[1, 2], &[2, 1], [0, 1, 0]),
        Self::new(&[1, 2], &[2, 1], [1, 0, 1]),
    ];

    const fn new(before: &'static [u8], after: &'static [u8], of: [usize; 3]) -> Self {
        Self {
            versions: [before, after],
            of,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) start: Start,
    pub(super) requests: [Request; 3],
    pub(super) rings: Rings,
    /// All are attempts of the same request, known by its mark; each writes its own key, so that it
    /// shows which of them was applied.
    pub(super) is_one_request: bool,
}

/// One execution of a scenario.
pub(super) struct World {
    scenario: Scenario,
    executor: Executor,
    before: Rc<Before>,
    stores: Rc<Layers>,
    /// The fast and the durable one.
    held: [Turns; 2],
    noted: Rc<Noted>,
}

/// What happened, as seen from outside.
#[derive(Default)]
struct Noted {
    answers: RefCell<[Option<Answer>; 3]>,
    begun: RefCell<[bool; 3]>,
    /// Whether the end had been confirmed when a request last committed something, and when it
    /// began.
    committed_late: RefCell<[bool; 3]>,
    begun_late: RefCell<[bool; 3]>,
    violation: RefCell<Option<String>>,
}

impl Noted {
    fn has_ended(&self) -> bool {
        let answers = self.answers.borrow();
        answers
            .iter()
            .flatten()
            .any(|answer| matches!(answer, Answer::Ended))
    }

    fn digest(&self) -> u64 {
        digest((&*self.committed_late.borrow(), &*self.begun_late.borrow()))
    }
}

/// The session before the requests came: the same in all executions.
struct Before {
    codecs: [Rc<Codec>; 2],
    proposals: Vec<Proposal>,
    /// Records that it left.
    deletions: Vec<StoreName>,
    cookies: Vec<String>,
    session: StoreName,
    listed: StoreName,
}

/// How something begins, by what it depends on.
type Begun = ((Start, Rings), Rc<Before>);

thread_local! {
    static BEFORE: RefCell<Vec<Begun>> = const { RefCell::new(Vec::new()) };
}

fn codec(keys: &[u8]) -> Rc<Codec> {
    let mut secrets = keys.iter().map(|byte| Secret::from_bytes([*byte; 32]));
    let ring = KeyRing::new(secrets.next().unwrap(), secrets.collect()).unwrap();
    let config = Config {
        overflow: Overflow::Spill,
        identify: true,
        budget: Budget::new(BUDGET).unwrap(),
        ..Config::default()
    };
    Rc::new(Codec::new(config, &Keys::sealing(ring)).unwrap())
}

impl Before {
    fn of(start: Start, rings: Rings) -> Rc<Self> {
        let known = BEFORE.with_borrow(|all| {
            let found = all.iter().find(|(of, _)| *of == (start, rings));
            found.map(|(_, before)| Rc::clone(before))
        });
        known.unwrap_or_else(|| {
            let before = Rc::new(Self::new(start, rings));
            BEFORE.with_borrow_mut(|all| all.push(((start, rings), Rc::clone(&before))));
            before
        })
    }

    fn new(start: Start, rings: Rings) -> Self {
        let codecs = rings.versions.map(codec);
        let first = &codecs[0];
        let store = Recording::default();
        let mut session = Session::new(NOW);
        let (mut cookies, mut deletions) = (Vec::new(), Vec::new());
        let mut base = SessionData::new();
        for round in 0..2 {
            let mut after = base.clone();
            let by = format!("before, {round}");
            for key in KEYS {
                after.insert(key, &by).unwrap();
            }
            match (start, round) {
                (Start::Shrunk, 1) => drop(after.remove(LARGE)),
                _ => after.insert(LARGE, &large(10 + round)).unwrap(),
            }
            session = session.with_data(after.clone());
            let draft = Draft {
                base: &base,
                base_issued: NOW,
                session: &session,
                patch: None,
                mark: None,
                issued: NOW,
                lifetime: Lifetime::BrowserSession,
                about: RecordMeta::session_until(NOW),
            };
            let nobody = None::<&Followed<'_, ()>>;
            let saved: Result<Saved, _> = block_on(save(first, Some(&store), nobody, draft, NOW));
            let saved = saved.unwrap();
            deletions.extend(saved.deletions);
            let cookie = saved.commit.set_cookie.value().to_owned();
            let workspace = &mut Workspace::new();
            let mut opened = first.open_value(cookie.as_bytes(), NOW, workspace).unwrap();
            block_on(crate::gate::load(first, &store, &mut opened, NOW)).unwrap();
            base = after;
            session = opened.session().clone();
            cookies.push(cookie);
        }
        let lineage = session.lineage();
        Self {
            session: first.head_name(lineage).unwrap(),
            listed: first.session_revocation(lineage).unwrap(),
            proposals: store.proposals.take(),
            deletions,
            cookies,
            codecs,
        }
    }
}

impl World {
    pub(super) fn new(scenario: Scenario, orders: Orders, control: Control) -> Self {
        let before = Before::of(scenario.start, scenario.rings);
        let executor = Executor::new(orders);
        let noted = Rc::new(Noted::default());
        let names = Rc::new(Names::default());
        let committing = Rc::clone(&noted);
        let committing: Rc<dyn Fn(usize)> = Rc::new(move |request| {
            let has_ended = committing.has_ended();
            if let Some(late) = committing.committed_late.borrow_mut().get_mut(request) {
                *late = has_ended;
            }
        });
        let requests = scenario.requests.iter();
        let plot = Plot {
            has_end: requests.clone().any(|request| request.kind == Kind::End),
            has_chain: requests
                .clone()
                .any(|request| matches!(request.source, Source::AnswerOf(_))),
        };
        let store = |calls: &'static Calls| Turns {
            store: Rc::new(MemoryStore::new()),
            executor: executor.clone(),
            names: Rc::clone(&names),
            control,
            committing: Rc::clone(&committing),
            calls,
            plot,
        };
        let (fast, durable) = (store(&FAST), store(&DURABLE));
        for proposal in &before.proposals {
            names.note(proposal, WORLD);
            block_on(durable.store.commit(proposal, NOW)).unwrap();
            if let Some(new) = &proposal.record {
                block_on(fast.store.put(&new.name, &new.record, &new.meta, NOW)).unwrap();
            }
        }
        for store in [&fast, &durable] {
            block_on(delete_all(&*store.store, before.deletions.clone()));
        }
        let (held, later) = ([fast.clone(), durable.clone()], Later(executor.clone()));
        let stores = Layered::new(fast, durable, Policy::default(), later);
        Self {
            scenario,
            executor,
            before,
            stores: Rc::new(stores),
            held,
            noted,
        }
    }

    /// Goes one way through it; whether that came to an end.
    pub(super) fn run(&self, choices: &mut Choices, seen: &mut Seen) -> bool {
        let stored = || {
            let Before {
                session, listed, ..
            } = &*self.before;
            let held = self.held.each_ref();
            let held = held.map(|store| block_on(store.contents(session, listed, NOW)));
            digest((held, self.noted.digest()))
        };
        let between = || {
            self.begin();
            self.is_answered()
        };
        self.executor.run(choices, seen, between, stored)
    }

    /// Whether every request is answered, or gone.
    fn is_answered(&self) -> bool {
        let answers = self.noted.answers.borrow();
        let mut numbers = answers.iter().zip(0..);
        numbers.all(|(answer, number)| answer.is_some() || self.executor.is_dead(number))
    }

    /// Begins each request whose cookie is there.
    fn begin(&self) {
        for (number, request) in self.scenario.requests.iter().enumerate() {
            let latest = || self.before.cookies.last().cloned();
            let cookie = match request.source {
                Source::Latest => latest(),
                Source::Older => self.before.cookies.first().cloned(),
                Source::AnswerOf(other) => match &self.noted.answers.borrow()[other] {
                    Some(Answer::Saved { cookie, .. }) => Some(cookie.clone()),
                    Some(_) => latest(),
                    None if self.executor.is_dead(other) => latest(),
                    None => None,
                },
            };
            let has_begun =
                core::mem::replace(&mut self.noted.begun.borrow_mut()[number], cookie.is_some());
            let Some(cookie) = cookie.filter(|_| !has_begun) else {
                continue;
            };
            self.noted.begun_late.borrow_mut()[number] = self.noted.has_ended();
            let visitor = Visitor {
                codec: Rc::clone(&self.before.codecs[self.scenario.rings.of[number]]),
                stores: Rc::clone(&self.stores),
                number,
                cookie,
                mark: self.scenario.is_one_request.then(mark),
            };
            let is_one = self.scenario.is_one_request;
            let (noted, kind) = (Rc::clone(&self.noted), request.kind);
            let (executor, stores) = (self.executor.clone(), Rc::clone(&self.stores));
            let names = Rc::clone(&self.held[1].names);
            self.executor.spawn(number, async move {
                let base = visitor.cookie.clone();
                let codec = Rc::clone(&visitor.codec);
                let (answer, left) = visitor.answer(kind).await;
                if let Err(told) = noted.check(&codec, number, &base, &answer, is_one) {
                    noted.violation.borrow_mut().get_or_insert(told);
                }
                noted.answers.borrow_mut()[number] = Some(answer);
                if !left.is_nothing() {
                    executor.spawn(number, async move {
                        let mut records = left.deletions;
                        if let Some((lineage, head)) = left.overtaken {
                            let others = records_of_ended(&codec, &*stores, &lineage, head, NOW);
                            records.extend(others.await);
                        }
                        // By who wrote them, not by names that are others every time.
                        names.sort(&mut records);
                        delete_all(&*stores, records).await;
                    });
                }
            });
        }
    }

    pub(super) fn violation(&self) -> Option<String> {
        self.noted.violation.borrow().clone()
    }

    pub(super) fn story(&self) -> String {
        let mut story = self.executor.story();
        for (number, answer) in self.noted.answers.borrow().iter().enumerate() {
            let answer = answer
                .as_ref()
                .map_or_else(|| "none".to_owned(), Answer::describe);
            story.push_str(&format!("  request {number} was answered: {answer}\n"));
        }
        story
    }

    /// All is well again: every cookie is tried, and changed once more.
    pub(super) fn look_back(&self) -> Result<(), String> {
        self.executor.finish();
        let answers = self.noted.answers.borrow().clone();
        let is_well = self.executor.is_well();
        let ends = |request: &Request| request.kind == Kind::End;
        let was_asked = self.scenario.requests.iter().any(ends);
        let has_ended = self.noted.has_ended();
        let mut cookies = self.before.cookies.clone();
        cookies.extend(answers.iter().flatten().filter_map(Answer::cookie));
        self.check_line(&cookies)?;
        for answer in answers.iter().flatten() {
            match answer {
                // Whoever looks while a session ends may find it there, and its record not.
                Answer::Unavailable if is_well && !was_asked => {
                    return Err("nothing failed, and it is said that a store did".to_owned());
                }
                Answer::MayHaveEnded if is_well => {
                    return Err("nothing failed, and nobody knows of an end".to_owned());
                }
                Answer::Revoked if !was_asked => {
                    return Err("it is said that a session has ended that nobody ended".to_owned());
                }
                Answer::Contested => return Err("two others are too many".to_owned()),
                Answer::Lost if !was_asked => return Err("a session is lost".to_owned()),
                _ => {}
            }
        }
        if has_ended && is_well && block_on(self.held[1].records(NOW)) > 0 {
            return Err("a session has ended, and a record of it is left".to_owned());
        }
        for (index, cookie) in cookies.iter().enumerate() {
            let codec = &self.before.codecs[1];
            let visitor = Visitor {
                codec: Rc::clone(codec),
                stores: Rc::clone(&self.stores),
                number: KEYS.len(),
                cookie: cookie.clone(),
                mark: None,
            };
            // Another isolate.
            let memory = Memory::new(alloc::sync::Arc::default(), (), 60);
            let found = block_on(visitor.read(&memory));
            if has_ended {
                if found.is_ok() {
                    return Err("a session that was ended is good again".to_owned());
                }
                continue;
            }
            if was_asked {
                continue;
            }
            let Ok(found) = found else {
                return Err("all is well, and a cookie that was handed out is not".to_owned());
            };
            // From the oldest, from which everything has to be found, and from the last.
            if index > 0 && index + 1 < cookies.len() {
                continue;
            }
            let (answer, _) = block_on(visitor.change(&memory, &found, Kind::Grow));
            let Answer::Saved { state, .. } = answer else {
                return Err("all is well, and nothing can be changed".to_owned());
            };
            check_whole(&state)?;
            if self.scenario.is_one_request {
                let was_saved = answers
                    .iter()
                    .flatten()
                    .any(|answer| matches!(answer, Answer::Saved { .. }));
                match applied(&state) {
                    0 if was_saved => return Err("a confirmed request is lost".to_owned()),
                    0 | 1 => continue,
                    _ => return Err("a request is applied twice".to_owned()),
                }
            }
            for ((key, number), answer) in KEYS.iter().zip(0..).zip(&answers) {
                let is_there = wrote(&state, key, number);
                match answer {
                    Some(Answer::Saved { .. }) if !is_there => {
                        return Err(format!("the change of {key} was confirmed, and is lost"));
                    }
                    Some(Answer::Contested | Answer::Read(_) | Answer::Revoked) if is_there => {
                        return Err(format!("the change of {key} was refused, and is there"));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// No two states of a session have the same place in its line.
    fn check_line(&self, cookies: &[String]) -> Result<(), String> {
        let revision = |cookie: &String| revision(&self.before.codecs[1], cookie);
        let mut places: Vec<_> = cookies.iter().map(revision).collect();
        places.sort_unstable();
        match places.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err("two cookies have the same place in the session's line".to_owned()),
            false => Ok(()),
        }
    }
}

impl Noted {
    /// What can be said of an answer at once.
    fn check(
        &self,
        codec: &Codec,
        number: usize,
        base: &str,
        answer: &Answer,
        is_one_request: bool,
    ) -> Result<(), String> {
        match answer {
            Answer::Saved { cookie, state } => {
                check_whole(state)?;
                if self.committed_late.borrow()[number] {
                    return Err("a session that was ended is handed out".to_owned());
                }
                match (is_one_request, applied(state)) {
                    (true, 1) => {}
                    (true, _) => return Err("a request is not applied once".to_owned()),
                    (false, _) if wrote(state, KEYS[number], number) => {}
                    (false, _) => return Err("an answer does not show its own change".to_owned()),
                }
                if revision(codec, cookie) <= revision(codec, base) {
                    return Err("a session's line begins again".to_owned());
                }
                self.check_not_older(base, state)
            }
            Answer::Read(state) => {
                check_whole(state)?;
                if self.begun_late.borrow()[number] {
                    return Err("a session that was ended is shown".to_owned());
                }
                self.check_not_older(base, state)
            }
            _ => Ok(()),
        }
    }

    /// Whoever comes with a cookie sees all that led to it.
    fn check_not_older(&self, base: &str, state: &SessionData) -> Result<(), String> {
        for answer in self.answers.borrow().iter().flatten() {
            let Answer::Saved { cookie, state: led } = answer else {
                continue;
            };
            let is_older = |(key, number): (&&str, usize)| {
                wrote(led, key, number) && !wrote(state, key, number)
            };
            if cookie == base && KEYS.iter().zip(0..).any(is_older) {
                return Err("a session is older than its cookie".to_owned());
            }
        }
        Ok(())
    }
}

fn revision(codec: &Codec, cookie: &str) -> u32 {
    let opened = codec.open_value(cookie.as_bytes(), NOW, &mut Workspace::new());
    opened.map_or(0, |opened| opened.lineage().revision())
}

/// Whether the value of a key is the one that this request gave it.
fn wrote(state: &SessionData, key: &str, number: usize) -> bool {
    state.value::<String>(key).unwrap() == Some(format!("by {number}"))
}

/// How many requests are in a state.
fn applied(state: &SessionData) -> usize {
    let keys = KEYS.iter().zip(0..);
    keys.filter(|(key, number)| wrote(state, key, *number))
        .count()
}

/// Each value is one that somebody wrote.
fn check_whole(state: &SessionData) -> Result<(), String> {
    for (key, number) in KEYS.iter().zip(0..) {
        let value = state.value::<String>(key).unwrap().unwrap_or_default();
        if !value.starts_with("before, ") && !wrote(state, key, number) {
            return Err(format!("{key} is {value:?}, which nobody wrote"));
        }
    }
    let text = state.value::<String>(LARGE).unwrap();
    let writers = (0..=KEYS.len()).chain([10, 11]);
    let is_whole = text.is_none_or(|text| writers.map(large).any(|whole| whole == text));
    match is_whole {
        true => Ok(()),
        false => Err("half of a change".to_owned()),
    }
}
