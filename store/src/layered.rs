use alloc::sync::Arc;

use futures_util::join;
use session_codec::{StoreName, Timestamp};

use crate::error::StoreError;
use crate::head::{Head, HeadState};
use crate::proposal::{Committed, Proposal};
use crate::record::{Record, StoredRecord};
use crate::record_meta::{Kind, RecordMeta};
use crate::store::SessionStore;

/// A fast store in front of a durable one. The durable one decides: what it does not have is
/// absent, what it did not confirm is not kept, and heads and revocations are its alone.
pub struct Layered<F, D, B> {
    fast: Arc<F>,
    durable: Arc<D>,
    policy: Policy,
    background: B,
}

/// How the two stores share the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// What is confirmed before a write is.
    pub write: Write,
    /// Which records the fast store gets.
    pub select: Select,
}

/// What is confirmed before a write is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Write {
    /// The durable store; then the fast one gets it too, in the background, and may fail.
    #[default]
    Through,
    /// The fast store; the durable one gets it in the background. Faster, and what the fast store
    /// loses meanwhile is lost. Revocations are written through all the same, and so is a record
    /// whose session has a head: the durable store has to be asked about that one anyway, and
    /// whoever comes second must find there what is to be merged.
    Behind,
    /// The durable store alone; the fast one gets what is read.
    Aside,
}

/// Which records the fast store gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Select {
    /// Longest record, in bytes.
    pub max_bytes: usize,
    /// Only records of a known user.
    pub owned_only: bool,
}

impl Default for Select {
    fn default() -> Self {
        Self {
            max_bytes: Record::MAX_BYTES,
            owned_only: false,
        }
    }
}

impl Select {
    fn takes(&self, record: &Record, meta: Option<&RecordMeta>) -> bool {
        // Whose a record is, is not known when it is read back, but that somebody wants it is.
        let is_owned = meta.is_none_or(|meta| meta.owner.is_some());
        record.bytes().len() <= self.max_bytes && (is_owned || !self.owned_only)
    }
}

/// Where work goes that nobody waits for.
///
/// It is told what there is to do, and not given a future: whoever has threads can see that the
/// stores it names may move between them.
pub trait Background<F, D> {
    /// Runs a task to its end, after the answer if need be: [`Task::run`].
    fn run(&self, task: Task<F, D>);

    /// Waits before a write is tried again.
    fn pause(&self, seconds: u32) -> impl Future<Output = ()>;

    /// A write failed that nobody waits for: for the operator's counters and log.
    fn failed(&self, write: LostWrite, error: &StoreError);
}

/// A write that nobody waits for.
pub struct Task<F, D> {
    to: To<F, D>,
    name: StoreName,
    record: Record,
    meta: RecordMeta,
    now: Timestamp,
}

/// Which store a task writes to.
enum To<F, D> {
    Fast(Arc<F>),
    Durable(Arc<D>),
}

impl<F, D> Task<F, D> {
    /// What is lost if it is never run.
    #[must_use]
    pub const fn at_stake(&self) -> LostWrite {
        match self.to {
            To::Fast(_) => LostWrite::Fast,
            To::Durable(_) => LostWrite::Durable,
        }
    }
}

impl<F: SessionStore, D: SessionStore> Task<F, D> {
    /// Writes, and tells `background` what could not be written.
    pub async fn run(self, background: &impl Background<F, D>) {
        match &self.to {
            To::Fast(fast) => {
                if let Err(error) = self.put(fast).await {
                    background.failed(LostWrite::Fast, &error);
                }
            }
            To::Durable(durable) => {
                let mut written = self.put(durable).await;
                for seconds in RETRY_SECONDS {
                    if written.is_ok() {
                        return;
                    }
                    background.pause(seconds).await;
                    written = self.put(durable).await;
                }
                if let Err(error) = written {
                    background.failed(LostWrite::Durable, &error);
                }
            }
        }
    }

    async fn put(&self, store: &impl SessionStore) -> Result<(), StoreError> {
        let put = store.put(&self.name, &self.record, &self.meta, self.now);
        put.await
    }
}

