//! What happened in this isolate, as numbers. Prometheus sums isolates up; a log line tells each
//! event that an operator may have to act on.

use alloc::collections::BTreeMap;
use core::{cell::RefCell, fmt::Write as _};

thread_local! {
    static COUNTS: RefCell<BTreeMap<(&'static str, String), u64>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// Names of the counters, and the label that tells their values apart.
const NAMES: [(&str, &str, &str); 4] = [
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
        "session_reissued_total",
        "cause",
        "Sessions sealed again without a change, by cause.",
    ),
    (
        "session_revoked_total",
        "cause",
        "Sessions and users revoked, by cause.",
    ),
];

/// Distinct values one counter keeps: key ids in forged cookies are an attacker's choice.
const MAX_VALUES: usize = 64;

pub(crate) fn opened(key: String) {
    count("session_opened_total", key);
}

pub(crate) fn rejected(reason: String) {
    count("session_rejected_total", reason);
}

pub(crate) fn reissued(cause: &str) {
    count("session_reissued_total", cause.to_owned());
}

pub(crate) fn revoked(cause: &str) {
    count("session_revoked_total", cause.to_owned());
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
    text
}

fn count(name: &'static str, value: String) {
    COUNTS.with_borrow_mut(|counts| {
        let known = counts.keys().filter(|(of, _)| *of == name).count();
        let key = (name, value);
        let key = match known < MAX_VALUES || counts.contains_key(&key) {
            true => key,
            false => (name, "other".to_owned()),
        };
        *counts.entry(key).or_insert(0) += 1;
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
        assert!(text.lines().count() < 100);
    }
}
