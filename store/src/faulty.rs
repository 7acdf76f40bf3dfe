use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::around::{Around, Call, Wrapped};
use crate::error::StoreError;
use crate::store::SessionStore;

/// A store whose failures are chosen: for testing what stands in front of a store.
pub type FaultyStore<S> = Wrapped<S, Faults>;

/// How every call of a [`FaultyStore`] fails until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call never reached the backend.
    BeforeEffect,
    /// The backend did it, and the answer was lost.
    AfterEffect,
}

/// Which fault there is now.
#[derive(Debug, Default)]
pub struct Faults(AtomicU8);

impl<S> FaultyStore<S> {
    /// Works as `inner` does until [`set_fault`](Self::set_fault).
    pub const fn of(inner: S) -> Self {
        Self::new(inner, Faults(AtomicU8::new(0)))
    }

    /// From now on every call fails so, or works again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let number = match fault {
            None => 0,
            Some(Fault::BeforeEffect) => 1,
            Some(Fault::AfterEffect) => 2,
        };
        self.front().0.store(number, Relaxed);
    }
}

impl Faults {
    fn now(&self) -> Option<Fault> {
        match self.0.load(Relaxed) {
            1 => Some(Fault::BeforeEffect),
            2 => Some(Fault::AfterEffect),
            _ => None,
        }
    }
}

impl Around for Faults {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        let unavailable = |reason: &str| {
            Err(StoreError::Unavailable {
                reason: reason.into(),
            })
        };
        match self.now() {
            None => call.make(store).await,
            Some(Fault::BeforeEffect) => unavailable("injected before the effect"),
            Some(Fault::AfterEffect) => {
                call.make(store).await?;
                unavailable("injected after the effect")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use session_codec::Timestamp;

    use session_codec::StoreName;

    use super::*;
    use crate::memory::MemoryStore;
    use crate::{Record, RecordMeta};

    #[test]
    fn a_lost_answer_leaves_the_effect_and_a_repeat_is_fine() {
        pollster::block_on(async {
            let store = FaultyStore::of(MemoryStore::new());
            let now = Timestamp::from_seconds(1);
            let later = RecordMeta::session_until(Timestamp::from_seconds(9));
            let (name, record) = (StoreName::new([1; 24]), Record::new(b"r".to_vec()).unwrap());

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
