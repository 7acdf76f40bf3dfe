use alloc::{borrow::ToOwned, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{atoms::Priority, session::raw_form};

/// Gives keys a priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityRule {
    /// A key, or the beginning of keys followed by `*`.
    pub key: String,
    /// What such keys are worth.
    pub priority: Priority,
}

/// Rules, ready to be asked. An exact rule wins over a pattern, a longer pattern over a shorter.
#[derive(Debug, Clone, Default)]
pub struct Priorities {
    exact: Vec<(String, Priority)>,
    prefixes: Vec<(String, Priority)>,
}

impl Priorities {
    /// Sorts the rules once. Of two rules for the same keys the later one wins.
    #[must_use]
    pub fn new(rules: &[PriorityRule]) -> Self {
        let mut priorities = Self::default();
        for rule in rules.iter().rev() {
            match rule.key.strip_suffix('*') {
                Some(prefix) => {
                    let prefix = raw_form(prefix).into_owned();
                    priorities.prefixes.push((prefix, rule.priority));
                }
                None => {
                    let key = raw_form(&rule.key).as_ref().to_owned();
                    priorities.exact.push((key, rule.priority));
                }
            }
        }
        priorities
            .prefixes
            .sort_by_key(|(prefix, _)| core::cmp::Reverse(prefix.len()));
        priorities
    }

    /// The priority of a key as it stands between its quotes.
    pub(crate) fn of(&self, raw_key: &str) -> Priority {
        let exact = self.exact.iter().find(|(key, _)| key == raw_key);
        let rule = exact.or_else(|| {
            self.prefixes
                .iter()
                .find(|(prefix, _)| raw_key.starts_with(prefix.as_str()))
        });
        rule.map_or_else(Priority::default, |&(_, priority)| priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_rule_wins() {
        let rule = |key: &str, priority| PriorityRule {
            key: key.into(),
            priority,
        };
        let priorities = Priorities::new(&[
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
            assert_eq!(priorities.of(key), expected, "{key}");
        }
        assert_eq!(Priorities::default().of("any"), Priority::Normal);
    }
}
