use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use session_codec::Timestamp;
use session_store::{About, Head, Kept, Record, RecordName, SessionStore, StoreError, Swapped};
use worker::Delay;

/// A page waits for a read, a second at most in all; a store that takes longer is as good as down.
pub(crate) const READ: Duration = Duration::from_secs(1);
/// Of that second the fast one of two stores gets this much, and no second try: the durable one
/// is its second try.
const FAST: Duration = Duration::from_millis(300);
/// And the durable one the rest.
const DURABLE: Duration = Duration::from_millis(700);
/// Writes confirm more slowly, and giving up means the session is not saved.
pub(crate) const PUT: Duration = Duration::from_millis(1500);
/// Nobody waits for a deletion.
const DELETE: Duration = Duration::from_secs(5);

/// A store whose answers come in time or not at all. Reads are tried twice within their limit, unless the
/// answer was a no; swaps as well: a swap that was done says so when it is repeated.
///
/// A write that is cut off may still arrive: under a new name, so it harms nothing and expires.
pub(crate) struct TimeLimit<S, T = Timers> {
    inner: S,
    timers: T,
    read: Duration,
    tries_twice: bool,
}

/// Where time passes.
pub(crate) trait Wait {
    /// Waits so long.
    fn wait(&self, time: Duration) -> impl Future<Output = ()>;
}

/// The platform's timers.
pub(crate) struct Timers;

impl Wait for Timers {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> {
        Delay::from(time)
    }
}

impl<S, T: Wait> TimeLimit<S, T> {
    /// The only store.
    pub(crate) const fn alone(inner: S, timers: T) -> Self {
        Self {
            inner,
            timers,
            read: READ,
            tries_twice: true,
        }
    }

    /// The first one to be asked.
    pub(crate) const fn fast(inner: S, timers: T) -> Self {
        Self {
            inner,
            timers,
            read: FAST,
            tries_twice: false,
        }
    }

    /// The one asked after the fast one.
    pub(crate) const fn durable(inner: S, timers: T) -> Self {
        Self {
            inner,
            timers,
            read: DURABLE,
            tries_twice: true,
        }
    }

    async fn read<A, F: Future<Output = Result<A, StoreError>>>(
        &self,
        limit: Duration,
        read: impl Fn() -> F,
    ) -> Result<A, StoreError> {
        let tries = async {
            match read().await {
                Err(StoreError::Refused { reason }) => Err(StoreError::Refused { reason }),
                Err(_) if self.tries_twice => read().await,
                answer => answer,
            }
        };
        self.within(limit, tries).await
    }

    async fn within<A>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<A, StoreError>>,
    ) -> Result<A, StoreError> {
        first(answer, self.timers.wait(limit)).await
    }
}

impl<S: SessionStore, T: Wait> SessionStore for TimeLimit<S, T> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.read(self.read, || self.inner.get(name, now)).await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.read(self.read, || self.inner.get_fresh(name, now))
            .await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.within(PUT, self.inner.put(name, record, about, now))
            .await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.within(DELETE, self.inner.delete(name)).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = || self.inner.swap_head(session, from, to, expires, now);
        self.read(PUT, swap).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.read(PUT, || self.inner.end_head(session, expires, now))
            .await
    }
}

/// An answer in time, or none.
pub(crate) async fn within<A>(
    limit: Duration,
    answer: impl Future<Output = Result<A, StoreError>>,
) -> Result<A, StoreError> {
    first(answer, Timers.wait(limit)).await
}

async fn first<A>(
    answer: impl Future<Output = Result<A, StoreError>>,
    end: impl Future<Output = ()>,
) -> Result<A, StoreError> {
    match select(pin!(answer), pin!(end)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => Err(StoreError::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    struct Never;

    impl Wait for Never {
        fn wait(&self, _: Duration) -> impl Future<Output = ()> {
            core::future::pending()
        }
    }

    #[test]
    fn what_failed_is_tried_again_and_what_was_refused_is_not() {
        let asked = Cell::new(0);
        let tries = |error: StoreError| {
            asked.set(0);
            let store = TimeLimit::alone((), Never);
            let read = || async {
                asked.set(asked.get() + 1);
                Err::<(), _>(error.clone())
            };
            assert_eq!(
                pollster::block_on(store.read(READ, read)),
                Err(error.clone())
            );
            asked.get()
        };
        let reason = || "because".into();
        assert_eq!(tries(StoreError::Unavailable { reason: reason() }), 2);
        assert_eq!(tries(StoreError::Refused { reason: reason() }), 1);
    }
}
