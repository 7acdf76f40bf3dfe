//! This machine's clock, which the modules below are given.

use std::time::{SystemTime, UNIX_EPOCH};

use session_codec::Timestamp;

/// This machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