/// A write that failed in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostWrite {
    /// The fast store lacks a record that the durable one has: slower, nothing else.
    Fast,
    /// The durable store lacks a record that the fast one has: it is lost with it.
    Durable,
}

impl<F, D, B> Layered<F, D, B> {
    /// `fast` in front of `durable`.
    pub fn new(fast: F, durable: D, policy: Policy, background: B) -> Self {
        Self {
            fast: Arc::new(fast),
            durable: Arc::new(durable),
            policy,
            background,
        }
    }

    /// The store that decides.
    pub fn durable(&self) -> &D {
        &self.durable
    }
}

impl<F: SessionStore, D, B> Layered<F, D, B> {
    /// Gives the fast store a record of the durable one before anybody asks for it; whether it is
    /// one that the policy selects.
    ///
    /// # Errors
    /// If the fast store did not take it. It is read from the durable one then.
    pub async fn warm(
        &self,
        name: &StoreName,
        kept: &StoredRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.policy.select.takes(&kept.record, None) {
            return Ok(false);
        }
        let meta = RecordMeta::session_until(kept.expires);
        self.fast.put(name, &kept.record, &meta, now).await?;
        Ok(true)
    }
}

/// Pauses before a write behind is tried again.
const RETRY_SECONDS: [u32; 3] = [1, 4, 10];

impl<F, D, B: Background<F, D>> Layered<F, D, B> {
    /// Gives the fast store what the durable one has; nobody waits for it.
    fn fill(&self, name: &StoreName, record: &Record, meta: RecordMeta, now: Timestamp) {
        self.later(To::Fast(Arc::clone(&self.fast)), name, record, meta, now);
    }

    fn later(
        &self,
        to: To<F, D>,
        name: &StoreName,
        record: &Record,
        meta: RecordMeta,
        now: Timestamp,
    ) {
        self.background.run(Task {
            to,
            name: *name,
            record: record.clone(),
            meta,
            now,
        });
    }

    fn takes(&self, record: &Record, meta: &RecordMeta) -> bool {
        meta.kind == Kind::Session && self.policy.select.takes(record, Some(meta))
    }
}

