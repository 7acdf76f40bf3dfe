use alloc::rc::Rc;

use session_codec::Timestamp;

use crate::about::{About, Kind};
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
use crate::store::SessionStore;

/// A fast store in front of a durable one. The durable one decides: what it does not have is
/// absent, what it did not confirm is not kept, and heads and revocations are its alone.
pub struct Layered<F, D, B> {
    fast: Rc<F>,
    durable: Rc<D>,
    policy: Policy,
    background: Rc<B>,
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
    /// loses meanwhile is lost. Revocations are written through all the same.
    Behind,
    /// The durable store alone; the fast one gets what is read.
    Aside,
}

/// Which records the fast store gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Select {
    /// Longest record, in octets.
    pub max_octets: usize,
    /// Only records of a known user.
    pub owned_only: bool,
}

impl Default for Select {
    fn default() -> Self {
        Self {
            max_octets: Record::MAX_OCTETS,
            owned_only: false,
        }
    }
}

impl Select {
    fn takes(&self, record: &Record, about: Option<&About>) -> bool {
        // Whose a record is, is not known when it is read back, but that somebody wants it is.
        let is_owned = about.is_none_or(|about| about.owner.is_some());
        record.octets().len() <= self.max_octets && (is_owned || !self.owned_only)
    }
}

