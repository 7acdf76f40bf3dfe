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

/// The user key is critical unless a rule names it, so that a cookie alone tells the class.
pub(super) fn priorities(text: &str, user_key: Option<&str>) -> Result<Vec<KeyRule>, String> {
    let rules: BTreeMap<String, Priority> = json(
        text,
        r#"a JSON object of key to "critical", "important", "normal" or "optional""#,
    )?;
    let rule = |(key, priority): (String, Priority)| KeyRule::new(key, priority);
    let user = user_key.map(|key| (key.to_owned(), Priority::Critical));
    Ok(user.into_iter().chain(rules).map(rule).collect())
}

pub(super) fn rules(text: &str) -> Result<Vec<KeyRule>, String> {
    json(
        text,
        r#"a JSON array of rules, as [{"key": "cart*", "priority": "important", "max_age": 86400, "secret": false, "overflow": "spill", "max_octets": 2000}], where only "key" must be"#,
    )
}
