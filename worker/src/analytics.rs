//! Numbers as data points of Workers Analytics Engine, where a dataset is bound: one for each series of
//! what an isolate hands on.

use core::iter;

use serde_json::json;
use session_gateway::{counters::Series, log};
use worker::{AnalyticsEngineDataPointBuilder, Env};

/// The dataset.
const BINDING: &str = "SESSIONS_ANALYTICS";

/// The platform takes 250 of a request, and who scrapes may have two batches handed on.
const MOST: usize = 120;

/// Writes what was counted, if there is a dataset. Nothing is waited for: the platform takes them along.
pub(crate) fn write(env: &Env, counted: impl FnOnce() -> Series) {
    let Ok(dataset) = env.analytics_engine(BINDING) else {
        return;
    };
    for point in counted().points(MOST) {
        let numbers = point.numbers.into_iter().map(f64::from);
        let written = AnalyticsEngineDataPointBuilder::new()
            .indexes([&*point.name])
            .blobs(iter::once(point.name.clone()).chain(point.labels))
            .doubles(numbers)
            .write_to(&dataset);
        if let Err(error) = written {
            log::warn("analytics-failed", &json!(error.to_string()));
            return;
        }
    }
}
