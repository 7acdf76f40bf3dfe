//! What happened in this isolate, as numbers. Prometheus sums isolates up; a log line tells each
//! event that an operator may have to act on.

use alloc::collections::BTreeMap;
use core::{cell::RefCell, fmt::Write as _};

use session_codec::policy::{KeyPlacement, Placement};

thread_local! {
    static COUNTS: RefCell<BTreeMap<(&'static str, String), u64>> =
        const { RefCell::new(BTreeMap::new()) };
    static STORES: RefCell<BTreeMap<(&'static str, StoreCall), Calls>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// Names of the counters, and the label that tells their values apart.
const NAMES: [(&str, &str, &str); 14] = [
    (
        "session_opened_total",
        "key",
        "Sessions opened, by key id or Django key position.",
    ),
    (
        "session_rejected_total",
        "reason",
        "Session cookies refused, by reason.",
    ),
    (
        "session_origin_cookies_total",
        "result",
        "Sessions that the site set, by what came of reading them.",
    ),
    (
        "session_reissued_total",
        "cause",
        "Sessions sealed again without a change, by cause.",
    ),
    (
        "session_revoked_total",
        "cause",
        "Sessions and users revoked, by cause.",
    ),
    (
        "session_loads_total",
        "result",
        "Sessions whose spilled part was asked for, by result.",
    ),
    (
        "session_saves_total",
        "result",
        "Sessions saved, by result.",
    ),
    (
        "session_set_cookie_withheld_total",
        "reason",
        "Set-Cookie lines of the site that no browser gets, by reason.",
    ),
    (
        "session_keys_placed_total",
        "placement",
        "Keys of saved sessions, by where they went.",
    ),
    (
        "session_merged_total",
        "result",
        "Updates that met another one, by result.",
    ),
    (
        "session_malformed_records_total",
        "store",
        "Records in a store that nobody here wrote: read as absent.",
    ),
    (
        "session_refused_by_origin_total",
        "answer",
        "Requests that the origin's server refused because the session made their headers long.",
    ),
    (
        "session_background_failures_total",
        "event",
        "Writes that failed in the background, by event.",
    ),
    (
        "session_origin_repeats_total",
        "result",
        "Requests that the origin was asked twice, its connection having died, by result.",
    ),
];

/// Milliseconds up to which a call counts in a bucket: a fast cache, the alert threshold, the
/// time limits.
const BUCKETS: [i64; 8] = [5, 10, 25, 50, 100, 200, 300, 1000];

/// Calls of one kind to one store.
#[derive(Default)]
struct Calls {
    outcomes: BTreeMap<&'static str, u64>,
    /// The last one is for what took longer than all.
    buckets: [u64; BUCKETS.len() + 1],
    millis: u64,
}

/// Distinct values one counter keeps: key ids in forged cookies are an attacker's choice.
const MAX_VALUES: usize = 64;

pub(crate) fn opened(key: String) {
    count("session_opened_total", key);
}

pub(crate) fn rejected(reason: String) {
    count("session_rejected_total", reason);
}

/// The site set a session.
pub(crate) fn origin_cookie(result: &str) {
    count("session_origin_cookies_total", result.to_owned());
}

pub(crate) fn reissued(cause: &str) {
    count("session_reissued_total", cause.to_owned());
}

/// The spilled part of a session was asked for.
pub(crate) fn loaded(result: &str) {
    count("session_loads_total", result.to_owned());
}

/// A session was to be saved.
pub(crate) fn saved(result: &str) {
    count("session_saves_total", result.to_owned());
}

/// A `Set-Cookie` line of the site was not handed on.
pub(crate) fn withheld(reason: &str) {
    count("session_set_cookie_withheld_total", reason.to_owned());
}

/// An update met another one.
pub(crate) fn merged(result: &str) {
    count("session_merged_total", result.to_owned());
}

/// The keys of a saved session went somewhere.
pub(crate) fn placed(placement: &Placement, keys: usize) {
    if placement.is_all_in_cookie() {
        let label = KeyPlacement::Cookie.label().to_owned();
        return add("session_keys_placed_total", label, keys as u64);
    }
    for index in 0..keys {
        let label = placement.of(index).label().to_owned();
        add("session_keys_placed_total", label, 1);
    }
}

pub(crate) fn revoked(cause: &str) {
    count("session_revoked_total", cause.to_owned());
}

/// The origin's server did not take a request with a long session.
pub(crate) fn refused_by_origin(answer: String) {
    count("session_refused_by_origin_total", answer);
}

/// A write failed that nobody waited for.
pub(crate) fn background_failure(event: &str) {
    count("session_background_failures_total", event.to_owned());
}

/// The origin was asked a second time.
pub(crate) fn origin_asked_again(result: &str) {
    count("session_origin_repeats_total", result.to_owned());
}

/// A store gave something that is no record.
pub(crate) fn malformed(store: &str) {
    count("session_malformed_records_total", store.to_owned());
}

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoreCall {
    /// A record that a ticket names.
    Read,
    /// A revocation, or a record past the caches.
    Check,
    Write,
    Delete,
    /// A head.
    Swap,
}

impl StoreCall {
    const fn label(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Check => "check",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Swap => "swap",
        }
    }
}

/// A store answered, or did not.
pub(crate) fn store_call(store: &'static str, call: StoreCall, outcome: &'static str, millis: i64) {
    STORES.with_borrow_mut(|stores| {
        let calls = stores.entry((store, call)).or_default();
        *calls.outcomes.entry(outcome).or_insert(0) += 1;
        let bucket = BUCKETS.iter().position(|&bucket| millis <= bucket);
        calls.buckets[bucket.unwrap_or(BUCKETS.len())] += 1;
        calls.millis = calls.millis.saturating_add(millis.unsigned_abs());
    });
}

/// Prometheus text, format 0.0.4.
pub(crate) fn prometheus() -> String {
    let mut text = String::new();
    COUNTS.with_borrow(|counts| {
        for (name, label, help) in NAMES {
            // A String never fails.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
            for ((_, value), count) in counts.iter().filter(|((of, _), _)| *of == name) {
                let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {count}");
            }
        }
    });
    STORES.with_borrow(|stores| write_stores(stores, &mut text));
    text
}

fn write_stores(stores: &BTreeMap<(&'static str, StoreCall), Calls>, text: &mut String) {
    let name = "session_store_calls_total";
    let _ = writeln!(
        text,
        "# HELP {name} Calls to stores, by outcome.\n# TYPE {name} counter"
    );
    for ((store, call), calls) in stores {
        let call = call.label();
        for (outcome, count) in &calls.outcomes {
            let labels = format!("store=\"{store}\",call=\"{call}\",outcome=\"{outcome}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
    }
    let name = "session_store_seconds";
    let _ = writeln!(
        text,
        "# HELP {name} How long stores took.\n# TYPE {name} histogram"
    );
    for ((store, call), calls) in stores {
        let labels = format!("store=\"{store}\",call=\"{}\"", call.label());
        let mut total = 0;
        for (bucket, count) in calls.buckets.iter().enumerate() {
            total += count;
            let limit = BUCKETS
                .get(bucket)
                .map_or_else(|| "+Inf".to_owned(), |&ms| seconds(ms));
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{limit}\"}} {total}");
        }
        let sum = seconds(i64::try_from(calls.millis).unwrap_or(i64::MAX));
        let _ = writeln!(
            text,
            "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {total}"
        );
    }
}

fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn count(name: &'static str, value: String) {
    add(name, value, 1);
}

fn add(name: &'static str, value: String, by: u64) {
    COUNTS.with_borrow_mut(|counts| {
        let known = counts.keys().filter(|(of, _)| *of == name).count();
        let key = (name, value);
        let key = match known < MAX_VALUES || counts.contains_key(&key) {
            true => key,
            false => (name, "other".to_owned()),
        };
        *counts.entry(key).or_insert(0) += by;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_bounded() {
        rejected("forged".into());
        rejected("forged".into());
        for n in 0..1000 {
            rejected(format!("unknown_key {n:08x}"));
        }
        let text = prometheus();
        assert!(text.contains("session_rejected_total{reason=\"forged\"} 2\n"));
        assert!(text.contains("session_rejected_total{reason=\"other\"}"));
        assert!(text.lines().count() < 110);
    }
}
