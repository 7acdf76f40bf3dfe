//! Which of a session's keys is the user, and what holds for which.

use alloc::collections::BTreeMap;

use session_codec::{Priority, policy::KeyRule};

use super::value::json;

pub(super) fn user_key(text: &str) -> Result<String, String> {
    match text {
        "" => Err("the name of a key is missing".to_owned()),
        key if key.contains('*') => Err("a key, not a pattern, is wanted".to_owned()),
        key => Ok(key.to_owned()),
    }
}

pub(super) fn priorities(text: &str) -> Result<Vec<KeyRule>, String> {
    let rules: BTreeMap<String, Priority> = json(
        text,
        r#"a JSON object of key to "critical", "important", "normal" or "optional""#,
    )?;
    let rule = |(key, priority)| KeyRule::new(key, priority);
    Ok(rules.into_iter().map(rule).collect())
}

/// The user key is critical unless a rule names it, so that a cookie alone tells the class.
pub(super) fn of_user(user_key: String) -> KeyRule {
    KeyRule::new(user_key, Priority::Critical)
}

pub(super) fn rules(text: &str) -> Result<Vec<KeyRule>, String> {
    let rules: Vec<KeyRule> = json(
        text,
        r#"a JSON array of rules, as [{"key": "cart*", "priority": "important", "max_age": 86400, "secret": false, "overflow": "spill", "max_bytes": 2000}], where only "key" must be"#,
    )?;
    match rules.iter().position(|rule| rule.key.is_empty()) {
        Some(at) => Err(format!("rule {}: \"key\" is missing", at + 1)),
        None => Ok(rules),
    }
}
