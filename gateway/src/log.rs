//! Structured log lines: one JSON object each, without cookies, keys or session content. They go to
//! whatever logger the program has set for the `log` crate. Of each kind the first in a minute is
//! written, and how many were left out: a scanner, or a setting that changed, makes as many as there
//! are requests. docs/WATCH.md lists every event.

use core::sync::atomic::{AtomicI64, Ordering};

use litemap::LiteMap;
use log::Level;
use serde_json::{Value, json};
use session_codec::{Timestamp, policy::KeyPlacement};

use crate::{scope::Scope, shared::Shared};

/// Something the operator should see.
pub fn warn(event: &'static str, detail: &Value) {
    line(
        Level::Warn,
        event,
        kind_of(detail),
        json!({ "detail": detail }),
    );
}

/// Something that is nobody's fault but ours.
pub fn error(event: &'static str, detail: &Value) {
    line(
        Level::Error,
        event,
        kind_of(detail),
        json!({ "detail": detail }),
    );
}

/// Something that went as it should, and that an operator may want to see.
pub fn info(event: &'static str, detail: &Value) {
    line(
        Level::Info,
        event,
        kind_of(detail),
        json!({ "detail": detail }),
    );
}

/// A cookie that was not accepted, and why. Each is counted, too.
pub(crate) fn rejected(kind: &'static str, reason: impl core::fmt::Display) {
    if let Some(left_out) = seldom("session-rejected", kind) {
        let reason = reason.to_string();
        write(
            Level::Info,
            "session-rejected",
            left_out,
            json!({ "reason": reason }),
        );
    }
}

/// A request, if the settings ask for a line for each.
pub fn request(fields: Value) {
    write(Level::Info, "request", 0, fields);
}

/// The time, as the last request says it: lines are told apart by the minute.
pub fn at(now: Timestamp) {
    CLOCK.store(now.millis(), Ordering::Relaxed);
}

/// Tells how many lines were left out, of kinds of which none was written for a minute.
pub fn catch_up(now: Timestamp) {
    at(now);
    for ((event, kind), left_out) in SELDOM.with(|seldom| seldom.owed(now)) {
        write(Level::Info, event, left_out, json!({ "kind": kind }));
    }
}

static CLOCK: AtomicI64 = AtomicI64::new(0);
static SELDOM: Shared<Seldom> = Shared::new(Seldom(LiteMap::new_vec()));

/// One line, unless one of its kind was written in this minute.
fn line(level: Level, event: &'static str, kind: &str, fields: Value) {
    if let Some(left_out) = seldom(event, kind) {
        write(level, event, left_out, fields);
    }
}

fn write(level: Level, event: &str, left_out: u64, mut fields: Value) {
    if let Value::Object(fields) = &mut fields {
        fields.insert("event".to_owned(), json!(event));
        if left_out > 0 {
            fields.insert("left_out".to_owned(), json!(left_out));
        }
        let scope = Scope::current();
        if !scope.id().is_empty() {
            fields.insert("request".to_owned(), json!(scope.id()));
        }
    }
    log::log!(level, "{fields}");
}

/// What tells lines of one event apart: the reason, or what else their detail begins with.
fn kind_of(detail: &Value) -> &str {
    let text = match detail {
        Value::Object(fields) => ["reason", "step", "answer", "store"]
            .iter()
            .find_map(|name| fields.get(*name)?.as_str()),
        other => other.as_str(),
    };
    text.unwrap_or_default()
}

fn seldom(event: &'static str, kind: &str) -> Option<u64> {
    let now = Timestamp::from_millis(CLOCK.load(Ordering::Relaxed));
    SELDOM.with(|seldom| seldom.passes(event, kind, now))
}

