//! Structured log lines: one JSON object each, without cookies, keys or session content.

use serde_json::{Value, json};
use session_codec::policy::KeyPlacement;

/// Something the operator should see.
pub(crate) fn warn(event: &str, detail: &Value) {
    worker::console_warn!("{}", json!({ "event": event, "detail": detail }));
}

/// Something that went as it should, and that an operator may want to see.
pub(crate) fn info(event: &str, detail: &Value) {
    worker::console_log!("{}", json!({ "event": event, "detail": detail }));
}

/// A cookie that was not accepted, and why.
pub(crate) fn rejected(reason: impl core::fmt::Display) {
    let reason = reason.to_string();
    worker::console_log!(
        "{}",
        json!({ "event": "session-rejected", "reason": reason })
    );
    crate::counters::rejected(reason);
}

/// A session of which not everything is in the cookie, or hardly.
pub(crate) fn placement(report: &session_codec::policy::Report) {
    let elsewhere = report
        .keys
        .iter()
        .filter(|key| key.placement != KeyPlacement::Cookie);
    let keys: Vec<Value> = elsewhere
        .take(MOST_KEYS)
        .map(|key| {
            json!({
                "key": key.key,
                "octets": key.octets,
                "priority": key.priority.label(),
                "placement": key.placement.label(),
                "reason": key.reason.label(),
            })
        })
        .collect();
    worker::console_log!(
        "{}",
        json!({
            "event": "session-placement",
            "octets": report.cookie_octets,
            "budget": report.budget,
            "nearly_full": report.is_nearly_full(),
            "keys": keys,
        })
    );
}

/// Keys that a log line names: enough to see a pattern.
const MOST_KEYS: usize = 40;
