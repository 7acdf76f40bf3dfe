use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use session_store::StoreError;
use sqlx::Connection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::sql::failed;

/// Connections to a database. The library's own pool asks whether a connection is well before and after each use, which
/// costs round trips and, where nobody answers, the place in the pool; here one that failed, or whose caller gave up, is closed.
pub(crate) struct Pool<C: Connection> {
    options: C::Options,
    idle: Mutex<Vec<C>>,
    /// One for each connection there may be.
    places: Semaphore,
}

/// What came of a call, and the connection that it was made over.
pub(crate) type Asked<'a, C, T> = BoxFuture<'a, (C, Result<T, StoreError>)>;

impl<C: Connection> Pool<C> {
    pub(crate) fn new(options: C::Options, connections: u32) -> Self {
        Self {
            options,
            idle: Mutex::new(Vec::new()),
            places: Semaphore::new(connections as usize),
        }
    }

    /// Asks over a connection of its own, in the time that whoever asks waits. One that has been idle may have been closed
    /// meanwhile: then again, since whatever is asked here may be repeated.
    pub(crate) async fn with<'a, T>(
        &self,
        ask: impl Fn(C) -> Asked<'a, C, T> + Sync,
    ) -> Result<T, StoreError> {
        self.within(SOON, ask).await
    }

    /// The same for what an operator waits for.
    pub(crate) async fn patiently<'a, T>(
        &self,
        ask: impl Fn(C) -> Asked<'a, C, T> + Sync,
    ) -> Result<T, StoreError> {
        self.within(LATER, ask).await
    }

    async fn within<'a, T>(
        &self,
        time: Duration,
        ask: impl Fn(C) -> Asked<'a, C, T> + Sync,
    ) -> Result<T, StoreError> {
        let asked = async {
            let place = self.places.acquire().await;
            let _place = place.map_err(|_| StoreError::Unavailable {
                reason: "it is being closed".into(),
            })?;
            loop {
                let idle = self.take();
                let was_idle = idle.is_some();
                let connection = match idle {
                    Some(connection) => connection,
                    None => C::connect_with(&self.options).await.map_err(failed)?,
                };
                let (connection, told) = ask(connection).await;
                match told {
                    Ok(told) => {
                        self.give_back(connection);
                        return Ok(told);
                    }
                    Err(StoreError::Unavailable { .. }) if was_idle => {}
                    Err(error) => return Err(error),
                }
            }
        };
        timeout(time, asked)
            .await
            .map_err(|_| StoreError::TimedOut)?
    }

    fn take(&self) -> Option<C> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    fn give_back(&self, connection: C) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}

/// A call over a connection, which is given back with the answer.
macro_rules! over {
    ($connection:ident => $call:expr) => {
        |mut $connection| {
            let asked = async move {
                let told = $call.await;
                ($connection, told)
            };
            futures_util::FutureExt::boxed(asked)
        }
    };
}
pub(crate) use over;

/// Less than whoever asks waits, the connection included.
const SOON: Duration = Duration::from_millis(1_400);
const LATER: Duration = Duration::from_secs(60);
