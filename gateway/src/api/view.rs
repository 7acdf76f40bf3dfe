use session_codec::SessionData;

use crate::session_text::is_strict;

/// The keys of a session that may be seen, as a JSON object every parser takes: a value that only
/// Python's JSON can say, `NaN` say, shows as `null`.
pub(super) fn json(session: &SessionData, may_see: impl Fn(&str) -> bool) -> String {
    let mut json = String::from("{");
    for (key, (raw_key, value)) in session.keys().zip(session.raw_members()) {
        if !may_see(&key) {
            continue;
        }
        if json.len() > 1 {
            json.push(',');
        }
        json.push('"');
        json.push_str(raw_key);
        json.push_str("\":");
        json.push_str(if is_strict(value) { value } else { "null" });
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_seen_in_order_and_parseable() {
        let session = r#"{"b":{"x":[1]},"secret":1,"a":NaN,"caf\u00e9":"\u00e9"}"#;
        let session = SessionData::from_json(session).unwrap();
        assert_eq!(
            json(&session, |key| key != "secret"),
            r#"{"b":{"x":[1]},"a":null,"caf\u00e9":"\u00e9"}"#
        );
        assert_eq!(json(&session, |_| false), "{}");
    }
}
