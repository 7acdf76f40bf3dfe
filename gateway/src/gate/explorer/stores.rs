//! Stores whose calls wait until they are chosen.

use alloc::{boxed::Box, collections::BTreeMap, rc::Rc};
use core::cell::RefCell;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Background, Committed, Head, HeadState, LostWrite, MemoryStore, Proposal, Record, RecordMeta,
    SessionStore, StoreError, StoredRecord, Task,
};

use super::executor::{Asked, Executor, Fate, digest};

/// Stores that are wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// Everything is right.
    None,
    /// Heads move from anything.
    SwapsBlindly,
    /// An end leaves the head as it is.
    LeavesHead,
}

/// What records and cookies are called in every execution alike: by who wrote them, and as which
/// one.
#[derive(Default)]
pub(super) struct Names {
    records: RefCell<BTreeMap<StoreName, Alike>>,
    cookies: RefCell<BTreeMap<Box<str>, Alike>>,
}

type Alike = (usize, usize);

impl Names {
    pub(super) fn note(&self, proposal: &Proposal, writer: usize) {
        if let Some(new) = &proposal.record {
            note(&mut self.records.borrow_mut(), new.name, writer);
        }
        if let Some(to) = proposal.head.as_ref().and_then(|change| change.to.as_ref()) {
            note(&mut self.cookies.borrow_mut(), to.cookie.clone(), writer);
        }
    }

    pub(super) fn sort(&self, names: &mut Vec<StoreName>) {
        names.sort_by_key(|name| self.record(name));
        names.dedup();
    }

    fn record(&self, name: &StoreName) -> Option<Alike> {
        self.records.borrow().get(name).copied()
    }

    fn head(&self, head: &Head) -> Option<Alike> {
        self.cookies.borrow().get(&head.cookie).copied()
    }
}

fn note<T: Ord>(known: &mut BTreeMap<T, Alike>, name: T, writer: usize) {
    let written = known.values().filter(|(by, _)| *by == writer).count();
    known.entry(name).or_insert((writer, written));
}

/// A store whose calls wait until they are chosen.
#[derive(Clone)]
pub(super) struct Turns {
    pub(super) store: Rc<MemoryStore>,
    pub(super) executor: Executor,
    pub(super) names: Rc<Names>,
    pub(super) control: Control,
    /// What happens when something is committed.
    pub(super) committing: Rc<dyn Fn(usize)>,
    pub(super) calls: &'static Calls,
    pub(super) plot: Plot,
}

/// What may happen in a scenario.
#[derive(Clone, Copy)]
pub(super) struct Plot {
    /// Some request ends the session; without it nothing is deleted, and nothing listed.
    pub(super) has_end: bool,
    /// Some request comes with what another was answered.
    pub(super) has_chain: bool,
}

const fn writing(what: &'static str) -> Asked {
    Asked {
        what,
        is_write: true,
        is_private: false,
    }
}

/// What the calls of a store are called.
pub(super) struct Calls {
    get: &'static str,
    get_fresh: &'static str,
    put: &'static str,
    delete: &'static str,
}

pub(super) const FAST: Calls = Calls {
    get: "fast get",
    get_fresh: "fast get_fresh",
    put: "fast put",
    delete: "fast delete",
};

pub(super) const DURABLE: Calls = Calls {
    get: "get",
    get_fresh: "get_fresh",
    put: "put",
    delete: "delete",
};

impl Turns {
    /// Waits for its turn, has the store do it, and says so.
    async fn call<T>(
        &self,
        asked: Asked,
        work: impl AsyncFnOnce() -> Result<T, StoreError>,
        answer: impl FnOnce(&T) -> u64,
    ) -> Result<T, StoreError> {
        let failed = || {
            Err(StoreError::Unavailable {
                reason: Box::from("chosen"),
            })
        };
        let fate = self.executor.turn(asked).await;
        let done = match fate {
            Fate::FailsBefore | Fate::DiesBefore => failed(),
            Fate::Fine => work().await,
            Fate::FailsAfter => work().await.and_then(|_| failed()),
            Fate::DiesAfter => {
                let _ = work().await;
                core::future::pending().await
            }
        };
        let told = done.as_ref().map(answer).map_err(StoreError::label);
        self.executor.answered((asked.what, told));
        done
    }

    /// Of records that are there, and of the list, nothing changes unless somebody ends the session;
    /// but what another request wrote comes into the fast store some time.
    fn reading(&self, what: &'static str) -> Asked {
        Asked {
            what,
            is_write: false,
            is_private: !self.plot.has_end && !self.plot.has_chain,
        }
    }

    fn told(&self, kept: Option<&StoredRecord>, name: &StoreName) -> u64 {
        // Of the list what is kept does not depend on who wrote it.
        digest((kept.is_some(), self.names.record(name)))
    }
}

