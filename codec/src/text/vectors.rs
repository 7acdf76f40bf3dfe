//! The text layer against what CPython and Django made of the same input.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

use super::{base62, base64url, json};

const FILES: [&str; 5] = [
    include_str!("../../../tests/vectors/django/signed_cookies.json"),
    include_str!("../../../tests/vectors/django/signing.json"),
    include_str!("../../../tests/vectors/django/key_fallbacks.json"),
    include_str!("../../../tests/vectors/django/db_sessions.json"),
    include_str!("../../../tests/vectors/django/set_cookie.json"),
];

fn cases(file: &str) -> Vec<Value> {
    serde_json::from_str(file).unwrap()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field]
        .as_str()
        .unwrap_or_else(|| panic!("{}: no {field}", case["id"]))
}

fn operation(name: &str) -> Vec<Value> {
    let mut cases = cases(FILES[1]);
    cases.retain(|case| case["op"] == name);
    cases
}

fn decoded(text: &str) -> Result<Vec<u8>, base64url::NotCanonical> {
    let mut bytes = Vec::new();
    base64url::decode(text.as_bytes(), &mut bytes).map(|()| bytes)
}

fn canonical(text: &str) -> Result<String, json::JsonError> {
    let mut out = String::new();
    json::write_canonical(text, json::DEPTH_LIMIT, &mut out).map(|()| out)
}

/// The one text that Python writes and does not read back: of the keys `1` and `"1"`, `None` and
/// `"null"`.
const PYTHON_DUPLICATES: (&str, &str) = (
    r#"{"1":"int key","1":"str key","null":"none","null":"str null"}"#,
    r#"{"1":"str key","null":"str null"}"#,
);

/// What Python wrote is written again as it is.
#[test]
fn pythons_json_is_a_fixed_point() {
    let (mut count, mut duplicates) = (0, 0);
    for case in FILES.iter().flat_map(|file| cases(file)) {
        let fields = ["session_json", "json", "decoded", "loaded", "cookie_json"];
        let texts = fields
            .map(|field| &case[field])
            .into_iter()
            .chain([&case["outcome"]["json"]]);
        for text in texts.filter_map(Value::as_str) {
            let written = canonical(text).unwrap();
            if text == PYTHON_DUPLICATES.0 {
                assert_eq!(written, PYTHON_DUPLICATES.1);
                duplicates += 1;
            } else {
                assert_eq!(written, text, "{}", case["id"]);
            }
            json::validate(text, json::DEPTH_LIMIT).unwrap();
            let mut members = Vec::new();
            let listed = json::object_members(text, json::DEPTH_LIMIT, &mut members);
            assert_eq!(listed.is_ok(), text.starts_with('{'), "{}", case["id"]);
            count += 1;
        }
    }
    assert_eq!((count, duplicates), (709, 2));
}

/// The keys and values of a session are those that a JSON parser finds.
#[test]
fn members_are_the_sessions() {
    let mut count = 0;
    for case in cases(FILES[0]) {
        let (text, Some(session)) = (text(&case, "session_json"), case["session"].as_object())
        else {
            continue;
        };
        let mut members = Vec::new();
        json::object_members(text, json::DEPTH_LIMIT, &mut members).unwrap();
        assert_eq!(members.len(), session.len(), "{}", case["id"]);
        for member in members {
            let key = json::unescape(member.key.of(text)).unwrap();
            let value: Value = serde_json::from_str(member.value.of(text)).unwrap();
            assert_eq!(Some(&value), session.get(&*key), "{}", case["id"]);
        }
        count += 1;
    }
    assert_eq!(count, 207);
}

/// The signed payloads of unusual JSON: read alike, refused alike.
#[test]
fn odd_json() {
    let (mut count, mut compressed) = (0, 0);
    for case in operation("loads") {
        let id = text(&case, "id");
        if !id.starts_with("loads/odd/json-") {
            continue;
        }
        if text(&case, "signed").starts_with('.') {
            compressed += 1;
            continue;
        }
        let (payload, _) = text(&case, "signed").split_once(':').unwrap();
        // Django reads the bytes as Latin-1.
        let payload: String = decoded(payload)
            .unwrap()
            .into_iter()
            .map(char::from)
            .collect();
        let ours = canonical(&payload);
        match case["outcome"]["ok"].as_bool() {
            Some(true) => assert_eq!(ours.as_deref(), Ok(text(&case["outcome"], "json")), "{id}"),
            _ => assert!(ours.is_err(), "{id}"),
        }
        count += 1;
    }
    // The compressed ones are read where there is a decompressor.
    assert_eq!((count, compressed), (45, 3));
}

#[test]
fn base62_numbers() {
    let mut beyond = 0;
    for case in operation("b62") {
        let (integer, text) = (text(&case, "integer"), text(&case, "text"));
        let Ok(value) = integer.parse::<i64>() else {
            let end = if integer.starts_with('-') {
                i64::MIN
            } else {
                i64::MAX
            };
            assert_eq!(base62::decode(text.as_bytes()), Ok(end), "{text}");
            beyond += 1;
            continue;
        };
        let mut out = String::new();
        base62::encode_into(value, &mut out);
        assert_eq!(out, text);
        assert_eq!(base62::decode(text.as_bytes()), Ok(value));
    }
    assert_eq!((operation("b62").len(), beyond), (43, 5));
    for case in operation("b62_decode") {
        let ours = base62::decode(text(&case, "text").as_bytes());
        match case["outcome"]["value"].as_str() {
            Some("3226266762397899821055") => assert_eq!(ours, Ok(i64::MAX)),
            Some(value) => assert_eq!(ours.unwrap().to_string(), value),
            None => assert!(ours.is_err(), "{}", case["id"]),
        }
    }
    assert_eq!(operation("b62_decode").len(), 13);
}

/// Django's decoder is lenient; this one reads the one spelling that is written, or nothing.
#[test]
fn base64url_texts() {
    let hex = |bytes: &[u8]| -> String {
        bytes
            .iter()
            .map(|byte| alloc::format!("{byte:02x}"))
            .collect()
    };
    for case in operation("b64") {
        let bytes = decoded(text(&case, "text")).unwrap();
        assert_eq!(hex(&bytes), text(&case, "bytes_hex"));
        let mut out = String::new();
        base64url::encode_into(&bytes, &mut out);
        assert_eq!(out, text(&case, "text"));
    }
    assert_eq!(operation("b64").len(), 18);
    let mut read = Vec::new();
    for case in operation("b64_decode") {
        if let Ok(bytes) = decoded(text(&case, "text")) {
            assert_eq!(hex(&bytes), text(&case["outcome"], "value"));
            read.push(text(&case, "id").to_string());
        }
    }
    assert_eq!(operation("b64_decode").len(), 16);
    assert_eq!(
        read,
        [
            "b64-decode/unpadded",
            "b64-decode/url-dash",
            "b64-decode/empty"
        ]
    );
}
