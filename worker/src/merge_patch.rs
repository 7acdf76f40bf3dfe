//! JSON Merge Patch (RFC 7396) on sessions, as text: numbers keep their digits and keys their order.

use alloc::{borrow::Cow, collections::BTreeMap};

use session_codec::{JsonError, Session};

/// The session after `patch`. Nesting of the patch is bounded by whoever read it, and with it
/// the depth of this recursion; what lies deeper in the session is copied as it stands.
///
/// # Errors
/// None for what is a session; the type is that of the reader.
pub(crate) fn apply(session: &Session, patch: &Session) -> Result<Session, JsonError> {
    Session::from_json(merged(session, patch)?)
}

fn merged(target: &Session, patch: &Session) -> Result<String, JsonError> {
    let mut changes: BTreeMap<&str, &str> = patch.raw_members().collect();
    // Grown as it is written it would end twice as large, and it is kept until it is stored.
    let mut merged = String::with_capacity("{}".len() + octets(target) + octets(patch));
    merged.push('{');
    let mut write = |key: &str, value: &str| {
        if merged.len() > 1 {
            merged.push(',');
        }
        merged.push('"');
        merged.push_str(key);
        merged.push_str("\":");
        merged.push_str(value);
    };
    for (key, value) in target.raw_members() {
        match changes.remove(key) {
            None => write(key, value),
            Some(REMOVE) => {}
            Some(change) => write(key, &changed(value, change)?),
        }
    }
    for (key, change) in patch.raw_members() {
        if changes.contains_key(key) && change != REMOVE {
            write(key, &changed(REMOVE, change)?);
        }
    }
    merged.push('}');
    Ok(merged)
}

/// Of the members as JSON, with quotes, colons and commas.
fn octets(session: &Session) -> usize {
    let members = session.raw_members();
    members
        .map(|(key, value)| key.len() + value.len() + r#""":,"#.len())
        .sum()
}

/// In a patch this value takes its key away.
const REMOVE: &str = "null";

/// An object changes an object member by member, everything else replaces.
fn changed<'t>(value: &str, change: &'t str) -> Result<Cow<'t, str>, JsonError> {
    if !change.starts_with('{') {
        return Ok(Cow::Borrowed(change));
    }
    let target = match value.starts_with('{') {
        true => Session::from_json(value)?,
        false => Session::new(),
    };
    merged(&target, &Session::from_json(change)?).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(session: &str, patch: &str) -> String {
        let read = |text: &str| Session::from_json(text).unwrap();
        apply(&read(session), &read(patch)).unwrap().to_json()
    }

    /// RFC 7396, appendix A: every case in which document and patch are objects. (The others
    /// replace a whole document, which a session refuses.)
    #[test]
    fn the_examples_of_the_rfc() {
        for (session, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r"{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r"{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(applied(session, patch), result, "{session} + {patch}");
        }
    }

    /// RFC 7396, section 3.
    #[test]
    fn the_document_of_the_rfc() {
        let session = r#"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},
            "tags":["example","sample"],"content":"This will be unchanged"}"#;
        let patch = r#"{"title":"Hello!","phoneNumber":"+01-123-456-7890",
            "author":{"familyName":null},"tags":["example"]}"#;
        assert_eq!(
            applied(session, patch),
            r#"{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged","phoneNumber":"+01-123-456-7890"}"#
        );
    }

    #[test]
    fn what_is_not_touched_keeps_its_spelling() {
        let session = r#"{"n":1e+16,"big":123456789012345678901234567890,"x":NaN,"s":"\ud800"}"#;
        assert_eq!(
            applied(session, r#"{"new":1}"#),
            session.replace('}', r#","new":1}"#)
        );
    }

    #[test]
    fn keys_are_the_same_in_any_spelling() {
        assert_eq!(applied(r#"{"caf\u00e9":1}"#, r#"{"café":null}"#), "{}");
        assert_eq!(
            applied(r#"{"o":{"é":1}}"#, r#"{"o":{"\u00E9":2}}"#),
            r#"{"o":{"\u00e9":2}}"#
        );
    }

    #[test]
    fn a_nested_patch_of_many_keys_is_linear() {
        let many: Vec<String> = (0..20_000).map(|n| format!("\"k{n}\":{n}")).collect();
        let session = format!("{{{}}}", many.join(","));
        let patch = session.replace('k', "n");
        let after = applied(&session, &patch);
        assert!(after.contains("\"k19999\":19999") && after.contains("\"n19999\":19999"));
    }
}
