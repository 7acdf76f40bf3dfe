use core::time::Duration;

use session_store::{
    StoreError,
    time_limit::{self, Wait},
};
use worker::Delay;

/// The platform's timers.
pub(crate) struct Timers;

impl Wait for Timers {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> {
        Delay::from(time)
    }
}

/// An answer in time, or none.
pub(crate) async fn within<A>(
    limit: Duration,
    answer: impl Future<Output = Result<A, StoreError>>,
) -> Result<A, StoreError> {
    time_limit::within(limit, &Timers, answer).await
}
