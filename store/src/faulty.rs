use core::cell::Cell;

use session_codec::Timestamp;

use crate::about::About;
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
use crate::store::SessionStore;

/// A store whose failures are chosen: for testing what stands in front of a store.
pub struct FaultyStore<S> {
    inner: S,
    fault: Cell<Option<Fault>>,
}

/// How every call of a [`FaultyStore`] fails until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call never reached the backend.
    BeforeEffect,
    /// The backend did it, and the answer was lost.
    AfterEffect,
}

impl<S> FaultyStore<S> {
    /// Works as `inner` does until [`set_fault`](Self::set_fault).
    pub const fn new(inner: S) -> Self {
        Self {
            inner,
            fault: Cell::new(None),
        }
    }

    /// From now on every call fails so, or works again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.fault.set(fault);
    }

    /// The store behind.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    async fn call<T>(
        &self,
        effect: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let unavailable = |reason: &str| {
            Err(StoreError::Unavailable {
                reason: reason.into(),
            })
        };
        match self.fault.get() {
            None => effect.await,
            Some(Fault::BeforeEffect) => unavailable("injected before the effect"),
            Some(Fault::AfterEffect) => {
                effect.await?;
                unavailable("injected after the effect")
            }
        }
    }
}

impl<S: SessionStore> SessionStore for FaultyStore<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.call(self.inner.get(name, now)).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(self.inner.put(name, record, about, now)).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.call(self.inner.delete(name)).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.inner.swap_head(session, from, to, expires, now);
        self.call(swap).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(self.inner.end_head(session, expires, now)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;

    #[test]
    fn a_lost_answer_leaves_the_effect_and_a_repeat_is_fine() {
        pollster::block_on(async {
            let store = FaultyStore::new(MemoryStore::new());
            let now = Timestamp::from_seconds(1);
            let later = About::session_until(Timestamp::from_seconds(9));
            let (name, record) = (
                RecordName::new([1; 24]),
                Record::new(b"r".to_vec()).unwrap(),
            );

            store.set_fault(Some(Fault::BeforeEffect));
            let error = store.put(&name, &record, &later, now).await.unwrap_err();
            assert_eq!(error.label(), "unavailable");
            assert!(store.inner().is_empty());
            assert!(store.get(&name, now).await.is_err());

            store.set_fault(Some(Fault::AfterEffect));
            assert!(store.put(&name, &record, &later, now).await.is_err());
            assert_eq!(store.inner().len(), 1);

            store.set_fault(None);
            assert_eq!(store.put(&name, &record, &later, now).await, Ok(()));
            assert!(
                store
                    .get(&name, now)
                    .await
                    .unwrap()
                    .is_some_and(|kept| kept.record == record)
            );

            store.set_fault(Some(Fault::AfterEffect));
            assert!(store.delete(&name).await.is_err());
            assert!(store.inner().is_empty());
            store.set_fault(None);
            assert_eq!(store.delete(&name).await, Ok(()));
        });
    }
}
