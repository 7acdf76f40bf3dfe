use serde_json::json;

use super::Failed;
use crate::clock::now;
use crate::settings::Settings;
use crate::stores::{Kept, Statistics, Store};

pub(super) async fn run(settings: &Settings) -> Result<(), Failed> {
    let store = Store::new(&settings.store, settings.connections)?;
    store.prepare().await?;
    let Statistics {
        records,
        expired,
        bytes,
        largest,
        by_time_left: [hour, day, week, month, later],
        heads,
    } = store.statistics(now()).await?;
    let told = json!({
        "records": records, "expired": expired, "bytes": bytes, "heads": heads, "largest": largest,
        "expire_within": { "hour": hour, "day": day, "week": week, "30_days": month, "later": later },
    });
    println!("{told:#}");
    Ok(())
}
