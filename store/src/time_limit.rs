//! Stores that answer in time or not at all.

use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};

use crate::around::{Around, Call, Method, Wrapped};
use crate::error::StoreError;
use crate::store::SessionStore;

/// A page waits for a read, a second at most in all; a store that takes longer is as good as down.
pub const READ: Duration = Duration::from_secs(1);
/// Of that second the fast one of two stores gets this much, and no second try: the durable one
/// is its second try.
const FAST: Duration = Duration::from_millis(300);
/// And the durable one the rest.
const DURABLE: Duration = Duration::from_millis(700);
/// Writes confirm more slowly, and giving up means the session is not saved.
pub const PUT: Duration = Duration::from_millis(1500);
/// Nobody waits for a deletion.
const DELETE: Duration = Duration::from_secs(5);

/// A store whose answers come in time or not at all. Reads are tried twice within their limit, unless the
/// answer was a no; commits as well: one that was done says so when it is repeated.
///
/// A write that is cut off may still arrive: under a new name, so it harms nothing and expires.
pub type TimeLimit<S, T> = Wrapped<S, Limits<T>>;

/// How long each call may take.
pub struct Limits<T> {
    timers: T,
    read: Duration,
    tries_twice: bool,
}

/// Where time passes.
pub trait Wait {
    /// Waits so long.
    fn wait(&self, time: Duration) -> impl Future<Output = ()>;
}

impl<T: Wait> Limits<T> {
    /// Of the only store.
    pub const fn alone(timers: T) -> Self {
        Self {
            timers,
            read: READ,
            tries_twice: true,
        }
    }

    /// Of the first one to be asked.
    pub const fn fast(timers: T) -> Self {
        Self {
            timers,
            read: FAST,
            tries_twice: false,
        }
    }

    /// Of the one asked after the fast one.
    pub const fn durable(timers: T) -> Self {
        Self {
            timers,
            read: DURABLE,
            tries_twice: true,
        }
    }

    async fn twice<C: Call, S: SessionStore>(
        &self,
        limit: Duration,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        let tries = async {
            match call.make(store).await {
                Err(StoreError::Refused { reason }) => Err(StoreError::Refused { reason }),
                Err(_) if self.tries_twice => call.make(store).await,
                answer => answer,
            }
        };
        first(tries, self.timers.wait(limit)).await
    }
}

impl<T: Wait> Around for Limits<T> {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        match call.method() {
            Method::Get | Method::GetFresh | Method::Head => {
                self.twice(self.read, call, store).await
            }
            Method::Commit | Method::End => self.twice(PUT, call, store).await,
            Method::Put => first(call.make(store), self.timers.wait(PUT)).await,
            Method::Delete => first(call.make(store), self.timers.wait(DELETE)).await,
        }
    }
}

/// An answer in time, or none.
///
/// # Errors
/// That of the answer, or [`StoreError::TimedOut`].
pub async fn within<A>(
    limit: Duration,
    timers: &impl Wait,
    answer: impl Future<Output = Result<A, StoreError>>,
) -> Result<A, StoreError> {
    first(answer, timers.wait(limit)).await
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

    use session_codec::Timestamp;

    use super::*;
    use session_codec::StoreName;

    use crate::MemoryStore;

    struct Never;

    impl Wait for Never {
        fn wait(&self, _: Duration) -> impl Future<Output = ()> {
            core::future::pending()
        }
    }

    struct Fails(StoreError, Cell<i32>);

    impl Around for Fails {
        async fn around<C: Call, S: SessionStore>(
            &self,
            _: &C,
            _: &S,
        ) -> Result<C::Answer, StoreError> {
            self.1.set(self.1.get() + 1);
            Err(self.0.clone())
        }
    }

    #[test]
    fn what_failed_is_tried_again_and_what_was_refused_is_not() {
        let (name, now) = (StoreName::new([1; 24]), Timestamp::from_seconds(1));
        let tries = |error: StoreError| {
            let fails = Wrapped::new(MemoryStore::new(), Fails(error.clone(), Cell::new(0)));
            let store = TimeLimit::new(fails, Limits::alone(Never));
            assert_eq!(pollster::block_on(store.get(&name, now)).err(), Some(error));
            store.inner().front().1.get()
        };
        let reason = || "because".into();
        assert_eq!(tries(StoreError::Unavailable { reason: reason() }), 2);
        assert_eq!(tries(StoreError::Refused { reason: reason() }), 1);
    }
}
