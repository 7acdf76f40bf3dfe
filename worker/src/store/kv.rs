use session_codec::{StoreName, Timestamp};
use session_store::{Framed, Record, RecordMeta, SessionStore, StoreError, StoredRecord};
use worker::KvStore;

use super::{platform_error::failed, text::live};
use crate::tier::Tier;

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
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let bytes = self.0.get(&name.to_text()).bytes().await.map_err(failed)?;
        Ok(bytes.and_then(|bytes| live(Tier::Kv, bytes, now)))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        about: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = about.expires;
        let seconds = expires
            .seconds()
            .saturating_sub(now.seconds())
            .max(MIN_TTL_SECONDS);
        self.0
            .put_bytes(&name.to_text(), &Framed::write(record, expires))
            .map_err(failed)?
            .expiration_ttl(seconds.unsigned_abs())
            .execute()
            .await
            .map_err(failed)
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.0.delete(&name.to_text()).await.map_err(failed)
    }
}
