//! The stores as a site's requests meet them: with time limits and breakers, counted, and the cache in front.

use alloc::sync::Arc;
use core::time::Duration;

use session_codec::{StoreName, Timestamp};
use session_store::time_limit::{Limits, TimeLimit, Wait};
use session_store::{
    Committed, Head, HeadState, Layered, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord, Wrapped,
};

use crate::measures::{Measured, Measures};
use crate::settings::Settings;
use crate::stores::{BadAddress, Kept, Promises, Store};

mod also;
mod behind;
mod breaker;
mod hot;

pub use behind::Behind;
pub use breaker::Breaker;
pub use hot::Hot;

use also::Also;

/// A store that answers in time or not at all, is left alone while it is down, and is counted.
pub type Guarded = Wrapped<TimeLimit<Wrapped<Arc<Store>, Measured>, Timers>, Breaker>;

/// What requests are answered from.
pub struct Front {
    /// The store that decides.
    pub store: Arc<Store>,
    /// The one in front of it.
    pub cache: Option<Arc<Store>>,
    /// Writes that nobody waits for.
    pub behind: Behind,
    /// The one that sessions are being moved to.
    moving_to: Option<Arc<Store>>,
    also: Option<Also>,
    way: Way,
}

enum Way {
    Alone(Guarded),
    Layered(Layered<Hot<Guarded>, Guarded, Behind>),
}

impl Front {
    /// Makes the stores of the settings; nothing is opened yet.
    ///
    /// # Errors
    /// What is wrong with an address.
    pub fn new(settings: &Settings, measures: &Arc<Measures>) -> Result<Self, BadAddress> {
        let store = Arc::new(settings.store()?);
        let behind = Behind::new(Arc::clone(measures));
        let guard = |store: &Arc<Store>, name, limits| {
            let measured =
                Wrapped::new(Arc::clone(store), Measured::new(Arc::clone(measures), name));
            Wrapped::new(TimeLimit::new(measured, limits), Breaker::new())
        };
        let open = |address: &Option<_>| {
            let store = address
                .as_ref()
                .map(|address| Store::new(address, settings.connections));
            Ok::<_, BadAddress>(store.transpose()?.map(Arc::new))
        };
        let (cache, moving_to) = (open(&settings.cache)?, open(&settings.also_write)?);
        let way = match &cache {
            None => Way::Alone(guard(&store, "store", Limits::alone(Timers))),
            Some(cache) => Way::Layered(Layered::new(
                Hot::new(
                    guard(cache, "cache", Limits::fast(Timers)),
                    settings.cache_hot_only,
                ),
                guard(&store, "store", Limits::durable(Timers)),
                settings.policy(),
                behind.clone(),
            )),
        };
        let also = moving_to.as_ref().map(|to| {
            let to = guard(to, "also", Limits::alone(Timers));
            Also::new(Arc::clone(&store), to, Arc::clone(measures))
        });
        Ok(Self {
            store,
            cache,
            behind,
            moving_to,
            also,
            way,
        })
    }

    /// Opens the store that decides.
    ///
    /// # Errors
    /// If it cannot be opened in time; it may be tried again.
    pub async fn open(&self) -> Result<(), StoreError> {
        in_time(self.store.prepare()).await
    }

    /// Whether the store that decides answers, and the cache if there is one.
    pub async fn check(&self) -> (Result<(), StoreError>, Option<Result<(), StoreError>>) {
        let cache = async {
            match &self.cache {
                Some(cache) => Some(in_time(cache.check()).await),
                None => None,
            }
        };
        tokio::join!(in_time(self.store.check()), cache)
    }

    /// Opens those that no request has to wait for, unless they answer: a cache, and a store that sessions are moved to.
    pub async fn open_others(&self) {
        for (name, store) in [("cache", &self.cache), ("also", &self.moving_to)] {
            if let Some(store) = store
                && in_time(store.check()).await.is_err()
                && let Err(error) = in_time(store.prepare()).await
            {
                tracing::warn!(store = name, %error, "other_store_not_open");
            }
        }
    }

    /// What the store that decides can promise.
    #[must_use]
    pub fn promises(&self) -> Promises {
        self.store.promises()
    }
}

/// Asks whichever way it is.
macro_rules! either {
    ($self:ident, $store:ident => $call:expr) => {
        match &$self.way {
            Way::Alone($store) => $call,
            Way::Layered($store) => $call,
        }
    };
}

impl SessionStore for Front {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        either!(self, store => store.get(name, now).await)
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        either!(self, store => store.get_fresh(name, now).await)
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        either!(self, store => store.put(name, record, meta, now).await)?;
        if let Some(also) = &self.also {
            also.put(name, record, meta, now).await;
        }
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        either!(self, store => store.delete(name).await)?;
        if let Some(also) = &self.also {
            also.delete(name).await;
        }
        Ok(())
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let committed = either!(self, store => store.commit(proposal, now).await)?;
        if let (Some(also), Committed::Saved(_)) = (&self.also, &committed) {
            also.commit(proposal, now).await;
        }
        Ok(committed)
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        either!(self, store => store.head(session, now).await)
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let ended = either!(self, store => store.end(session, expires, now).await)?;
        if let Some(also) = &self.also {
            also.follow(session, expires, now).await;
        }
        Ok(ended)
    }
}

/// Time passes in tokio.
#[derive(Clone, Copy)]
pub struct Timers;

impl Wait for Timers {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> {
        tokio::time::sleep(time)
    }
}

/// How long a store may take to be opened or to say that it is well.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer, or that there was none in time.
async fn in_time(asked: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or(Err(StoreError::TimedOut))
}