/// When a line of each kind was last written, and how many were left out since: whatever befalls
/// many requests would be as many lines.
struct Seldom(LiteMap<(&'static str, String), (Timestamp, u64)>);

impl Seldom {
    const MILLIS: i64 = 60_000;
    /// Kinds that are told apart. What the platform says of a failure may be anything.
    const MAX_KINDS: usize = 200;

    /// Whether one is to be written, and how many were not before it.
    fn passes(&mut self, event: &'static str, kind: &str, now: Timestamp) -> Option<u64> {
        let mut key = (event, kind.to_owned());
        if self.0.len() >= Self::MAX_KINDS && !self.0.contains_key(&key) {
            key.1.clear();
        }
        match self.0.get_mut(&key) {
            Some((last, left_out)) if (0..Self::MILLIS).contains(&now.millis_since(*last)) => {
                *left_out += 1;
                None
            }
            before => {
                let left_out = before.map_or(0, |(_, left_out)| *left_out);
                self.0.insert(key, (now, 0));
                Some(left_out)
            }
        }
    }

    /// How many were left out of kinds whose minute is over.
    fn owed(&mut self, now: Timestamp) -> Vec<((&'static str, String), u64)> {
        let mut owed = Vec::new();
        self.0.retain(|key, (last, left_out)| {
            let is_over = !(0..Self::MILLIS).contains(&now.millis_since(*last));
            if is_over && *left_out > 0 {
                owed.push((key.clone(), *left_out));
            }
            !is_over
        });
        owed
    }
}

/// A header of others' cookies was read and is written back. Bytes that are no UTF-8 come out of
/// the runtime as U+FFFD and go back into it as that: which is told once for each header in an
/// isolate, since nothing else shows it.
pub(crate) fn rewritten(header: &'static str, text: &str) {
    static TOLD: Shared<Vec<&'static str>> = Shared::new(Vec::new());
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return;
    }
    let is_new = TOLD.with(|told| {
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
        .take(MAX_KEYS)
        .map(|key| {
            json!({
                "key": key.key,
                "bytes": key.bytes,
                "priority": key.priority.label(),
                "placement": key.placement.label(),
                "reason": key.reason.label(),
            })
        })
        .collect();
    let fields = json!({
        "bytes": report.cookie_bytes,
        "budget": report.budget,
        "nearly_full": report.is_nearly_full(),
        "keys": keys,
    });
    line(Level::Info, "session-placement", "", fields);
}

/// Keys that a log line names: enough to see a pattern.
const MAX_KEYS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: i64 = 1_800_000_000;

    #[test]
    fn one_line_a_minute_for_each_kind_and_the_rest_is_counted() {
        let mut seldom = Seldom(LiteMap::new_vec());
        let mut at = |seconds: i64, kind| {
            let now = Timestamp::from_seconds(BEGIN + seconds);
            seldom.passes("session-rejected", kind, now)
        };
        assert_eq!(at(0, "forged"), Some(0));
        for second in 0..59 {
            assert_eq!(at(second, "forged"), None);
        }
        assert_eq!(at(30, "expired"), Some(0));
        assert_eq!(at(60, "forged"), Some(59));
        assert_eq!(at(61, "forged"), None);
        let owed = seldom.owed(Timestamp::from_seconds(BEGIN + 119));
        assert_eq!(owed, []);
        let owed = seldom.owed(Timestamp::from_seconds(BEGIN + 120));
        assert_eq!(owed, [(("session-rejected", "forged".to_owned()), 1)]);
        let mut at = |seconds: i64, kind| {
            let now = Timestamp::from_seconds(BEGIN + seconds);
            seldom.passes("session-rejected", kind, now)
        };
        assert_eq!(at(121, "forged"), Some(0), "told already");
        // A clock that was set back holds nothing up.
        assert_eq!(at(10, "forged"), Some(0));
    }

    #[test]
    fn kinds_are_bounded() {
        let mut seldom = Seldom(LiteMap::new_vec());
        let now = Timestamp::from_seconds(BEGIN);
        let passed = (0..1000).filter(|n| {
            let kind = n.to_string();
            seldom.passes("origin-unreachable", &kind, now).is_some()
        });
        assert_eq!(passed.count(), Seldom::MAX_KINDS + 1);
    }

    #[test]
    fn kinds_are_what_a_detail_says_first() {
        assert_eq!(kind_of(&json!("unavailable")), "unavailable");
        assert_eq!(kind_of(&json!({ "step": "a", "reason": "b" })), "b");
        assert_eq!(kind_of(&json!({ "deleted": 1 })), "");
        assert_eq!(kind_of(&json!(["x"])), "");
    }
}
