//! `SESSION_METRICS`, `SESSION_LOG` and `SESSION_TRACE`: what is told of how it goes.

use super::{Tier, field::Fields, setting};

/// Whether the numbers of all isolates are summed: where the object is there, if nothing else is
/// said.
pub(super) fn sums_up(fields: &mut Fields<'_>, has_store: impl Fn(Tier) -> bool) -> Option<bool> {
    let has_object = has_store(Tier::Object);
    let metrics = setting::SESSION_METRICS;
    let chosen = fields.optional(metrics.setting, |text| {
        metrics.read(text, |text| match text {
            "object" => Some(true),
            "isolate" => Some(false),
            _ => None,
        })
    })?;
    if chosen == Some(true) && !has_object {
        let reason = r#"the binding is missing (SESSION_METRICS wants "object")"#;
        fields.problem(Tier::Object.binding(), reason);
        return None;
    }
    Some(chosen.unwrap_or(has_object))
}

/// Whether each request is a log line.
pub(super) fn logs_requests(text: &str) -> Option<bool> {
    match text {
        "events" => Some(false),
        "requests" => Some(true),
        _ => None,
    }
}

/// Whether a request that belongs to no trace begins one.
pub(super) fn begins_traces(text: &str) -> Option<bool> {
    match text {
        "pass" => Some(false),
        "begin" => Some(true),
        _ => None,
    }
}
