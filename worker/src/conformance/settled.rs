use alloc::rc::Rc;
use core::{cell::RefCell, pin::Pin};

use session_codec::Timestamp;
use session_store::{
    About, Background, Head, Kept, LostWrite, Record, RecordName, SessionStore, StoreError, Swapped,
};

/// Work in the background that waits until somebody does it.
#[derive(Default)]
pub(super) struct Later(RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>);

/// A store whose work in the background is done before a call is over: the contract is about
/// what one caller sees who waits for each answer.
pub(super) struct Settled<S> {
    store: S,
    later: Rc<Later>,
}

impl<S> Settled<S> {
    pub(super) const fn new(store: S, later: Rc<Later>) -> Self {
        Self { store, later }
    }

    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        let answer = call.await;
        for task in self.later.0.take() {
            task.await;
        }
        answer
    }
}

impl Background for Later {
    fn run(&self, task: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().push(Box::pin(task));
    }

    async fn pause(&self, _: u32) {}

    fn failed(&self, _: LostWrite, error: &StoreError) {
        // The check that misses the write fails; this says why.
        crate::log::warn("conformance-background", &error.to_string().into());
    }
}

impl<S: SessionStore> SessionStore for Settled<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.call(self.store.get(name, now)).await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.call(self.store.get_fresh(name, now)).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(self.store.put(name, record, about, now)).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.call(self.store.delete(name)).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.store.swap_head(session, from, to, expires, now);
        self.call(swap).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(self.store.end_head(session, expires, now)).await
    }
}
