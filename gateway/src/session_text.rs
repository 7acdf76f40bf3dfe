//! JSON from outside that is to become part of a session.

use core::fmt;

use serde::{
    Deserialize,
    de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use session_codec::{JsonErrorKind, SessionData};

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
    /// JSON that some program behind cannot keep.
    NotEverywhere,
}

impl TextError {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::NotJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::TooDeep => "too_deep",
            Self::NotEverywhere => "bad_value",
        }
    }
}

/// Reads an object.
pub(crate) fn read(bytes: Vec<u8>) -> Result<SessionData, TextError> {
    let text = String::from_utf8(bytes).map_err(|_| TextError::NotJson)?;
    serde_json::from_str::<IgnoredAny>(&text).map_err(|_| TextError::NotJson)?;
    SessionData::from_json_within(text, DEPTH).map_err(|error| match error.kind {
        JsonErrorKind::TooDeep => TextError::TooDeep,
        JsonErrorKind::NotAnObject => TextError::NotAnObject,
        _ => TextError::NotJson,
    })
}

/// Reads an object of whoever happens to visit. What the site would not write itself, it need not be able
/// to keep: of `1E400` its JSON reader makes an infinity, half a surrogate pair has no bytes in UTF-8,
/// and databases refuse U+0000. The site, and whoever has its token, may write them.
pub(crate) fn read_of_visitor(bytes: Vec<u8>) -> Result<SessionData, TextError> {
    let session = read(bytes)?;
    let is_kept = |text: &str| serde_json::from_str::<KeptEverywhere>(text).is_ok();
    let are_kept = session
        .raw_members()
        .all(|(key, value)| is_kept(&format!("\"{key}\"")) && is_kept(value));
    are_kept.then_some(session).ok_or(TextError::NotEverywhere)
}

/// Any JSON value that every program can keep, of which nothing is kept here.
struct KeptEverywhere;

impl<'de> Deserialize<'de> for KeptEverywhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // It reads numbers and strings, and refuses what is beyond a double or half a pair.
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for KeptEverywhere {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that every program can keep")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if text.contains('\0') {
            Err(E::custom("U+0000"))
        } else {
            Ok(Self)
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(Self)
    }
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
    fn what_a_visitor_writes_every_program_can_keep() {
        for value in [
            "1E400",
            "-1e309",
            r#""\ud800""#,
            r#""a\udc00b""#,
            r#""\ud800\ud800""#,
            r#""a\u0000""#,
            r#"[{"x":["\u0000"]}]"#,
            r#"{"\u0000":1}"#,
            r#"{"a":{"\ud800":1}}"#,
        ] {
            let text = format!(r#"{{"a":{value}}}"#);
            assert_eq!(error(&text), None, "{value}: the site's own");
            let visitors = read_of_visitor(text.into_bytes()).err();
            assert_eq!(visitors, Some(TextError::NotEverywhere), "{value}");
        }
        let key = r#"{"a\u0000":1}"#.as_bytes().to_vec();
        assert_eq!(read_of_visitor(key).err(), Some(TextError::NotEverywhere));
        for value in [
            "1e308",
            "123456789012345678901234567890",
            "-0.0",
            "1E-400",
            r#""\ud83d\ude00 \u0001 é""#,
            r#"[null,true,{"":[]}]"#,
        ] {
            let text = format!(r#"{{"caf\u00e9":{value}}}"#);
            assert!(read_of_visitor(text.into_bytes()).is_ok(), "{value}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(64), "}".repeat(64));
        assert!(read_of_visitor(deep.into_bytes()).is_ok());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert_eq!(error(&nested(64)), None);
        assert_eq!(error(&nested(65)), Some(TextError::TooDeep));
        assert_eq!(error(&nested(100_000)), Some(TextError::TooDeep));
    }
}
