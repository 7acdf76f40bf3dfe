use core::num::NonZeroU32;

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use crate::{
    atoms::Priority,
    rules::{KeyOverflow, KeyRule},
    session::raw_form,
    text::order::sort,
};

/// A rule without its key.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rule {
    pub(crate) priority: Priority,
    pub(crate) max_age: Option<NonZeroU32>,
    pub(crate) is_secret: bool,
    pub(crate) overflow: Option<KeyOverflow>,
    pub(crate) max_bytes: Option<u32>,
}

/// Rules, ready to be asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    exact: Vec<(String, Rule)>,
    prefixes: Vec<(String, Rule)>,
    /// Whether any rule says more than a priority and where the key overflows to.
    pub(crate) has_special: bool,
    /// Whether any rule spills or drops where the session as a whole may do something else.
    pub(crate) has_overflow: bool,
    pub(crate) has_spill: bool,
}

impl Rules {
    /// Sorts the rules once.
    pub(crate) fn new(rules: &[KeyRule]) -> Self {
        let mut ready = Self::default();
        for rule in rules.iter().rev() {
            let of = Rule {
                priority: rule.priority,
                max_age: rule.max_age,
                is_secret: rule.secret,
                overflow: rule.overflow,
                max_bytes: rule.max_bytes,
            };
            ready.has_special |= rule.secret || rule.max_age.is_some() || rule.max_bytes.is_some();
            ready.has_overflow |= rule.overflow.is_some();
            ready.has_spill |= rule.overflow == Some(KeyOverflow::Spill);
            match rule.key.strip_suffix('*') {
                Some(prefix) => ready.prefixes.push((raw_form(prefix).into_owned(), of)),
                None => ready
                    .exact
                    .push((raw_form(&rule.key).as_ref().to_owned(), of)),
            }
        }
        sort(&mut ready.prefixes, |(a, _), (b, _)| b.len().cmp(&a.len()));
        ready
    }

    /// What holds for a key as it stands between its quotes.
    pub(crate) fn of(&self, raw_key: &str) -> Rule {
        let exact = self.exact.iter().find(|(key, _)| key == raw_key);
        let rule = exact.or_else(|| {
            self.prefixes
                .iter()
                .find(|(prefix, _)| raw_key.starts_with(prefix.as_str()))
        });
        rule.map_or_else(Rule::default, |&(_, rule)| rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_rule_wins() {
        let rule = |key: &str, priority| KeyRule::new(key, priority);
        let rules = Rules::new(&[
            rule("*", Priority::Optional),
            rule("cart*", Priority::Important),
            rule("cart_id", Priority::Critical),
            rule("caf\u{e9}*", Priority::Critical),
            rule("twice", Priority::Critical),
            rule("twice", Priority::Normal),
        ]);
        for (key, expected) in [
            ("theme", Priority::Optional),
            ("cart", Priority::Important),
            ("cart_items", Priority::Important),
            ("cart_id", Priority::Critical),
            (r"caf\u00e9s", Priority::Critical),
            ("twice", Priority::Normal),
        ] {
            assert_eq!(rules.of(key).priority, expected, "{key}");
        }
        assert_eq!(Rules::default().of("any").priority, Priority::Normal);
    }

    #[test]
    fn a_rule_is_read_from_json_with_everything_but_the_key_left_out() {
        let rules: Vec<KeyRule> = serde_json::from_str(
            r#"[{"key":"a"},{"key":"b*","priority":"critical","max_age":1800,"secret":true,
                "overflow":"drop","max_bytes":100}]"#,
        )
        .unwrap();
        assert_eq!(rules[0], KeyRule::new("a", Priority::Normal));
        assert_eq!(rules[1].overflow, Some(KeyOverflow::Drop));
        for wrong in [
            r#"{"key":"a","max_age":0}"#,
            r#"{"key":"a","prio":"normal"}"#,
            r#"{"key":"a","overflow":"refuse"}"#,
        ] {
            assert!(serde_json::from_str::<KeyRule>(wrong).is_err(), "{wrong}");
        }
    }
}
