//! What happened, as numbers. Each isolate counts for itself; what it counted is handed on
//! ([`handover`]) to whoever sums all isolates up, or shown as its own.

pub mod handover;
mod label;
mod open_metrics;
mod point;
mod series;

use core::mem;

use litemap::LiteMap;
use session_codec::policy::{KeyPlacement, Placement};
use session_store::Method;

use crate::shared::Shared;
pub(crate) use label::Label;
pub use open_metrics::{CONTENT_TYPE, Gauge, open_metrics};
pub use point::Point;
pub use series::Series;

static COUNTS: Shared<Counts> = Shared::new(Counts::new());

/// What was counted since it was last taken.
struct Counts {
    /// By [`Answered`].
    requests: [u64; 3],
    values: LiteMap<(&'static str, Label), u64>,
    stores: LiteMap<(&'static str, Method), Calls>,
}

impl Counts {
    const fn new() -> Self {
        Self {
            requests: [0; 3],
            values: LiteMap::new_vec(),
            stores: LiteMap::new_vec(),
        }
    }
}

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// The site.
    Origin,
    /// The gateway, as it must not go on.
    Here,
    /// One of the gateway's own pages.
    Page,
}

/// Milliseconds up to which a call counts in a bucket: a fast cache, the alert threshold, the
/// time limits.
const BUCKETS: [i64; 8] = [5, 10, 25, 50, 100, 200, 300, 1000];

/// Calls of one kind to one store.
#[derive(Default)]
struct Calls {
    outcomes: LiteMap<&'static str, u64>,
    /// The last one is for what took longer than all.
    buckets: [u64; BUCKETS.len() + 1],
    millis: u64,
}

/// Distinct values one counter keeps: what others send must not fill memory.
const MAX_VALUES: usize = 64;

/// A request came, and this becomes of it.
pub(crate) fn request(answered: Answered) {
    COUNTS.with(|counts| counts.requests[answered as usize] += 1);
}

pub(crate) fn opened(key: Label) {
    count(OPENED, key);
}

pub(crate) fn rejected(reason: Label) {
    count("session_rejected_total", reason);
}

/// The site set a session.
pub(crate) fn origin_cookie(result: &'static str) {
    count("session_origin_cookies_total", result.into());
}

pub(crate) fn reissued(cause: &'static str) {
    count("session_reissued_total", cause.into());
}

/// The spilled part of a session was asked for.
pub(crate) fn loaded(result: &'static str) {
    count("session_loads_total", result.into());
}

/// A session was to be saved.
pub(crate) fn saved(result: &'static str) {
    count("session_saves_total", result.into());
}

/// A `Set-Cookie` line of the site was not handed on.
pub(crate) fn withheld(reason: &'static str) {
    count("session_set_cookie_withheld_total", reason.into());
}

/// An update met another one.
pub(crate) fn merged(result: &'static str) {
    count("session_merged_total", result.into());
}

/// The keys of a saved session went somewhere.
pub(crate) fn placed(placement: &Placement, keys: usize) {
    const NAME: &str = "session_keys_placed_total";
    if placement.is_all_in_cookie() {
        return add(NAME, KeyPlacement::Cookie.label().into(), keys as u64);
    }
    for index in 0..keys {
        add(NAME, placement.of(index).label().into(), 1);
    }
}

pub(crate) fn revoked(cause: &'static str) {
    count("session_revoked_total", cause.into());
}

/// Something came of binding a session to a device.
pub(crate) fn device(result: &'static str) {
    count("session_device_total", result.into());
}

/// A bound session came without its device.
pub(crate) fn device_missing(answer: &'static str) {
    count("session_device_missing_total", answer.into());
}

/// The origin's server did not take a request with a long session.
pub(crate) fn refused_by_origin(answer: String) {
    count("session_refused_by_origin_total", answer.into());
}

/// A write failed that nobody waited for.
pub fn background_failure(event: &str) {
    count("session_background_failures_total", Label::of(event));
}

/// The origin was asked a second time.
pub fn origin_asked_again(result: &'static str) {
    count("session_origin_repeats_total", result.into());
}

/// A store gave something that is no record.
pub fn malformed(store: &str) {
    count("session_malformed_records_total", Label::of(store));
}

/// A method as counters name it.
const fn label(method: Method) -> &'static str {
    match method {
        Method::Get => "read",
        // Mostly revocations, which are absent as a rule: no part of a hit ratio.
        Method::GetFresh => "check",
        Method::Put => "write",
        Method::Delete => "delete",
        Method::Commit => "commit",
        Method::Head => "head",
        Method::End => "end",
    }
}

/// A store answered, or did not.
pub fn store_call(store: &'static str, call: Method, outcome: &'static str, millis: i64) {
    crate::scope::store_call(millis);
    COUNTS.with(|counts| {
        let calls = counts.stores.entry((store, call)).or_default();
        *calls.outcomes.entry(outcome).or_insert(0) += 1;
        let bucket = BUCKETS.iter().position(|&bucket| millis <= bucket);
        calls.buckets[bucket.unwrap_or(BUCKETS.len())] += 1;
        calls.millis = calls.millis.saturating_add(millis.unsigned_abs());
    });
}

/// What was counted so far; it goes on.
pub fn so_far() -> Series {
    COUNTS.with(|counts| series_of(counts))
}

/// What was counted since this was last called.
fn take() -> Series {
    let taken = COUNTS.with(|counts| mem::replace(counts, Counts::new()));
    series_of(&taken)
}

const OPENED: &str = "session_opened_total";

fn series_of(counts: &Counts) -> Series {
    let mut series = Series::default();
    for (by, count) in ["origin", "here", "page"].into_iter().zip(counts.requests) {
        series.add(
            format!("session_requests_total{{answered=\"{by}\"}}"),
            count,
        );
    }
    for ((name, value), count) in &counts.values {
        let label = open_metrics::label_of(name);
        series.add(format!("{name}{{{label}=\"{value}\"}}"), *count);
    }
    for ((store, call), calls) in &counts.stores {
        let labels = format!("store=\"{store}\",call=\"{}\"", label(*call));
        for (outcome, count) in &calls.outcomes {
            let name = "session_store_calls_total";
            series.add(format!("{name}{{{labels},outcome=\"{outcome}\"}}"), *count);
        }
        let name = "session_store_seconds";
        let histogram = format!("{name}{{{labels}}}");
        for (bucket, count) in calls.buckets.iter().enumerate() {
            series.add(format!("{histogram}#{bucket:02}"), *count);
        }
        series.add(format!("{histogram}#sum"), calls.millis);
    }
    series
}

fn count(name: &'static str, value: Label) {
    add(name, value, 1);
}

fn add(name: &'static str, value: Label, by: u64) {
    COUNTS.with(|counts| {
        let key = (name, value);
        if let Some(count) = counts.values.get_mut(&key) {
            *count += by;
            return;
        }
        let known = counts.values.keys().filter(|(of, _)| *of == name).count();
        let key = match known < MAX_VALUES {
            true => key,
            false => (name, Label::other()),
        };
        *counts.values.entry(key).or_insert(0) += by;
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
            rejected(format!("retired_key {n:08x}").into());
        }
        let counted = so_far();
        let refused = |part| counted.sum("session_rejected_total", part);
        assert!(refused("\"forged\"") >= 2);
        assert!(refused("\"other\"") > 900);
        assert!(counted.to_string().lines().count() < 110);
    }
}
