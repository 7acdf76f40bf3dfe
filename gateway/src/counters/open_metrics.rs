//! Numbers as `OpenMetrics` text 1.0, which Prometheus reads.

use core::fmt::Write as _;

use super::{BUCKETS, Series};

/// The type of [`open_metrics`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters: their label, and what they count.
const COUNTERS: [(&str, &str, &str); 18] = [
    (
        "session_background_failures_total",
        "event",
        "Writes that failed in the background",
    ),
    (
        "session_device_missing_total",
        "answer",
        "Requests with a bound session and without its device",
    ),
    (
        "session_device_total",
        "result",
        "Bindings of sessions to devices, by what came of them",
    ),
    (
        "session_keys_placed_total",
        "placement",
        "Keys of saved sessions, by where they went",
    ),
    (
        "session_loads_total",
        "result",
        "Sessions whose spilled part was asked for",
    ),
    (
        "session_malformed_records_total",
        "store",
        "Records that nobody here wrote: read as absent",
    ),
    (
        "session_merged_total",
        "result",
        "Updates that met another one",
    ),
    (
        "session_opened_total",
        "key",
        "Sessions opened, by key id or Django key position",
    ),
    (
        "session_origin_cookies_total",
        "result",
        "Sessions that the site set, by what came of reading them",
    ),
    (
        "session_origin_repeats_total",
        "result",
        "Requests that the origin was asked twice",
    ),
    (
        "session_refused_by_origin_total",
        "answer",
        "Requests refused by the site's server for their long session",
    ),
    (
        "session_reissued_total",
        "cause",
        "Sessions sealed again without a change",
    ),
    (
        "session_rejected_total",
        "reason",
        "Session cookies refused",
    ),
    (
        "session_requests_total",
        "answered",
        "Requests, by who answered",
    ),
    (
        "session_revoked_total",
        "cause",
        "Sessions and users revoked",
    ),
    ("session_saves_total", "result", "Sessions saved"),
    (
        "session_set_cookie_withheld_total",
        "reason",
        "Set-Cookie lines that no browser gets",
    ),
    ("session_store_calls_total", "", "Calls to stores"),
];

/// The label of a counter that has one.
pub(super) fn label_of(counter: &str) -> &'static str {
    let known = COUNTERS.iter().find(|(name, ..)| *name == counter);
    known.map_or("value", |(_, label, _)| label)
}

/// What is not counted but so at the moment.
#[derive(Debug, Clone)]
pub struct Gauge {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Labels and value of each.
    pub values: Vec<(String, String)>,
}

impl Gauge {
    /// One without labels.
    #[must_use]
    pub fn of(name: &'static str, help: &'static str, value: impl ToString) -> Self {
        Self {
            name,
            help,
            values: vec![(String::new(), value.to_string())],
        }
    }
}

/// The text. `isolate` is whose numbers they are if they are one isolate's.
#[must_use]
pub fn open_metrics(series: &Series, gauges: &[Gauge], isolate: Option<&str>) -> String {
    let mut text = Text {
        out: String::new(),
        family: String::new(),
        isolate: isolate.map(|isolate| format!("isolate=\"{isolate}\"")),
    };
    let mut histogram = Histogram::default();
    for (series, &count) in &series.0 {
        let Some((name, labels)) = series.split_once('{') else {
            continue;
        };
        match labels.split_once("}#") {
            None => {
                histogram.finish(&mut text);
                text.counter(name, labels.trim_end_matches('}'), count);
            }
            Some((labels, part)) => {
                if (histogram.name.as_str(), histogram.labels.as_str()) != (name, labels) {
                    histogram.finish(&mut text);
                    histogram.name.push_str(name);
                    histogram.labels.push_str(labels);
                }
                histogram.add(part, count);
            }
        }
    }
    histogram.finish(&mut text);
    for gauge in gauges {
        text.begin(gauge.name, "gauge", gauge.help);
        for (labels, value) in &gauge.values {
            text.line(gauge.name, labels, "", value);
        }
    }
    text.out.push_str("# EOF\n");
    text.out
}

struct Text {
    out: String,
    /// The family that was begun last.
    family: String,
    isolate: Option<String>,
}

// A String never fails to take what is written.
impl Text {
    fn begin(&mut self, family: &str, kind: &str, help: &str) {
        if self.family != family {
            family.clone_into(&mut self.family);
            let _ = writeln!(self.out, "# TYPE {family} {kind}");
            if !help.is_empty() {
                let _ = writeln!(self.out, "# HELP {family} {help}.");
            }
        }
    }

