//! Structured log lines: one JSON object each, without cookies, keys or session content.

use alloc::collections::BTreeMap;
use core::cell::RefCell;

use serde_json::{Value, json};
use session_codec::{Timestamp, policy::KeyPlacement};

use crate::clock;

/// Something the operator should see.
pub(crate) fn warn(event: &str, detail: &Value) {
    worker::console_warn!("{}", json!({ "event": event, "detail": detail }));
}

/// Something that is nobody's fault but ours.
pub(crate) fn error(event: &str, detail: &Value) {
    worker::console_error!("{}", json!({ "event": event, "detail": detail }));
}

/// Something that went as it should, and that an operator may want to see.
pub(crate) fn info(event: &str, detail: &Value) {
    worker::console_log!("{}", json!({ "event": event, "detail": detail }));
}

/// Something the operator should see, and that any client can cause as often as it likes: once a
/// minute, with how many were left out since.
pub(crate) fn warn_seldom(event: &'static str, detail: &Value) {
    if let Some(left_out) = seldom(event, "") {
        worker::console_warn!(
            "{}",
            json!({ "event": event, "detail": detail, "left_out": left_out })
        );
    }
}

/// A cookie that was not accepted, and why. Each is counted; of each kind of reason the first in a
/// minute is logged, for a scanner, or a setting that changed, makes as many as there are requests.
pub(crate) fn rejected(kind: &'static str, reason: impl core::fmt::Display) {
    let reason = reason.to_string();
    if let Some(left_out) = seldom("session-rejected", kind) {
        worker::console_log!(
            "{}",
            json!({ "event": "session-rejected", "reason": reason, "left_out": left_out })
        );
    }
    crate::counters::rejected(reason);
}

thread_local! {
    static SELDOM: RefCell<Seldom> = const { RefCell::new(Seldom(BTreeMap::new())) };
}

fn seldom(event: &'static str, kind: &'static str) -> Option<u64> {
    SELDOM.with_borrow_mut(|seldom| seldom.passes((event, kind), clock::now()))
}

/// When a line of each kind was last logged, and how many were left out since. Kinds are ours, so there
/// are few.
struct Seldom(BTreeMap<(&'static str, &'static str), (Timestamp, u64)>);

impl Seldom {
    const MILLIS: i64 = 60_000;

    /// Whether one is to be logged, and how many were not before it.
    fn passes(&mut self, kind: (&'static str, &'static str), now: Timestamp) -> Option<u64> {
        match self.0.get_mut(&kind) {
            Some((last, left_out)) if (0..Self::MILLIS).contains(&now.millis_since(*last)) => {
                *left_out += 1;
                None
            }
            before => {
                let left_out = before.map_or(0, |(_, left_out)| *left_out);
                self.0.insert(kind, (now, 0));
                Some(left_out)
            }
        }
    }
}

/// A header of others' cookies was read and is written back. Bytes that are no UTF-8 come out of
/// the runtime as U+FFFD and go back into it as that: which is told once for each header in an
/// isolate, since nothing else shows it.
pub(crate) fn rewritten(header: &'static str, text: &str) {
    thread_local! {
        static TOLD: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return;
    }
    let is_new = TOLD.with_borrow_mut(|told| {
        let is_new = !told.contains(&header);
        if is_new {
            told.push(header);
        }
        is_new
    });
    if is_new {
        warn(
            "cookie-bytes-lost",
            &json!({
                "header": header,
                "cure": "a cookie of the site's, or of other software, has bytes that are no UTF-8, \
                         which this runtime cannot write beside a session: percent-encode its value",
            }),
        );
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_for_each_kind_and_the_rest_is_counted() {
        let mut seldom = Seldom(BTreeMap::new());
        let begin = Timestamp::from_seconds(1_800_000_000);
        let mut at = |seconds: i64, kind| {
            let now = Timestamp::from_millis(begin.millis() + seconds * 1000);
            seldom.passes(("session-rejected", kind), now)
        };
        assert_eq!(at(0, "forged"), Some(0));
        for second in 0..59 {
            assert_eq!(at(second, "forged"), None);
        }
        assert_eq!(at(30, "expired"), Some(0));
        assert_eq!(at(60, "forged"), Some(59));
        assert_eq!(at(61, "forged"), None);
        assert_eq!(at(200, "forged"), Some(1));
        // A clock that was set back holds nothing up.
        assert_eq!(at(10, "forged"), Some(0));
    }
}
