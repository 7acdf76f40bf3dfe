use serde_json::json;

use super::Failed;
use crate::clock::now;
use crate::settings::Settings;
use crate::stores::{Kept, Statistics};

pub(super) async fn run(settings: &Settings) -> Result<(), Failed> {
    let store = settings.store()?;
    store.prepare().await?;
    let Statistics {
        records,
        expired,
        bytes,
        largest,
        by_time_left: [hour, day, week, month, later],
        heads,
        by_age,
    } = store.statistics(now()).await?;
    let mut told = json!({
        "records": records, "expired": expired, "bytes": bytes, "heads": heads, "largest": largest,
        "expire_within": { "hour": hour, "day": day, "week": week, "30_days": month, "later": later },
    });
    if let Some([hour, day, week, month, before]) = by_age {
        told["began_within"] =
            json!({ "hour": hour, "day": day, "week": week, "30_days": month, "before": before });
    }
    println!("{told:#}");
    Ok(())
}