    fn line(&mut self, name: &str, labels: &str, further: &str, value: &str) {
        let isolate = self.isolate.as_deref().unwrap_or_default();
        let parts = [labels, further, isolate].into_iter();
        let labels: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let _ = match labels.is_empty() {
            true => writeln!(self.out, "{name} {value}"),
            false => writeln!(self.out, "{name}{{{}}} {value}", labels.join(",")),
        };
    }

    fn counter(&mut self, name: &str, labels: &str, count: u64) {
        let family = name.strip_suffix("_total").unwrap_or(name);
        // One of another version's is shown, too.
        let known = COUNTERS.iter().find(|(known, ..)| *known == name);
        self.begin(family, "counter", known.map_or("", |(.., help)| help));
        self.line(name, labels, "", &count.to_string());
    }
}

#[derive(Default)]
struct Histogram {
    name: String,
    labels: String,
    buckets: [u64; BUCKETS.len() + 1],
    millis: u64,
}

impl Histogram {
    fn add(&mut self, part: &str, count: u64) {
        match part
            .parse()
            .ok()
            .and_then(|n: usize| self.buckets.get_mut(n))
        {
            Some(bucket) => *bucket = count,
            None => self.millis = count,
        }
    }

    fn finish(&mut self, text: &mut Text) {
        let Self {
            name,
            labels,
            buckets,
            millis,
        } = core::mem::take(self);
        if name.is_empty() {
            return;
        }
        text.begin(&name, "histogram", "How long stores took");
        let mut total = 0;
        for (bucket, count) in buckets.iter().enumerate() {
            total += count;
            let limit = BUCKETS
                .get(bucket)
                .map_or_else(|| "+Inf".to_owned(), |ms| seconds(ms.unsigned_abs()));
            let limit = format!("le=\"{limit}\"");
            text.line(
                &format!("{name}_bucket"),
                &labels,
                &limit,
                &total.to_string(),
            );
        }
        text.line(&format!("{name}_sum"), &labels, "", &seconds(millis));
        text.line(&format!("{name}_count"), &labels, "", &total.to_string());
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named_once_and_buckets_add_up() {
        let text = "session_opened_total{key=\"a\"} 2\n\
            session_opened_total{key=\"b\"} 1\n\
            session_newer_total{x=\"1\"} 7\n\
            session_store_seconds{store=\"kv\",call=\"read\"}#00 3\n\
            session_store_seconds{store=\"kv\",call=\"read\"}#08 1\n\
            session_store_seconds{store=\"kv\",call=\"read\"}#sum 1234\n\
            session_store_seconds{store=\"kv\",call=\"write\"}#02 5\n";
        let gauge = Gauge::of("session_isolates", "Isolates", 2);
        let shown = open_metrics(&Series::from(text), &[gauge], None);
        let expected = "# TYPE session_newer counter\nsession_newer_total{x=\"1\"} 7\n\
            # TYPE session_opened counter\n\
            # HELP session_opened Sessions opened, by key id or Django key position.\n\
            session_opened_total{key=\"a\"} 2\nsession_opened_total{key=\"b\"} 1\n\
            # TYPE session_store_seconds histogram\n# HELP session_store_seconds How long stores took.\n";
        assert!(shown.starts_with(expected), "{shown}");
        for line in [
            "session_store_seconds_bucket{store=\"kv\",call=\"read\",le=\"0.005\"} 3",
            "session_store_seconds_bucket{store=\"kv\",call=\"read\",le=\"1.000\"} 3",
            "session_store_seconds_bucket{store=\"kv\",call=\"read\",le=\"+Inf\"} 4",
            "session_store_seconds_sum{store=\"kv\",call=\"read\"} 1.234",
            "session_store_seconds_count{store=\"kv\",call=\"read\"} 4",
            "session_store_seconds_count{store=\"kv\",call=\"write\"} 5",
            "session_isolates 2",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
        assert!(shown.ends_with("# EOF\n"));
        assert_eq!(shown.matches("# TYPE session_store_seconds ").count(), 1);
    }

    #[test]
    fn numbers_of_one_isolate_say_so() {
        let series = Series::from("session_opened_total{key=\"a\"} 2\n");
        let shown = open_metrics(&series, &[], Some("x"));
        assert!(shown.contains("session_opened_total{key=\"a\",isolate=\"x\"} 2\n"));
    }

    #[test]
    fn counters_are_in_order_and_named_as_counters_are() {
        assert!(COUNTERS.is_sorted());
        assert!(COUNTERS.iter().all(|(name, ..)| name.ends_with("_total")));
    }
}
