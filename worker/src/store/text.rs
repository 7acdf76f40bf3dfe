//! What columns, headers and metadata hold.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::Timestamp;
use session_store::RecordName;
use worker::wasm_bindgen::JsValue;

/// Seconds since 1970, as a number a column keeps whole.
pub(crate) fn seconds(time: Timestamp) -> JsValue {
    // Beyond 2^53 seconds no session lives; a float rounds there and never wraps.
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
    let seconds = time.seconds() as f64;
    JsValue::from_f64(seconds)
}

/// A name as it was written; `None` for what is none.
pub(super) fn record_name(text: &str) -> Option<RecordName> {
    let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(RecordName::new(octets.try_into().ok()?))
}
