use session_codec::Timestamp;
use session_store::StoreError;

use super::cache::{Cache, Cached};
use super::text::Texts;
use super::{Replaced, Row, SessionKey, pickle};

/// Django's backend `cache`: what is kept is no signed text but the session itself, pickled. Here it is signed for
/// the Worker, which verifies all it reads.
pub(super) struct CachedSessions {
    cache: Cache,
    texts: Texts,
}

impl CachedSessions {
    pub(super) const fn new(cache: Cache, texts: Texts) -> Self {
        Self { cache, texts }
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Row>, StoreError> {
        let Some(Cached { value, left, .. }) = self.cache.get(key).await? else {
            return Ok(None);
        };
        let session = pickle::read(&value).map_err(unreadable)?;
        let data = self
            .texts
            .write(&session, now)
            .ok_or_else(|| unreadable(pickle::NOT_JSON))?;
        let expires = now.seconds().saturating_add(left.unwrap_or(FOR_GOOD));
        Ok(Some(Row { data, expires }))
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let Some((from, to)) = self.texts.read(from, now).zip(self.texts.read(to, now)) else {
            return Ok(Replaced::Unfit);
        };
        let Some(seen) = self.cache.get(key).await? else {
            return Ok(Replaced::Gone);
        };
        let there = pickle::read(&seen.value).map_err(unreadable)?;
        if there == to {
            return Ok(Replaced::Done);
        }
        if there != from {
            return Ok(Replaced::Changed);
        }
        let Some(value) = pickle::write(&to) else {
            return Ok(Replaced::Unfit);
        };
        let is_done = self.cache.swap(key, &seen, &value, now).await?;
        Ok(if is_done {
            Replaced::Done
        } else {
            Replaced::Changed
        })
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.cache.delete(key).await
    }
}

fn unreadable(why: pickle::Unreadable) -> StoreError {
    StoreError::Refused {
        reason: format!("a session in the cache is not read: {why}").into(),
    }
}

/// A session without an end has 400 days, which browsers give a cookie at most.
const FOR_GOOD: i64 = 400 * 86_400;
