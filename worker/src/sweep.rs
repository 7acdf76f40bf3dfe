//! The cron trigger: deletes what has expired where the platform does not do so itself.

use serde_json::json;
use session_gateway::{log, site::Protocol};
use session_store::StoreError;
use worker::Env;

use crate::{
    clock,
    rows::D1Rows,
    settings::Settings,
    store::{D1Records, R2Records},
    tier::Tier,
};

/// Sweeps every store of the settings that needs it, a bounded number of rows or objects.
pub(crate) async fn run(settings: &Settings, env: &Env) {
    let now = clock::now();
    for tier in settings.store.tiers() {
        let swept = match tier {
            Tier::D1 => match env.d1(tier.binding()) {
                Ok(database) if matches!(settings.site.protocol, Protocol::Rows(_)) => {
                    D1Rows::new(database).sweep(now).await
                }
                Ok(database) => D1Records::new(database).sweep(now).await,
                Err(error) => Err(missing(&error)),
            },
            Tier::R2 => match env.bucket(tier.binding()) {
                Ok(bucket) => R2Records::new(bucket).sweep(now).await,
                Err(error) => Err(missing(&error)),
            },
            // They have expiries and alarms of their own, or are the origin's business.
            Tier::Kv | Tier::Object | Tier::Origin => continue,
        };
        match swept {
            Ok(deleted) => log::info(
                "sweep",
                &json!({ "store": tier.label(), "deleted": deleted }),
            ),
            Err(error) => log::warn(
                "sweep-failed",
                &json!({ "store": tier.label(), "reason": error.label() }),
            ),
        }
    }
}

fn missing(error: &worker::Error) -> StoreError {
    StoreError::Unavailable {
        reason: error.to_string().into(),
    }
}
