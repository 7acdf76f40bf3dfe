use std::collections::HashMap;

use session_codec::{StoreName, Timestamp};
use session_store::{Framed, Record, RecordMeta, SessionStore, StoreError, StoredRecord};
use worker::{Bucket, Include};

use super::{
    platform_error::failed,
    text::{live, or_malformed},
};
use crate::tier::Tier;

/// Objects that one page of a clean-up lists, the most R2 gives.
const PAGE_OBJECTS: u32 = 1000;
/// Pages of one clean-up.
const SWEEP_PAGES: usize = 5;
/// When an object's record expires, in its metadata, for the clean-up.
const EXPIRES: &str = "expires";
/// The first characters that keys may have, one clean-up each in turn.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Records in R2: files in hashed directories, `ab/cd/<name>`.
///
/// R2 is strongly consistent and writes an object whole or not at all. It has no time to live:
/// what has expired reads as absent at once and is deleted by the clean-up. It keeps no heads.
pub(crate) struct R2Records(Bucket);

impl R2Records {
    pub(crate) const fn new(bucket: Bucket) -> Self {
        Self(bucket)
    }

    /// Deletes records that have expired under one of 64 prefixes, a different one every minute:
    /// R2 has no index by expiry, and a listing of everything would have no bound. Gives how many.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let turn = usize::try_from((now.seconds() / 60).rem_euclid(64)).unwrap_or(0);
        let prefix = char::from(ALPHABET[turn]).to_string();
        let mut deleted = 0;
        let mut cursor: Option<String> = None;
        for _ in 0..SWEEP_PAGES {
            let mut listing = self.0.list().prefix(prefix.as_str()).limit(PAGE_OBJECTS);
            listing = listing.include(vec![Include::CustomMetadata]);
            if let Some(cursor) = cursor.take() {
                listing = listing.cursor(cursor);
            }
            let page = listing.execute().await.map_err(failed)?;
            let expired = |object: &worker::Object| {
                let metadata = object.custom_metadata().ok()?;
                let expires: i64 = metadata.get(EXPIRES)?.parse().ok()?;
                (expires <= now.seconds()).then(|| object.key())
            };
            let keys: Vec<String> = page.objects().iter().filter_map(expired).collect();
            if !keys.is_empty() {
                deleted += keys.len();
                self.0.delete_multiple(keys).await.map_err(failed)?;
            }
            cursor = page.cursor().filter(|_| page.truncated());
            if cursor.is_none() {
                break;
            }
        }
        Ok(deleted)
    }
}

impl SessionStore for R2Records {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let Some(object) = self.0.get(key(name)).execute().await.map_err(failed)? else {
            return Ok(None);
        };
        // Nothing we wrote, and not to be read into memory.
        if object.size() > Framed::MAX_BYTES as u64 {
            return Ok(or_malformed(Tier::R2, None));
        }
        let Some(body) = object.body() else {
            return Ok(None);
        };
        let bytes = body.bytes().await.map_err(failed)?;
        Ok(live(Tier::R2, bytes, now))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        about: &RecordMeta,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = about.expires.seconds().to_string();
        let metadata = HashMap::from([(EXPIRES.to_owned(), expires)]);
        let put = self.0.put(key(name), Framed::write(record, about.expires));
        let put = put.custom_metadata(metadata).execute();
        put.await.map(|_| ()).map_err(failed)
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.0.delete(key(name)).await.map_err(failed)
    }
}

fn key(name: &StoreName) -> String {
    let name = name.to_text();
    format!("{}/{}/{name}", &name[..2], &name[2..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_in_two_levels_of_directories() {
        let key = key(&StoreName::new([0xfb; 24]));
        assert_eq!(key, "-_/v7/-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7");
    }
}
