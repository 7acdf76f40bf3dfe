use session_codec::Timestamp;
use session_store::{About, Framed, Kept, Record, RecordName, SessionStore, StoreError};
use worker::KvStore;

use super::{platform_error::failed, text::live};
use crate::settings::Tier;

/// KV refuses shorter lives; the frame keeps the real one.
const MIN_TTL_SECONDS: i64 = 60;

/// Records in Workers KV.
///
/// KV is eventually consistent: a write shows elsewhere after 60 seconds or more, and absence is
/// cached too. Records are immutable and every write has a new name, so the only thing that can
/// be seen is absence, never an older record.
pub(crate) struct KvRecords(KvStore);

impl KvRecords {
    pub(crate) const fn new(kv: KvStore) -> Self {
        Self(kv)
    }
}

impl SessionStore for KvRecords {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let octets = self.0.get(name.as_str()).bytes().await.map_err(failed)?;
        Ok(octets.and_then(|octets| live(Tier::Kv, octets, now)))
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = about.expires;
        let seconds = expires
            .seconds()
            .saturating_sub(now.seconds())
            .max(MIN_TTL_SECONDS);
        self.0
            .put_bytes(name.as_str(), &Framed::write(record, expires))
            .map_err(failed)?
            .expiration_ttl(seconds.unsigned_abs())
            .execute()
            .await
            .map_err(failed)
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.0.delete(name.as_str()).await.map_err(failed)
    }
}
