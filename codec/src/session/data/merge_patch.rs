use alloc::string::String;

use super::SessionData;
use crate::text::json::{JsonError, MergePatch};

impl SessionData {
    /// The session after a JSON merge patch (RFC 7396): a `null` takes its key away, an object changes an
    /// object member by member, everything else replaces. Numbers keep their digits and keys their
    /// order; what is not touched is copied as it stands.
    ///
    /// It takes the memory of the result and lists of the patch's members, however deep the patch
    /// is; time grows with the depth, so whoever takes patches from strangers bounds it
    /// ([`from_json_within`](Self::from_json_within)).
    ///
    /// # Errors
    /// None for what is a session; the type is that of the reader.
    pub fn patched(&self, patch: &Self) -> Result<Self, JsonError> {
        // Grown as it is written it would end twice as large, and it is kept until it is stored.
        let mut json = String::with_capacity("{}".len() + bytes(self) + bytes(patch));
        let mut merge = MergePatch::new(&patch.text, patch.members.clone(), &mut json);
        for (key, value) in self.raw_members() {
            merge.member(key, value);
        }
        merge.finish();
        Self::from_json(json)
    }
}

/// Of the members as JSON, with quotes, colons and commas.
fn bytes(session: &SessionData) -> usize {
    let members = session.raw_members();
    members
        .map(|(key, value)| key.len() + value.len() + r#""":,"#.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString, vec::Vec};

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn applied(session: &str, patch: &str) -> String {
        let read = |text: &str| SessionData::from_json(text).unwrap();
        read(session).patched(&read(patch)).unwrap().to_json()
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

    /// Python would read it so, too. Changing each of them would multiply the patch.
    #[test]
    fn of_repeated_keys_the_last_counts() {
        for (session, patch, result) in [
            (
                r#"{"o":{"a":{"x":1},"b":1,"a":{"y":2}}}"#,
                r#"{"o":{"a":{"z":3}}}"#,
                r#"{"o":{"a":{"y":2,"z":3},"b":1}}"#,
            ),
            (
                r#"{"o":{"a":1}}"#,
                r#"{"o":{"a":2,"c":1,"a":null,"\u0063":4}}"#,
                r#"{"o":{"c":4}}"#,
            ),
        ] {
            assert_eq!(applied(session, patch), result, "{session} + {patch}");
        }
        let many = format!(r#"{{"o":{{{}"a":{{}}}}}}"#, r#""a":{},"#.repeat(10_000));
        let patch = format!(r#"{{"o":{{"a":{{"b":"{}"}}}}}}"#, "x".repeat(10_000));
        assert_eq!(applied(&many, &patch), patch);
    }

    #[test]
    fn empty_keys_and_odd_places() {
        for (session, patch, result) in [
            (
                r#"{"":{"":{"":1}}}"#,
                r#"{"":{"":{"":2,"x":null}}}"#,
                r#"{"":{"":{"":2}}}"#,
            ),
            (
                r#"{"a":[{"b":1}],"c":2}"#,
                r#"{"a":{"b":{"c":null,"d":[null]}}}"#,
                r#"{"a":{"b":{"d":[null]}},"c":2}"#,
            ),
            (
                r#"{"a":{ "b" : [ {"b":0} ] , "c" : { } }}"#,
                r#"{"a":{"c":{"d":"e"}}}"#,
                r#"{"a":{"b":[ {"b":0} ],"c":{"d":"e"}}}"#,
            ),
            (
                r#"{"a":{"b":{"c":1}}}"#,
                r#"{"a":{"b":{"c":null}}}"#,
                r#"{"a":{"b":{}}}"#,
            ),
            (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, r#"{"a":{"b":1}}"#),
        ] {
            assert_eq!(applied(session, patch), result, "{session} + {patch}");
        }
    }

    /// RFC 7396, section 2, on trees.
    fn reference(target: Value, patch: &Value) -> Value {
        let Value::Object(patch) = patch else {
            return patch.clone();
        };
        let mut target = match target {
            Value::Object(target) => target,
            _ => serde_json::Map::new(),
        };
        for (key, change) in patch {
            match change {
                Value::Null => drop(target.remove(key)),
                _ => {
                    let before = target.remove(key).unwrap_or_default();
                    target.insert(key.clone(), reference(before, change));
                }
            }
        }
        Value::Object(target)
    }

    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i8>().prop_map(Value::from),
            "[a-cé]{0,2}".prop_map(Value::from),
        ];
        let of = |value: BoxedStrategy<Value>| {
            proptest::collection::btree_map("[a-cé\"]{0,1}", value, 0..4)
                .prop_map(|members| members.into_iter().collect::<Value>())
        };
        let value = leaf.prop_recursive(4, 64, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                of(inner.boxed()),
            ]
        });
        of(value.boxed())
    }

    proptest! {
        #[test]
        fn it_is_the_merge_patch_of_the_rfc(session in object(), patch in object()) {
            let text = applied(&session.to_string(), &patch.to_string());
            let after: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(after, reference(session, &patch));
        }
    }
}
