//! Whatever is built of parts that threads may share can itself be used on threads, and parts that
//! they may not share are good for a single one.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::RefCell;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Background, Breaker, Circuit, FaultyStore, Head, HeadMove, Layered, LostWrite, MemoryStore,
    Policy, Proposal, Record, RecordMeta, SessionStore, StoreError, StoredRecord, Task,
};

type Guarded = Breaker<FaultyStore<MemoryStore>>;

/// As a server with threads does it: each task on a thread of its own.
#[derive(Clone, Copy)]
struct Threads;

impl Background<Guarded, Guarded> for Threads {
    fn run(&self, task: Task<Guarded, Guarded>) {
        let background = *self;
        let work = is_send(async move { task.run(&background).await });
        std::thread::spawn(|| pollster::block_on(work));
    }

    async fn pause(&self, _: u32) {}

    fn failed(&self, _: LostWrite, _: &StoreError) {}
}

fn is_send<T: Send + 'static>(work: T) -> T {
    work
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

async fn everything(store: impl SessionStore) -> Result<(), StoreError> {
    let name = StoreName::new([1; 24]);
    let record = Record::new(vec![1]).unwrap();
    let meta = RecordMeta::session_until(NOW.after(core::time::Duration::from_secs(9)));
    store.put(&name, &record, &meta, NOW).await?;
    store.get(&name, NOW).await?;
    store.get_fresh(&name, NOW).await?;
    let proposal = Proposal {
        head: Some(HeadMove {
            session: name,
            from: None,
            to: Some(Head {
                record: name,
                cookie: "cookie".into(),
            }),
            expires: meta.expires,
        }),
        unless_ended: vec![name],
        ..Proposal::default()
    };
    store.commit(&proposal, NOW).await?;
    store.head(&name, NOW).await?;
    store.end(&name, meta.expires, NOW).await?;
    store.delete(&name).await
}

#[test]
fn every_call_of_what_threads_may_share_moves_between_threads() {
    let part = || {
        let circuit = Arc::new(Circuit::new());
        Breaker::new(FaultyStore::of(MemoryStore::new()), circuit)
    };
    let layered = Arc::new(Layered::new(part(), part(), Policy::default(), Threads));
    let threads = core::array::from_fn::<_, 4, _>(|_| {
        let work = is_send(everything(Arc::clone(&layered)));
        std::thread::spawn(|| pollster::block_on(work))
    });
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Ok(()));
    }
}

/// A store that only one thread can use, as those of a Worker are.
#[derive(Default)]
struct OneThread(Rc<RefCell<Option<StoredRecord>>>);

impl SessionStore for OneThread {
    async fn get(&self, _: &StoreName, _: Timestamp) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.0.borrow().clone())
    }

    async fn put(
        &self,
        _: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let (record, expires) = (record.clone(), meta.expires);
        *self.0.borrow_mut() = Some(StoredRecord { record, expires });
        Ok(())
    }

    async fn delete(&self, _: &StoreName) -> Result<(), StoreError> {
        *self.0.borrow_mut() = None;
        Ok(())
    }
}

#[test]
fn what_one_thread_alone_can_use_is_a_store_as_well() {
    let guarded = Breaker::new(OneThread::default(), Arc::new(Circuit::new()));
    assert_eq!(pollster::block_on(everything(Rc::new(guarded))), Ok(()));
}
