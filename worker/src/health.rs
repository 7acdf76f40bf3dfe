use serde_json::json;
use session_codec::Timestamp;
use worker::{js_sys, wasm_bindgen::JsValue, web_sys};

use crate::{answer, clock, header_limit, settings::Settings};

/// A fallback that ends within this time is announced: time to see whether anybody still needs it.
const NOTICE_MILLIS: i64 = 14 * 24 * 3600 * 1000;

/// What an operator may want to know of a Worker whose settings are right. Key ids stand in every
/// cookie; nothing here is secret.
pub(crate) fn healthy(settings: &Settings) -> worker::Result<web_sys::Response> {
    let now = clock::now();
    let mut keys = Vec::new();
    let mut warnings = Vec::new();
    for (id, end) in &settings.key_ids {
        keys.push(match end {
            Some(end) => json!({ "id": id.to_string(), "not_after": date(*end) }),
            None => json!({ "id": id.to_string() }),
        });
        if let Some(end) = end.filter(|end| end.millis_since(now) < NOTICE_MILLIS) {
            let verb = if end <= now { "ended" } else { "ends" };
            warnings.push(format!(
                "SESSION_KEYS: the key {id} {verb} on {}",
                date(end)
            ));
        }
    }
    warnings.extend(header_limit::warning());
    answer::json(
        200,
        &json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "store": settings.store.to_string(),
            "revocation": settings.revocation.label(),
            "keys": keys,
            "warnings": warnings,
        }),
    )
}

/// ISO 8601, UTC.
fn date(time: Timestamp) -> String {
    // Milliseconds of any date lie far within what a float counts exactly.
    #[expect(clippy::cast_precision_loss, reason = "dates end at 8.64e15 ms")]
    let date = js_sys::Date::new(&JsValue::from_f64(time.millis() as f64));
    date.to_iso_string().into()
}
