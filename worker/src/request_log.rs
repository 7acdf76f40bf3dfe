//! A log line for each request (`SESSION_LOG = "requests"`), without anything personal.

use serde_json::json;
use session_gateway::{About, Edit, Outcome, Scope, log};

/// A request that the origin was not asked for: `by` is who answered.
pub(crate) fn answered(by: &str, status: u16) {
    let scope = Scope::current();
    log::request(json!({
        "answered": by,
        "status": status,
        "store_calls": scope.calls,
        "store_millis": scope.millis,
    }));
}

/// A request that went on to the origin, which has answered with `status`, or not at all.
pub(crate) fn forwarded(about: About, status: Option<u16>, outcome: &Outcome) {
    let scope = Scope::current();
    let (status, set_cookie_bytes) = match outcome {
        Outcome::AsItIs => (status, 0),
        Outcome::Edited(edits) => (status, edits.iter().map(set_cookie_bytes).sum()),
        Outcome::Answer(answer) => (Some(answer.status), 0),
    };
    log::request(json!({
        "answered": if matches!(outcome, Outcome::Answer(_)) { "here" } else { "origin" },
        "status": status,
        "route": about.route,
        "session": about.session,
        "session_bytes": about.session_bytes,
        "set_cookie_bytes": set_cookie_bytes,
        "store_calls": scope.calls,
        "store_millis": scope.millis,
    }));
}

fn set_cookie_bytes(edit: &Edit) -> usize {
    match edit {
        Edit::Append(name, line) if name == "set-cookie" => line.len(),
        _ => 0,
    }
}