impl<F, D, B> SessionStore for Layered<F, D, B>
where
    F: SessionStore,
    D: SessionStore,
    B: Background<F, D>,
{
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let fast = match self.fast.get(name, now).await {
            Ok(Some(kept)) => return Ok(Some(kept)),
            fast => fast,
        };
        match self.durable.get(name, now).await? {
            Some(kept) => {
                if self.policy.select.takes(&kept.record, None) {
                    let meta = RecordMeta::session_until(kept.expires);
                    self.fill(name, &kept.record, meta, now);
                }
                Ok(Some(kept))
            }
            // It may be where nobody could look: written there, and not yet behind.
            None if self.policy.write == Write::Behind => fast,
            None => Ok(None),
        }
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.durable.get_fresh(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let selected = self.takes(record, meta);
        match self.policy.write {
            Write::Behind if selected => {
                self.fast.put(name, record, meta, now).await?;
                let durable = To::Durable(Arc::clone(&self.durable));
                self.later(durable, name, record, meta.clone(), now);
            }
            Write::Through if selected => {
                // Not both at once: what the durable one refuses must not be in the fast one.
                self.durable.put(name, record, meta, now).await?;
                self.fill(name, record, meta.clone(), now);
            }
            _ => self.durable.put(name, record, meta, now).await?,
        }
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let (fast, durable) = join!(self.fast.delete(name), self.durable.delete(name));
        durable.and(fast)
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let selected = proposal.record.as_ref();
        let selected = selected.filter(|new| self.takes(&new.record, &new.meta));
        if let (Write::Behind, Some(new), None) = (self.policy.write, selected, &proposal.head) {
            let listing = Proposal {
                record: None,
                ..proposal.clone()
            };
            let (put, committed) = join!(
                self.put(&new.name, &new.record, &new.meta, now),
                self.durable.commit(&listing, now)
            );
            put?;
            return committed;
        }
        let committed = self.durable.commit(proposal, now).await?;
        if let (Committed::Saved(_), Some(new)) = (&committed, selected)
            && self.policy.write != Write::Aside
        {
            self.fill(&new.name, &new.record, new.meta.clone(), now);
        }
        Ok(committed)
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        self.durable.head(session, now).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        self.durable.end(session, expires, now).await
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::cell::RefCell;

    use session_codec::OwnerName;

    use super::*;
    use crate::{Fault, FaultyStore, HeadMove, MemoryStore, NewRecord};

    /// Tasks wait until the test runs them.
    #[derive(Default)]
    struct Later {
        tasks: RefCell<Vec<Task<Memory, Memory>>>,
        failed: RefCell<Vec<LostWrite>>,
    }

    impl Later {
        fn run_all(&self) {
            for task in self.tasks.take() {
                pollster::block_on(task.run(self));
            }
        }
    }

    impl Background<Memory, Memory> for Later {
        fn run(&self, task: Task<Memory, Memory>) {
            self.tasks.borrow_mut().push(task);
        }

        async fn pause(&self, _: u32) {}

        fn failed(&self, write: LostWrite, _: &StoreError) {
            self.failed.borrow_mut().push(write);
        }
    }

    type Memory = FaultyStore<MemoryStore>;

    struct Stores {
        layered: Layered<Memory, Memory, Later>,
        name: StoreName,
        record: Record,
    }

    impl Stores {
        fn new(write: Write, select: Select) -> Self {
            let store = || FaultyStore::of(MemoryStore::new());
            let policy = Policy { write, select };
            Self {
                layered: Layered::new(store(), store(), policy, Later::default()),
                name: StoreName::new([1; 24]),
                record: Record::new(b"record".to_vec()).unwrap(),
            }
        }

        fn put(&self, meta: &RecordMeta) -> Result<(), StoreError> {
            pollster::block_on(self.layered.put(&self.name, &self.record, meta, NOW))
        }

        fn get(&self) -> Result<bool, StoreError> {
            let found = pollster::block_on(self.layered.get(&self.name, NOW))?;
            Ok(found.is_some_and(|found| found.record == self.record))
        }

        fn kept(&self) -> (usize, usize) {
            let Layered { fast, durable, .. } = &self.layered;
            (fast.inner().len(), durable.inner().len())
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn session_meta() -> RecordMeta {
        RecordMeta::session_until(Timestamp::from_seconds(NOW.seconds() + 7200))
    }

    #[test]
    fn through_is_confirmed_by_the_durable_store_alone() {
        let stores = Stores::new(Write::Through, Select::default());
        stores.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert!(stores.put(&session_meta()).is_err());
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (0, 0));

        stores.layered.durable.set_fault(None);
        stores.layered.fast.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(stores.put(&session_meta()), Ok(()));
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (0, 1));
        assert_eq!(
            *stores.layered.background.failed.borrow(),
            [LostWrite::Fast]
        );
        assert_eq!(stores.get(), Ok(true));
    }

    #[test]
    fn what_the_fast_store_lacks_is_read_from_the_durable_one_and_filled_in() {
        let stores = Stores::new(Write::Aside, Select::default());
        assert_eq!(stores.put(&session_meta()), Ok(()));
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (0, 1));
        assert_eq!(stores.get(), Ok(true));
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (1, 1));
        stores.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(stores.get(), Ok(true));
    }

    #[test]
    fn what_is_warmed_is_read_from_the_fast_store_if_it_is_selected() {
        for (max_bytes, warmed) in [(6, true), (5, false)] {
            let select = Select {
                max_bytes,
                owned_only: true,
            };
            let stores = Stores::new(Write::Aside, select);
            assert_eq!(stores.put(&session_meta()), Ok(()));
            let kept = pollster::block_on(stores.layered.durable().get(&stores.name, NOW));
            let kept = kept.unwrap().unwrap();
            let warm = stores.layered.warm(&stores.name, &kept, NOW);
            assert_eq!(pollster::block_on(warm), Ok(warmed));
            assert_eq!(stores.kept(), (usize::from(warmed), 1));
        }
    }

    #[test]
    fn absence_and_outage_are_told_apart() {
        let through = Stores::new(Write::Through, Select::default());
        through.layered.fast.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(through.get(), Ok(false));
        through.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert!(through.get().is_err());
        through.layered.fast.set_fault(None);
        assert!(through.get().is_err());

        let behind = Stores::new(Write::Behind, Select::default());
        assert_eq!(behind.get(), Ok(false));
        behind.layered.fast.set_fault(Some(Fault::BeforeEffect));
        assert!(behind.get().is_err());
    }

    #[test]
    fn behind_follows_and_says_when_it_gave_up() {
        let stores = Stores::new(Write::Behind, Select::default());
        assert_eq!(stores.put(&session_meta()), Ok(()));
        assert_eq!(stores.kept(), (1, 0));
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (1, 1));

        let stores = Stores::new(Write::Behind, Select::default());
        stores.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(stores.put(&session_meta()), Ok(()));
        stores.layered.background.run_all();
        assert_eq!(
            *stores.layered.background.failed.borrow(),
            [LostWrite::Durable]
        );
        assert_eq!(stores.get(), Ok(true));
    }

    #[test]
    fn revocations_are_the_durable_stores_alone() {
        for write in [Write::Through, Write::Behind, Write::Aside] {
            let stores = Stores::new(write, Select::default());
            let meta = RecordMeta::revocation_until(session_meta().expires);
            assert_eq!(stores.put(&meta), Ok(()));
            stores.layered.background.run_all();
            assert_eq!(stores.kept(), (0, 1), "{write:?}");
            let fresh = pollster::block_on(stores.layered.get_fresh(&stores.name, NOW));
            assert!(fresh.unwrap().is_some());
        }
    }

    #[test]
    fn only_what_is_selected_goes_into_the_fast_store() {
        let select = |max_bytes, owned_only| Select {
            max_bytes,
            owned_only,
        };
        let owned = RecordMeta {
            owner: Some(OwnerName::new([2; 24])),
            ..session_meta()
        };
        for (select, meta, kept) in [
            (select(6, false), session_meta(), (1, 1)),
            (select(5, false), session_meta(), (0, 1)),
            (select(6, true), session_meta(), (0, 1)),
            (select(6, true), owned, (1, 1)),
        ] {
            let stores = Stores::new(Write::Through, select);
            assert_eq!(stores.put(&meta), Ok(()));
            stores.layered.background.run_all();
            assert_eq!(stores.kept(), kept);
        }
    }

    #[test]
    fn a_record_with_a_head_is_never_written_behind_and_nothing_refused_is_in_the_fast_store() {
        for write in [Write::Through, Write::Behind] {
            let stores = Stores::new(write, Select::default());
            let session = StoreName::new([9; 24]);
            let proposal = |byte, from: Option<u8>| Proposal {
                record: Some(NewRecord {
                    name: StoreName::new([byte; 24]),
                    record: stores.record.clone(),
                    meta: session_meta(),
                }),
                head: Some(HeadMove {
                    session,
                    from: from.map(|byte| StoreName::new([byte; 24])),
                    to: Some(Head {
                        record: StoreName::new([byte; 24]),
                        cookie: "cookie".into(),
                    }),
                    expires: session_meta().expires,
                }),
                unless_ended: Vec::new(),
            };
            let commit = |proposal| pollster::block_on(stores.layered.commit(&proposal, NOW));
            assert!(matches!(commit(proposal(1, None)), Ok(Committed::Saved(_))));
            // The other tab comes at once, and finds what it has to merge.
            let Ok(Committed::Other(newest)) = commit(proposal(2, None)) else {
                panic!("{write:?}");
            };
            let found = pollster::block_on(stores.layered.get(&newest.head.record, NOW));
            assert!(found.unwrap().is_some(), "{write:?}");
            stores.layered.background.run_all();
            assert_eq!(stores.kept(), (1, 1), "{write:?}");
        }
    }

    #[test]
    fn a_deletion_takes_both() {
        let stores = Stores::new(Write::Through, Select::default());
        assert_eq!(stores.put(&session_meta()), Ok(()));
        stores.layered.background.run_all();
        pollster::block_on(stores.layered.delete(&stores.name)).unwrap();
        assert_eq!(stores.kept(), (0, 0));
    }
}
