use alloc::sync::Arc;
use core::time::Duration;

use session_store::{Background, LostWrite, StoreError, Task};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::{Guarded, Hot};
use crate::measures::Measures;
use crate::traces;

/// Writes in the background at once: more would be memory without bound.
const AT_ONCE: u32 = 4096;

/// Writes that nobody waits for, each a task.
#[derive(Clone)]
pub struct Behind {
    measures: Arc<Measures>,
    places: Arc<Semaphore>,
}

impl Behind {
    /// None is under way.
    #[must_use]
    pub fn new(measures: Arc<Measures>) -> Self {
        Self {
            measures,
            places: Arc::new(Semaphore::new(AT_ONCE as usize)),
        }
    }

    /// Waits until none is under way, and takes no more.
    pub async fn end(&self) {
        // It is closed by nobody.
        let _ = self.places.acquire_many(AT_ONCE).await;
    }
}

impl Background<Hot<Guarded>, Guarded> for Behind {
    fn run(&self, task: Task<Hot<Guarded>, Guarded>) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let reason = "too many writes wait already".into();
            return self.failed(task.at_stake(), &StoreError::Unavailable { reason });
        };
        let background = self.clone();
        let work = async move {
            task.run(&background).await;
            drop(place);
        };
        tokio::spawn(work.instrument(traces::behind()));
    }

    async fn pause(&self, seconds: u32) {
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    }

    fn failed(&self, write: LostWrite, error: &StoreError) {
        let store = match write {
            LostWrite::Fast => "cache",
            LostWrite::Durable => "store",
        };
        self.measures
            .lost_writes
            .get_or_create(&vec![("store", store)])
            .inc();
        // What the cache lacks is read from the store, which has it.
        match write {
            LostWrite::Fast => tracing::debug!(store, %error, "lost_write"),
            LostWrite::Durable => tracing::error!(store, %error, "lost_write"),
        }
    }
}
