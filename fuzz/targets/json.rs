//! A text is a session exactly if serde_json takes it for an object, with Python's `NaN` and infinities
//! beside, and written again in Python's spelling it says the same.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;
use session_codec::{JsonErrorKind, SessionData, signing::Signer};
use session_fuzz::{NOW, Stand, json_of};

thread_local! {
    static STAND: RefCell<Stand> = RefCell::new(Stand::django());
}

fn spelled(signer: &Signer, json: &str, stand: &mut session_codec::Workspace) -> String {
    json_of(&signer.dumps(json, NOW, stand).expect("it was read as JSON"))
}

/// As serde_json compares, but `-0` is Python's 0 and a number's spelling says nothing.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        (one, other) => one == other,
    }
}

fuzz_target!(|text: &str| STAND.with_borrow_mut(|stand| {
    let theirs = serde_json::from_str::<IgnoredAny>(text).is_ok();
    let is_object = text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{');
    let session = match SessionData::from_json(text) {
        Ok(session) => session,
        Err(error) => {
            let is_ours = matches!(
                error.kind,
                JsonErrorKind::TooDeep | JsonErrorKind::IntegerTooLong
            );
            assert!(!theirs || !is_object || is_ours, "{error}");
            return;
        }
    };
    let has_words = text.contains("NaN") || text.contains("Infinity");
    assert!(is_object && (theirs || has_words));
    let written = session.to_json();
    assert_eq!(
        SessionData::from_json(written.clone()).expect("it was just written"),
        session
    );
    let keys: std::collections::BTreeSet<_> = session.raw_members().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), session.len(), "every key stands once");
    let once = spelled(&stand.signer, text, &mut stand.workspace);
    assert!(once.is_ascii());
    assert_eq!(spelled(&stand.signer, &once, &mut stand.workspace), once);
    // Beyond 128 levels, and for lone surrogates, serde_json has no value.
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        for ours in [&written, &once] {
            match serde_json::from_str(ours) {
                Ok(ours) => assert!(same(&ours, &value)),
                Err(_) => assert!(ours.contains("Infinity"), "Python reads 1e999 so"),
            }
        }
    }
}));
