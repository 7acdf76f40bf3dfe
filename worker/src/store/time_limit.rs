use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use session_codec::Timestamp;
use session_store::{About, Record, RecordName, SessionStore, StoreError};
use worker::Delay;

/// A page waits for this read; a store that takes longer is as good as down.
const GET: Duration = Duration::from_secs(1);
/// Writes confirm more slowly, and giving up means the session is not saved.
const PUT: Duration = Duration::from_millis(1500);
/// Nobody waits for a deletion.
const DELETE: Duration = Duration::from_secs(5);

/// A store whose answers come in time or not at all. Reads are tried twice within their limit.
///
/// A write that is cut off may still arrive: under a new name, so it harms nothing and expires.
pub(crate) struct TimeLimit<S>(pub(crate) S);

impl<S: SessionStore> SessionStore for TimeLimit<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let twice = async {
            match self.0.get(name, now).await {
                Err(_) => self.0.get(name, now).await,
                answer => answer,
            }
        };
        within(GET, twice).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        within(PUT, self.0.put(name, record, about, now)).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        within(DELETE, self.0.delete(name)).await
    }
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match select(pin!(answer), Delay::from(limit)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => Err(StoreError::TimedOut),
    }
}