/// Where work goes that nobody waits for.
pub trait Background {
    /// Runs a task to its end, after the answer if need be.
    fn run(&self, task: impl Future<Output = ()> + 'static);

    /// Waits before a write is tried again.
    fn pause(&self, seconds: u32) -> impl Future<Output = ()>;

    /// A write failed that nobody waits for: for the operator's counters and log.
    fn failed(&self, write: LostWrite, error: &StoreError);
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
    pub const fn new(fast: Rc<F>, durable: Rc<D>, policy: Policy, background: Rc<B>) -> Self {
        Self {
            fast,
            durable,
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
        name: &RecordName,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.policy.select.takes(&kept.record, None) {
            return Ok(false);
        }
        let about = About::session_until(kept.expires);
        self.fast.put(name, &kept.record, &about, now).await?;
        Ok(true)
    }
}

/// Pauses before a write behind is tried again.
const RETRY_SECONDS: [u32; 3] = [1, 4, 10];

impl<F, D, B> Layered<F, D, B>
where
    F: SessionStore + 'static,
    D: SessionStore + 'static,
    B: Background + 'static,
{
    /// Gives the fast store what the durable one has; nobody waits for it.
    fn fill(&self, name: &RecordName, record: &Record, about: About, now: Timestamp) {
        let (name, record) = (name.clone(), record.clone());
        let (fast, background) = (Rc::clone(&self.fast), Rc::clone(&self.background));
        self.background.run(async move {
            if let Err(error) = fast.put(&name, &record, &about, now).await {
                background.failed(LostWrite::Fast, &error);
            }
        });
    }

    fn write_behind(&self, name: &RecordName, record: &Record, about: &About, now: Timestamp) {
        let (name, record, about) = (name.clone(), record.clone(), about.clone());
        let (durable, background) = (Rc::clone(&self.durable), Rc::clone(&self.background));
        self.background.run(async move {
            let mut written = durable.put(&name, &record, &about, now).await;
            for seconds in RETRY_SECONDS {
                if written.is_ok() {
                    return;
                }
                background.pause(seconds).await;
                written = durable.put(&name, &record, &about, now).await;
            }
            if let Err(error) = written {
                background.failed(LostWrite::Durable, &error);
            }
        });
    }
}

impl<F, D, B> SessionStore for Layered<F, D, B>
where
    F: SessionStore + 'static,
    D: SessionStore + 'static,
    B: Background + 'static,
{
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let fast = match self.fast.get(name, now).await {
            Ok(Some(kept)) => return Ok(Some(kept)),
            fast => fast,
        };
        match self.durable.get(name, now).await? {
            Some(kept) => {
                if self.policy.select.takes(&kept.record, None) {
                    let about = About::session_until(kept.expires);
                    self.fill(name, &kept.record, about, now);
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
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.durable.get_fresh(name, now).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let selected = about.kind == Kind::Session && self.policy.select.takes(record, Some(about));
        match self.policy.write {
            Write::Behind if selected => {
                self.fast.put(name, record, about, now).await?;
                self.write_behind(name, record, about, now);
            }
            Write::Through if selected => {
                // Not both at once: what the durable one refuses must not be in the fast one.
                self.durable.put(name, record, about, now).await?;
                self.fill(name, record, about.clone(), now);
            }
            _ => self.durable.put(name, record, about, now).await?,
        }
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let (fast, durable) =
            futures_util::join!(self.fast.delete(name), self.durable.delete(name));
        durable.and(fast)
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.durable.swap_head(session, from, to, expires, now);
        swap.await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.durable.end_head(session, expires, now).await
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use core::cell::RefCell;
    use core::pin::Pin;

    use super::*;
    use crate::{Fault, FaultyStore, MemoryStore};

    /// Tasks wait until the test runs them.
    #[derive(Default)]
    struct Later {
        tasks: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
        failed: RefCell<Vec<LostWrite>>,
    }

    impl Later {
        fn run_all(&self) {
            for task in self.tasks.take() {
                pollster::block_on(task);
            }
        }
    }

    impl Background for Later {
        fn run(&self, task: impl Future<Output = ()> + 'static) {
            self.tasks.borrow_mut().push(Box::pin(task));
        }

        async fn pause(&self, _: u32) {}

        fn failed(&self, write: LostWrite, _: &StoreError) {
            self.failed.borrow_mut().push(write);
        }
    }

    type Memory = FaultyStore<MemoryStore>;

    struct Stores {
        layered: Layered<Memory, Memory, Later>,
        name: RecordName,
        record: Record,
    }

    impl Stores {
        fn new(write: Write, select: Select) -> Self {
            let store = || Rc::new(FaultyStore::new(MemoryStore::new()));
            let policy = Policy { write, select };
            Self {
                layered: Layered::new(store(), store(), policy, Rc::default()),
                name: RecordName::new([1; 24]),
                record: Record::new(b"record".to_vec()).unwrap(),
            }
        }

        fn put(&self, about: &About) -> Result<(), StoreError> {
            pollster::block_on(self.layered.put(&self.name, &self.record, about, NOW))
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

    fn session() -> About {
        About::session_until(Timestamp::from_seconds(NOW.seconds() + 7200))
    }

    #[test]
    fn through_is_confirmed_by_the_durable_store_alone() {
        let stores = Stores::new(Write::Through, Select::default());
        stores.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert!(stores.put(&session()).is_err());
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (0, 0));

        stores.layered.durable.set_fault(None);
        stores.layered.fast.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(stores.put(&session()), Ok(()));
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
        assert_eq!(stores.put(&session()), Ok(()));
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
        for (max_octets, warmed) in [(6, true), (5, false)] {
            let select = Select {
                max_octets,
                owned_only: true,
            };
            let stores = Stores::new(Write::Aside, select);
            assert_eq!(stores.put(&session()), Ok(()));
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
        assert_eq!(stores.put(&session()), Ok(()));
        assert_eq!(stores.kept(), (1, 0));
        stores.layered.background.run_all();
        assert_eq!(stores.kept(), (1, 1));

        let stores = Stores::new(Write::Behind, Select::default());
        stores.layered.durable.set_fault(Some(Fault::BeforeEffect));
        assert_eq!(stores.put(&session()), Ok(()));
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
            let about = About::revocation_until(session().expires);
            assert_eq!(stores.put(&about), Ok(()));
            stores.layered.background.run_all();
            assert_eq!(stores.kept(), (0, 1), "{write:?}");
            let fresh = pollster::block_on(stores.layered.get_fresh(&stores.name, NOW));
            assert!(fresh.unwrap().is_some());
        }
    }

    #[test]
    fn only_what_is_selected_goes_into_the_fast_store() {
        let select = |max_octets, owned_only| Select {
            max_octets,
            owned_only,
        };
        let owned = About {
            owner: Some([2; 24]),
            ..session()
        };
        for (select, about, kept) in [
            (select(6, false), session(), (1, 1)),
            (select(5, false), session(), (0, 1)),
            (select(6, true), session(), (0, 1)),
            (select(6, true), owned, (1, 1)),
        ] {
            let stores = Stores::new(Write::Through, select);
            assert_eq!(stores.put(&about), Ok(()));
            stores.layered.background.run_all();
            assert_eq!(stores.kept(), kept);
        }
    }

    #[test]
    fn a_deletion_takes_both() {
        let stores = Stores::new(Write::Through, Select::default());
        assert_eq!(stores.put(&session()), Ok(()));
        stores.layered.background.run_all();
        pollster::block_on(stores.layered.delete(&stores.name)).unwrap();
        assert_eq!(stores.kept(), (0, 0));
    }
}
