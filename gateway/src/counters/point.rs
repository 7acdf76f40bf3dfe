//! Numbers for whoever takes single events and adds them up.

use alloc::{string::String, vec::Vec};

use super::Series;

/// What was counted of one series: a counter, or a histogram with all its buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The counter's name.
    pub name: String,
    /// The values of its labels, in their order.
    pub labels: Vec<String>,
    /// How many. Of a histogram then the sum in milliseconds, and how many fell into each bucket.
    pub numbers: Vec<u32>,
}

/// Counts what found no room.
const OVERFLOW: &str = "session_series_overflow_total";

impl Series {
    /// All of them, the most frequent `most` where there are more; then the last one says how many
    /// series were left out.
    #[must_use]
    pub fn points(&self, most: usize) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut last = "";
        for (series, &count) in &self.0 {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let (named, part) = series.split_once('#').unwrap_or((series, ""));
            if named != last || part.is_empty() {
                points.push(Point::of(named));
            }
            last = named;
            if let Some(point) = points.last_mut() {
                point.add(part, count);
            }
        }
        if points.len() > most {
            points.sort_by_key(|point| core::cmp::Reverse(point.numbers.first().copied()));
            let left_out = points.split_off(most.saturating_sub(1)).len();
            let mut overflow = Point::of(OVERFLOW);
            overflow.add("", u32::try_from(left_out).unwrap_or(u32::MAX));
            points.push(overflow);
        }
        points
    }
}

impl Point {
    fn of(series: &str) -> Self {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        // No value has a quotation mark in it.
        let values = labels.split('"').skip(1).step_by(2);
        Self {
            name: name.into(),
            labels: values.map(Into::into).collect(),
            numbers: vec![0],
        }
    }

    /// `part` is empty, the number of a bucket or `sum`.
    fn add(&mut self, part: &str, count: u32) {
        const BEFORE_BUCKETS: usize = 2;
        let place = match (part, part.parse::<usize>()) {
            ("", _) => 0,
            (_, Ok(bucket)) if bucket <= super::BUCKETS.len() => {
                self.numbers[0] = self.numbers[0].saturating_add(count);
                BEFORE_BUCKETS + bucket
            }
            _ => 1,
        };
        if place >= self.numbers.len() {
            self.numbers
                .resize(BEFORE_BUCKETS + super::BUCKETS.len() + 1, 0);
        }
        if let Some(number) = self.numbers.get_mut(place) {
            *number = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_a_point_and_a_histogram_is_one_too() {
        let text = "a_total{x=\"1 2\"} 3\n\
            h{store=\"kv\",call=\"read\"}#00 3\n\
            h{store=\"kv\",call=\"read\"}#08 1\n\
            h{store=\"kv\",call=\"read\"}#sum 1234\n\
            h{store=\"kv\",call=\"write\"}#02 5\n\
            over_total{} 7\n";
        let points = Series::from(text).points(10);
        let shown: Vec<_> = points
            .iter()
            .map(|point| (&*point.name, point.labels.join("|"), &*point.numbers))
            .collect();
        assert_eq!(
            shown,
            [
                ("a_total", "1 2".into(), &[3][..]),
                ("h", "kv|read".into(), &[4, 1234, 3, 0, 0, 0, 0, 0, 0, 0, 1]),
                ("h", "kv|write".into(), &[5, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0]),
                ("over_total", String::new(), &[7]),
            ]
        );
    }

    #[test]
    fn of_too_many_the_most_frequent_are_kept_and_the_rest_is_counted() {
        let text: String = (1..=50)
            .map(|n| format!("a_total{{x=\"{n}\"}} {n}\n"))
            .collect();
        let points = Series::from(&*text).points(10);
        let counts: Vec<_> = points.iter().map(|point| point.numbers[0]).collect();
        assert_eq!(counts, [50, 49, 48, 47, 46, 45, 44, 43, 42, 41]);
        assert_eq!((&*points[9].name, points[9].numbers[0]), (OVERFLOW, 41));
    }
}
