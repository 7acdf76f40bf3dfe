//! JSON from outside that is to become part of a session.

use serde::de::IgnoredAny;
use session_codec::{JsonErrorKind, Session};

/// Objects and arrays may nest this deep. Merging recurses as deep, and no session needs more.
const DEPTH: u16 = 64;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextError {
    /// Not JSON (RFC 8259): what a browser cannot parse back, `NaN` say, is refused.
    NotJson,
    /// JSON, but no object.
    NotAnObject,
    /// Nested deeper than 64 levels.
    TooDeep,
}

impl TextError {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::NotJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::TooDeep => "too_deep",
        }
    }
}

/// Reads an object.
pub(crate) fn read(octets: Vec<u8>) -> Result<Session, TextError> {
    let text = String::from_utf8(octets).map_err(|_| TextError::NotJson)?;
    serde_json::from_str::<IgnoredAny>(&text).map_err(|_| TextError::NotJson)?;
    Session::from_json_within(text, DEPTH).map_err(|error| match error.kind {
        JsonErrorKind::TooDeep => TextError::TooDeep,
        JsonErrorKind::NotAnObject => TextError::NotAnObject,
        _ => TextError::NotJson,
    })
}

/// Whether every JSON parser takes this value: Python's writes `NaN` and infinities, too.
pub(crate) fn is_strict(value: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<TextError> {
        read(text.as_bytes().to_vec()).err()
    }

    #[test]
    fn objects_only() {
        assert_eq!(error(r#" {"a": [1, {"b": null}]} "#), None);
        for text in [
            "",
            "{",
            "{}x",
            r#"{"a":NaN}"#,
            r#"{"a":-Infinity}"#,
            "{'a':1}",
            "\u{feff}{}",
        ] {
            assert_eq!(error(text), Some(TextError::NotJson), "{text}");
        }
        assert_eq!(
            read(vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).err(),
            Some(TextError::NotJson)
        );
        for text in ["null", "[]", "1", r#""{}""#] {
            assert_eq!(error(text), Some(TextError::NotAnObject), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert_eq!(error(&nested(64)), None);
        assert_eq!(error(&nested(65)), Some(TextError::TooDeep));
        assert_eq!(error(&nested(100_000)), Some(TextError::TooDeep));
    }
}
