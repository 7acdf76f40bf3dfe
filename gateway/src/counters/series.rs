//! Numbers by series, as they are handed on, summed and shown.
//!
//! A counter's series is `name{labels}`. A histogram has one for each bucket, `name{labels}#03`, in
//! which only what fell into this bucket is counted, and `name{labels}#sum`, in milliseconds.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String};
use core::fmt;

/// Series and their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series(pub(super) BTreeMap<String, u64>);

/// What a sum of many isolates has room for: some hundred are in use, and labels that come from
/// outside are bounded in each isolate only.
const MAX_SERIES: usize = 2000;

/// Counts what found no room.
const OVERFLOW: &str = "session_series_overflow_total{}";

impl Series {
    /// None.
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds to one of them.
    pub(super) fn add(&mut self, series: String, by: u64) {
        if by > 0 {
            let sum = self.0.entry(series).or_insert(0);
            *sum = sum.saturating_add(by);
        }
    }

    /// Adds what another text says: a line for each series, as [`fmt::Display`] writes it. Lines that
    /// are none are left out.
    pub fn add_text(&mut self, text: &str) {
        for line in text.lines() {
            let Some((series, count)) = line.rsplit_once(' ') else {
                continue;
            };
            let Ok(count) = count.parse() else { continue };
            if self.0.len() < MAX_SERIES || self.0.contains_key(series) {
                self.add(series.to_owned(), count);
            } else {
                self.add(OVERFLOW.to_owned(), 1);
            }
        }
    }

    /// The name and labels of each with its number. Of a histogram that is how many there were, and
    /// how many milliseconds they took together.
    pub fn totals(&self) -> BTreeMap<String, u64> {
        let mut totals = BTreeMap::new();
        for (series, count) in &self.0 {
            let name = match series.split_once('#') {
                None => series.clone(),
                Some((named, part)) => {
                    let (name, labels) = named.split_once('{').unwrap_or((named, "}"));
                    let what = if part == "sum" { "millis" } else { "count" };
                    format!("{name}_{what}{{{labels}")
                }
            };
            let total: &mut u64 = totals.entry(name).or_default();
            *total = total.saturating_add(*count);
        }
        totals
    }

    /// What was counted since it was `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = Self::default();
        for (series, count) in &self.0 {
            let before = earlier.0.get(series).copied().unwrap_or_default();
            since.add(series.clone(), count.saturating_sub(before));
        }
        since
    }

    /// The sum of a counter's series whose labels contain `part`.
    #[must_use]
    pub fn sum(&self, counter: &str, part: &str) -> u64 {
        let of_it = self.0.range(counter.to_owned()..);
        of_it
            .take_while(|(series, _)| series.starts_with(counter))
            .filter(|(series, _)| {
                let labels = series.strip_prefix(counter).unwrap_or_default();
                labels.starts_with('{') && labels.contains(part) && !labels.contains('#')
            })
            .map(|(_, count)| count)
            .sum()
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(series, count)| writeln!(f, "{series} {count}"))
    }
}

impl From<&str> for Series {
    fn from(text: &str) -> Self {
        let mut series = Self::default();
        series.add_text(text);
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_is_written_and_adds_up() {
        let mut sums = Series::default();
        let deltas = "a_total{x=\"unknown_key 1\"} 2\nh{}#03 1\nh{}#sum 17\n";
        for _ in 0..3 {
            sums.add_text(deltas);
        }
        sums.add_text("no number\nb 1x\n\n");
        assert_eq!(
            sums.to_string(),
            "a_total{x=\"unknown_key 1\"} 6\nh{}#03 3\nh{}#sum 51\n"
        );
        assert_eq!(Series::from(sums.to_string().as_str()), sums);
        assert_eq!(sums.sum("a_total", "unknown"), 6);
        assert_eq!(sums.sum("a_total", "known_x") + sums.sum("a", ""), 0);
    }

    #[test]
    fn a_histogram_has_two_totals() {
        let text = "a_total{} 2\nh_seconds{store=\"kv\"}#00 3\nh_seconds{store=\"kv\"}#05 1\n\
            h_seconds{store=\"kv\"}#sum 170\n";
        let totals: Vec<_> = Series::from(text).totals().into_iter().collect();
        let expected = [
            ("a_total{}", 2),
            ("h_seconds_count{store=\"kv\"}", 4),
            ("h_seconds_millis{store=\"kv\"}", 170),
        ];
        assert_eq!(
            totals,
            expected.map(|(name, count)| (name.to_owned(), count))
        );
    }

    #[test]
    fn what_was_counted_since_is_what_is_more() {
        let earlier = Series::from("a_total{} 2\nb_total{} 1\n");
        let later = Series::from("a_total{} 5\nb_total{} 1\nc_total{} 1\n");
        let expected = "a_total{} 3\nc_total{} 1\n";
        assert_eq!(later.since(&earlier).to_string(), expected);
    }

    #[test]
    fn room_is_bounded_and_what_finds_none_is_counted() {
        let mut sums = Series::default();
        for n in 0..MAX_SERIES + 10 {
            sums.add_text(&format!("a_total{{key=\"{n}\"}} 5"));
        }
        assert!(sums.0.len() <= MAX_SERIES + 1);
        assert_eq!(sums.sum("session_series_overflow_total", ""), 10);
    }
}
