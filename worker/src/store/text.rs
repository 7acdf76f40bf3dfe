//! What columns, headers and metadata hold.

use session_codec::Timestamp;
use session_gateway::counters;
use session_store::{Framed, StoredRecord};
use worker::wasm_bindgen::JsValue;

use crate::tier::Tier;

/// Seconds since 1970, as a number a column keeps whole.
pub(crate) fn seconds(time: Timestamp) -> JsValue {
    // Beyond 2^53 seconds no session lives; a float rounds there and never wraps.
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
    let seconds = time.seconds() as f64;
    JsValue::from_f64(seconds)
}

/// The record in a frame, if it is live. One that nobody here wrote is counted and as good as none:
/// the next store is asked.
pub(super) fn live(tier: Tier, bytes: Vec<u8>, now: Timestamp) -> Option<StoredRecord> {
    match Framed::read(bytes, now) {
        Framed::Live(kept) => Some(kept),
        Framed::Expired => None,
        Framed::Malformed => or_malformed(tier, None),
    }
}

/// What was read; counted if it could not be.
pub(super) fn or_malformed<T>(tier: Tier, read: Option<T>) -> Option<T> {
    if read.is_none() {
        counters::malformed(tier.label());
    }
    read
}
