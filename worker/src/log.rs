//! Structured log lines: one JSON object each, without cookies, keys or session content.

use serde_json::{Value, json};

/// Something the operator should see.
pub(crate) fn warn(event: &str, detail: &Value) {
    worker::console_warn!("{}", json!({ "event": event, "detail": detail }));
}

/// A cookie that was not accepted, and why.
pub(crate) fn rejected(reason: session_codec::Reason) {
    crate::counters::rejected(reason.to_string());
    worker::console_log!(
        "{}",
        json!({ "event": "session-rejected", "reason": reason.to_string() })
    );
}
