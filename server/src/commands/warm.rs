use clap::Args;
use session_store::{Kind, RecordMeta, SessionStore};

use super::Failed;
use crate::clock::now;
use crate::settings::Settings;
use crate::stores::{Entry, Kept, Page, Store};

/// What the cache gets.
#[derive(Args)]
pub(super) struct Options {
    /// At most so many records.
    #[arg(long, default_value_t = 100_000)]
    at_most: u64,
    /// Only records that live so many seconds at least: those that were written last live longest.
    #[arg(long, default_value_t = 0)]
    seconds_left: i64,
    /// Those first that were changed last; of each session the newest. Wants the column `last_seen`.
    #[arg(long)]
    recent: bool,
    /// Only those of a user, by the hash that the column `user_id` has. Wants the column `user`.
    #[arg(long, value_name = "HASH", conflicts_with = "recent")]
    user: Option<String>,
    /// Records that are read in one step.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
}

/// Puts records of the store into the cache, before anybody asks for them.
pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failed> {
    let address = settings.cache.as_ref();
    let address =
        address.ok_or_else(|| Failed("cache is not set: there is nothing to warm".to_owned()))?;
    let store = settings.store()?;
    let cache = Store::new(address, settings.connections)?;
    store.prepare().await?;
    cache.prepare().await?;
    let (mut warmed, mut after) = (0, None);
    loop {
        let after_this = after.as_ref();
        let Page { entries, next } = match &options.user {
            Some(user) => store.of_user(user, most(options.at_most)).await?,
            None if options.recent => store.recent(after_this, options.batch).await?,
            None => store.page(after_this, options.batch).await?,
        };
        for entry in entries {
            let Entry::Record(kept) = entry else {
                continue;
            };
            let left = kept.stored.expires.seconds() - now().seconds();
            let is_wanted = left > options.seconds_left.max(0)
                && kept.stored.record.bytes().len() <= settings.cache_max_bytes;
            // A revocation may change under its name: a cache that nobody tells must not have it.
            if kept.kind == Kind::Session && is_wanted {
                let meta = RecordMeta::session_until(kept.stored.expires);
                cache
                    .put(&kept.name, &kept.stored.record, &meta, now())
                    .await?;
                warmed += 1;
            }
            if warmed == options.at_most {
                break;
            }
        }
        after = next;
        if after.is_none() || warmed == options.at_most {
            println!("{warmed} records are in the cache");
            return Ok(());
        }
    }
}

fn most(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
