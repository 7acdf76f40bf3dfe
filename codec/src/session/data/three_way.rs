use alloc::{collections::BTreeMap, string::String};

use super::SessionData;
use crate::text::json;

/// Two changes of one session, made into one.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The session with both changes.
    pub session: SessionData,
    /// Keys that both changed to different values; ours is kept.
    pub contested: usize,
}

impl SessionData {
    /// Three-way merge, key by key: `theirs`, with what `ours` changed since `base`. Where both
    /// changed the same key, ours is the later answer and counts. Linear in the texts, but for
    /// the look-up of keys.
    #[must_use]
    pub fn merged(base: &Self, ours: &Self, theirs: &Self) -> Merged {
        let before: BTreeMap<_, _> = base.raw_members().collect();
        let mut added: BTreeMap<_, _> = ours.raw_members().collect();
        let mut session = Self::new();
        let mut contested = 0;
        for (key, theirs) in theirs.raw_members() {
            let before = before.get(key).copied();
            let ours = added.remove(key);
            if is_same(before, ours) {
                session.push_raw(key, theirs);
                continue;
            }
            contested +=
                usize::from(!is_same(before, Some(theirs)) && !is_same(ours, Some(theirs)));
            if let Some(ours) = ours {
                session.push_raw(key, ours);
            }
        }
        // What is left they do not have: we added it, or they took it out.
        for (key, ours) in ours
            .raw_members()
            .filter(|(key, _)| added.contains_key(key))
        {
            let before = before.get(key).copied();
            if !is_same(before, Some(ours)) {
                contested += usize::from(before.is_some());
                session.push_raw(key, ours);
            }
        }
        Merged { session, contested }
    }
}

/// Whether both texts spell the same JSON value: an origin may spell it in its own way.
pub(crate) fn is_same_value(before: &str, after: &str) -> bool {
    let canonical = |text: &str| {
        let mut canonical = String::new();
        let written = json::write_canonical(text, json::DEPTH_LIMIT, &mut canonical);
        written.ok().map(|()| canonical)
    };
    before == after || canonical(before).is_some_and(|before| Some(before) == canonical(after))
}

fn is_same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_same_value(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, usize) {
        let session = |text: &str| SessionData::from_json(text).unwrap();
        let merged = SessionData::merged(&session(base), &session(ours), &session(theirs));
        (merged.session.to_json(), merged.contested)
    }

    #[test]
    fn changes_of_different_keys_all_survive() {
        let (text, contested) = merged(
            r#"{"a":1,"b":1,"c":1,"d":1}"#,
            r#"{"a":2,"b":1,"c":1,"e":5}"#,
            r#"{"a":1,"b":3,"d":1,"f":6}"#,
        );
        assert_eq!(
            (text.as_str(), contested),
            (r#"{"a":2,"b":3,"f":6,"e":5}"#, 0)
        );
    }

    #[test]
    fn of_two_changes_of_one_key_ours_counts() {
        for (base, ours, theirs, expected, contested) in [
            (r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":2}"#, 1),
            (r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":2}"#, r#"{"a":2}"#, 0),
            (r#"{"a":1}"#, r#"{"a":2}"#, "{}", r#"{"a":2}"#, 1),
            (r#"{"a":1}"#, "{}", r#"{"a":3}"#, "{}", 1),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#, "{}", 0),
            ("{}", r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":2}"#, 1),
        ] {
            let merged = merged(base, ours, theirs);
            assert_eq!(
                (merged.0.as_str(), merged.1),
                (expected, contested),
                "{base} {ours} {theirs}"
            );
        }
    }

    #[test]
    fn another_spelling_is_no_change() {
        let (text, contested) = merged(r#"{"a":"\u00e9"}"#, r#"{"a":"é"}"#, r#"{"a":"x"}"#);
        assert_eq!((text.as_str(), contested), (r#"{"a":"x"}"#, 0));
    }
}
