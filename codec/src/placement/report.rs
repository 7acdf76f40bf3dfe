use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::Write;

use super::{KeyPlacement, Placement, PlacementReason, rules::Rules};
use crate::{atoms::Priority, session::SessionData};

/// One line of a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReport {
    /// The key, as JSON spells it between quotes.
    pub key: String,
    /// Bytes the key and its value take in JSON, before compression.
    pub bytes: usize,
    /// What it is worth by the rules.
    pub priority: Priority,
    /// Where it went.
    pub placement: KeyPlacement,
    /// Why it went there.
    pub reason: PlacementReason,
}

/// Where everything went and how full the cookie is. Made when asked for, never on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// One line a key, in the session's order.
    pub keys: Vec<KeyReport>,
    /// Bytes of the cookie's name and value.
    pub cookie_bytes: usize,
    /// Bytes the name and value may have.
    pub budget: usize,
}

impl Report {
    pub(crate) fn new(
        session: &SessionData,
        placement: &Placement,
        rules: &Rules,
        cookie_bytes: usize,
        budget: usize,
    ) -> Self {
        let line = |index| {
            let key = session.raw_key(index);
            KeyReport {
                key: key.to_owned(),
                bytes: session.member_len(index),
                priority: rules.of(key).priority,
                placement: placement.of(index),
                reason: placement.reason(index),
            }
        };
        Self {
            keys: (0..session.len()).map(line).collect(),
            cookie_bytes,
            budget,
        }
    }

    /// Whether the cookie has reached 80 % of its budget: time to look at what fills it.
    #[must_use]
    pub const fn is_nearly_full(&self) -> bool {
        is_nearly_full(self.cookie_bytes, self.budget)
    }

    /// One line for a debug header, written as `Server-Timing` is:
    /// `cookie;desc="1480/4093", cart;desc="spilled too_large 5120 normal"`: name and value of the
    /// cookie in bytes and its budget, then each key that is not in the cookie, where it went,
    /// why, its bytes and its priority. Bytes of a key that a header's token cannot have show
    /// as `_`, and no more than 40 keys are named.
    #[must_use]
    pub fn header_value(&self) -> String {
        let mut value = String::with_capacity(64);
        // Writing to a text cannot fail.
        let _ = write!(
            value,
            "cookie;desc=\"{}/{}\"",
            self.cookie_bytes, self.budget
        );
        let elsewhere = || {
            let keys = self.keys.iter();
            keys.filter(|key| key.placement != KeyPlacement::Cookie)
        };
        for key in elsewhere().take(MAX_KEYS) {
            value.push_str(", ");
            value.extend(key.key.chars().take(MAX_CHARACTERS).map(token));
            let _ = write!(
                value,
                ";desc=\"{} {} {} {}\"",
                key.placement.label(),
                key.reason.label(),
                key.bytes,
                key.priority.label()
            );
        }
        let unnamed = elsewhere().count().saturating_sub(MAX_KEYS);
        if unnamed > 0 {
            let _ = write!(value, ", more;desc=\"{unnamed}\"");
        }
        value
    }
}

/// 80 % and more.
pub(crate) const fn is_nearly_full(bytes: usize, budget: usize) -> bool {
    bytes * 5 >= budget * 4
}

/// Keys that a debug header names: servers on the way allow 8 KB of headers or so.
const MAX_KEYS: usize = 40;
/// Characters of a key that it shows.
const MAX_CHARACTERS: usize = 64;

const fn token(character: char) -> char {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' => character,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_safe_characters_only_and_is_short() {
        let key = |key: String| KeyReport {
            key,
            bytes: 5120,
            priority: Priority::Normal,
            placement: KeyPlacement::Spilled,
            reason: PlacementReason::TooLarge,
        };
        let mut report = Report {
            keys: alloc::vec![key("cart".into()), key("a\"\r\n;,=b\u{e9}".into())],
            cookie_bytes: 1480,
            budget: 4093,
        };
        assert_eq!(
            report.header_value(),
            "cookie;desc=\"1480/4093\", cart;desc=\"spilled too_large 5120 normal\", \
             a______b_;desc=\"spilled too_large 5120 normal\""
        );
        report.keys = (0..1000)
            .map(|n| key(alloc::format!("{n}{}", "k".repeat(500))))
            .collect();
        let value = report.header_value();
        assert!(value.len() < 6_000, "{}", value.len());
        assert!(value.ends_with(", more;desc=\"960\""));
        assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    }

    #[test]
    fn four_fifths_of_the_budget_is_nearly_full() {
        assert!(is_nearly_full(80, 100) && is_nearly_full(4_000, 4_093));
        assert!(!is_nearly_full(79, 100));
        let report = |cookie_bytes| Report {
            keys: Vec::new(),
            cookie_bytes,
            budget: 100,
        };
        assert!(report(80).is_nearly_full() && !report(79).is_nearly_full());
    }
}