impl SessionStore for Turns {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let get = async || self.store.get(name, now).await;
        let told = |kept: &Option<_>| self.told(kept.as_ref(), name);
        let asked = self.reading(self.calls.get);
        self.call(asked, get, told).await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let get = async || self.store.get_fresh(name, now).await;
        let told = |kept: &Option<_>| self.told(kept.as_ref(), name);
        let asked = self.reading(self.calls.get_fresh);
        self.call(asked, get, told).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = async || self.store.put(name, record, meta, now).await;
        let told = |_: &()| digest(self.names.record(name));
        let asked = Asked {
            // What is put into the fast store is asked for by whoever comes with its cookie.
            is_private: !self.plot.has_end && !self.plot.has_chain,
            ..writing(self.calls.put)
        };
        self.call(asked, put, told).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let delete = async || self.store.delete(name).await;
        let told = |_: &()| digest(self.names.record(name));
        self.call(writing(self.calls.delete), delete, told).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let request = self.executor.running();
        self.names.note(proposal, request.unwrap_or(WORLD));
        let commit = async || {
            (self.committing)(request.unwrap_or(WORLD));
            let committed = self.store.commit(proposal, now).await?;
            match (committed, &proposal.head) {
                (Committed::Other(newest), Some(change))
                    if self.control == Control::SwapsBlindly =>
                {
                    let mut blind = proposal.clone();
                    let mut change = change.clone();
                    change.from = Some(newest.head.record);
                    blind.head = Some(change);
                    self.store.commit(&blind, now).await
                }
                (committed, _) => Ok(committed),
            }
        };
        let told = |committed: &Committed| match committed {
            Committed::Saved(saved) => {
                digest((0, Vec::from_iter(saved.listed.iter().map(Option::is_some))))
            }
            Committed::Other(newest) => {
                digest((1, self.names.head(&newest.head), newest.record.is_some()))
            }
            Committed::Ended => 2,
        };
        self.call(writing("commit"), commit, told).await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let head = async || self.store.head(session, now).await;
        let told = |state: &HeadState| self.head_digest(state);
        let asked = Asked {
            is_private: false,
            ..self.reading("head")
        };
        self.call(asked, head, told).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let end = async || match self.control {
            Control::LeavesHead => Ok(None),
            _ => self.store.end(session, expires, now).await,
        };
        let told = |head: &Option<Head>| digest(head.as_ref().map(|head| self.names.head(head)));
        self.call(writing("end"), end, told).await
    }
}

impl Turns {
    fn head_digest(&self, state: &HeadState) -> u64 {
        match state {
            HeadState::Absent => 0,
            HeadState::Ended => 1,
            HeadState::NotKept => 2,
            HeadState::At(newest) => {
                digest((self.names.head(&newest.head), newest.record.is_some()))
            }
        }
    }

    /// What it holds of these names.
    pub(super) async fn contents(
        &self,
        session: &StoreName,
        listed: &StoreName,
        now: Timestamp,
    ) -> u64 {
        let names = self.names.records.borrow().clone();
        let mut held = Vec::new();
        for (name, writer) in &names {
            held.push((*writer, self.holds(name, now).await));
        }
        held.sort_unstable();
        let is_listed = self.holds(listed, now).await;
        let head = self.store.head(session, now).await;
        let head = head.map_or(0, |state| self.head_digest(&state));
        digest((held, is_listed, head))
    }

    pub(super) async fn holds(&self, name: &StoreName, now: Timestamp) -> bool {
        matches!(self.store.get(name, now).await, Ok(Some(_)))
    }

    /// How many records there are of the session.
    pub(super) async fn records(&self, now: Timestamp) -> usize {
        let names = self.names.records.borrow().clone();
        let mut records = 0;
        for name in names.keys() {
            records += usize::from(self.holds(name, now).await);
        }
        records
    }
}

/// Who wrote what was there before.
pub(super) const WORLD: usize = usize::MAX;

/// What nobody waits for is chosen as well.
pub(super) struct Later(pub(super) Executor);

impl Background<Turns, Turns> for Later {
    fn run(&self, task: Task<Turns, Turns>) {
        let Some(request) = self.0.running() else {
            return;
        };
        let later = Self(self.0.clone());
        self.0.spawn(request, async move { task.run(&later).await });
    }

    async fn pause(&self, _: u32) {}

    fn failed(&self, _: LostWrite, _: &StoreError) {}
}

/// Remembers what was committed.
#[derive(Default)]
pub(super) struct Recording {
    store: MemoryStore,
    pub(super) proposals: RefCell<Vec<Proposal>>,
}

impl SessionStore for Recording {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.store.get(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.put(name, record, meta, now).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.store.delete(name).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        self.proposals.borrow_mut().push(proposal.clone());
        self.store.commit(proposal, now).await
    }
}
