use core::time::Duration;

use session_codec::StoreName;
use session_store::{Record, RecordMeta, SessionStore};

use super::{Failed, tls};
use crate::clock::now;
use crate::settings::Settings;
use crate::stores::{Kept, Promises, Store, StoreAddress};

/// How long a store may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens each store, keeps a record for a moment, and tells what it promises.
pub(super) async fn run(settings: &Settings) -> Result<(), Failed> {
    settings.some_keys()?;
    tls::acceptor(settings)?;
    for (what, address) in [
        ("store", Some(&settings.store)),
        ("cache", settings.cache.as_ref()),
        ("also_write", settings.also_write.as_ref()),
    ] {
        if let Some(address) = address {
            let checked = async { check(opened(settings, address)?).await };
            let checked = tokio::time::timeout(PATIENCE, checked).await;
            let late = || {
                Err(Failed(
                    "no answer in ten seconds; is it there, and may this machine go there?"
                        .to_owned(),
                ))
            };
            let checked = checked.unwrap_or_else(|_| late());
            let store =
                checked.map_err(|Failed(why)| Failed(format!("{what} {address}: {why}")))?;
            println!("{what} {address}: well");
            promise(store.promises());
        }
    }
    Ok(())
}

/// The store of an address; the first one has columns.
fn opened(settings: &Settings, address: &StoreAddress) -> Result<Store, Failed> {
    if address == &settings.store {
        return Ok(settings.store()?);
    }
    Ok(Store::new(address, settings.connections)?)
}

async fn check(store: Store) -> Result<Store, Failed> {
    store.prepare().await?;
    let mut hash = [0; StoreName::BYTES];
    getrandom::fill(&mut hash)?;
    let (name, record) = (StoreName::new(hash), Record::new(hash.to_vec())?);
    let meta = RecordMeta::session_until(now().after(Duration::from_secs(60)));
    store.put(&name, &record, &meta, now()).await?;
    let kept = store.get(&name, now()).await?;
    store.delete(&name).await?;
    if kept.is_none_or(|kept| kept.record != record) {
        return Err(Failed(
            "it confirmed a record and does not have it".to_owned(),
        ));
    }
    Ok(store)
}

fn promise(promises: Promises) {
    for (is_kept, what) in [
        (
            promises.keeps_heads,
            "of two changes at once the second sees the first",
        ),
        (
            promises.is_atomic,
            "a save is kept as a whole or not at all",
        ),
        (
            promises.is_durable,
            "what is confirmed survives a crash of its machine",
        ),
        (
            promises.never_evicts,
            "nothing is dropped before it expires",
        ),
        (
            promises.can_be_listed,
            "it can be counted, warmed from and moved",
        ),
    ] {
        println!("  {} {what}", if is_kept { "yes" } else { "NO " });
    }
}
