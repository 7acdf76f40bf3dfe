//! `flask.json`: what Flask's own session interface wrote and read.

use session_codec::{
    Envelope, KeyRing, Reason, SessionData, Timestamp, Workspace,
    flask::{FlaskSecret, Serializer, Signed},
    policy::Limits,
};
use session_tests::{Case, FLASK, Outcome, Refusal, Tally, cases};

use crate::{
    django::{max_age, now},
    platform::test,
};

#[test]
fn flask() {
    let mut tally = Tally::default();
    let mut lengths = [0; 2];
    for case in cases(FLASK) {
        let class = match case.text("op") {
            "encode" => encode(&case, &mut lengths),
            "decode" => decode(&case),
            "set_cookie" => set_cookie(&case),
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    // Another deflate decides differently near the edge, and gains more here and less there.
    let [ours, theirs] = lengths;
    assert!(
        ours * 100 <= theirs * 101,
        "{ours} characters, Flask {theirs}"
    );
    tally.expect(&[
        ("encode: the same cookie", 32),
        ("encode: compressed, the same tagged JSON", 14),
        ("decode: the same tagged JSON", 39),
        ("decode: refused for the same reason", 60),
        ("decode: another spelling of the signature, refused", 2),
        (
            "decode: a payload in another spelling of base64, refused",
            8,
        ),
        ("decode: from the future, which Flask calls expired", 1),
        ("set-cookie: the same value", 8),
        ("set-cookie: nothing set", 3),
        ("set-cookie: a deletion, no session", 2),
    ]);
}

/// Flask decodes a signature before it compares, as Python does: leniently.
const SPELLED_SIGNATURES: [&str; 2] = ["decode/sig-noncanonical", "decode/sig-padded"];

/// Payloads that no Flask writes; a client cannot make them either, since they are signed.
const SPELLED_PAYLOADS: [&str; 8] = [
    "odd/b64-padded",
    "odd/b64-padded-twice",
    "odd/b64-over-padded",
    "odd/b64-standard-alphabet",
    "odd/b64-newlines-4-inside",
    "odd/b64-junk-4-inside",
    "odd/b64-data-after-padding",
    "odd/b64-noncanonical-bits",
];

pub(crate) fn ring(case: &Case) -> KeyRing<FlaskSecret> {
    let secret = |key: &str| FlaskSecret::new_allowing_weak(key).unwrap();
    let fallbacks = case
        .get("fallback_keys")
        .map(|_| case.texts("fallback_keys"));
    let fallbacks = fallbacks.unwrap_or_default().into_iter().map(secret);
    KeyRing::new(secret(case.text("secret_key")), fallbacks.collect()).unwrap()
}

fn loads(case: &Case, cookie: &str) -> Result<Signed<String>, Reason> {
    Serializer::new(&ring(case)).loads(
        cookie.as_bytes(),
        max_age(case),
        now(case),
        &Limits::default(),
        &mut Workspace::new(),
    )
}

fn dumps(case: &Case, json: &str) -> String {
    Serializer::new(&ring(case))
        .dumps(json, now(case), &mut Workspace::new())
        .unwrap()
}

/// The text as Flask writes it: `dumps` does so on its way.
fn spelled_as_flask(case: &Case, json: &str) -> String {
    loads(case, &dumps(case, json)).unwrap().value.into_inner()
}

/// The same members, the last one first.
fn reversed(json: &str) -> String {
    let session = SessionData::from_json(json).unwrap();
    let mut keys: Vec<String> = session.keys().map(|key| key.into_owned()).collect();
    keys.reverse();
    let mut reversed = SessionData::new();
    for key in keys {
        reversed
            .insert_raw(&key, session.raw(&key).unwrap())
            .unwrap();
    }
    reversed.to_json()
}

fn encode(case: &Case, lengths: &mut [usize; 2]) -> &'static str {
    let (json, theirs) = (case.text("tagged_json"), case.text("cookie"));
    assert_eq!(Envelope::claimed_by(theirs.as_bytes()), Envelope::Flask);
    let loaded = loads(case, theirs).unwrap();
    assert_eq!(*loaded.value, json, "{}", case.id());
    assert_eq!(loaded.issued, now(case), "{}", case.id());
    assert!(loaded.key.is_primary());

    let ours = dumps(case, &reversed(json));
    assert_eq!(*loads(case, &ours).unwrap().value, json, "{}", case.id());
    if ours.starts_with('.') || case.flag("compressed") {
        lengths[0] += ours.len();
        lengths[1] += theirs.len();
        return "encode: compressed, the same tagged JSON";
    }
    assert_eq!(ours, theirs, "{}", case.id());
    "encode: the same cookie"
}

fn decode(case: &Case) -> &'static str {
    let id = case.id();
    match (loads(case, case.text("cookie")), case.outcome()) {
        (Ok(loaded), Outcome::Json(theirs)) => {
            assert_eq!(spelled_as_flask(case, &loaded.value), theirs, "{id}");
            let position = ["fallback/fallback", "fallback/second"]
                .iter()
                .position(|&fallback| fallback == id)
                .map_or(0, |index| index + 1);
            assert_eq!(usize::from(loaded.key.index()), position, "{id}");
            "decode: the same tagged JSON"
        }
        (Err(Reason::Forged), Outcome::Json(_)) => {
            assert!(SPELLED_SIGNATURES.contains(&id), "{id}");
            "decode: another spelling of the signature, refused"
        }
        (Err(Reason::CorruptBody), Outcome::Json(_)) => {
            assert!(SPELLED_PAYLOADS.contains(&id), "{id}");
            "decode: a payload in another spelling of base64, refused"
        }
        (Err(Reason::FromTheFuture), theirs) => {
            assert_eq!(theirs, Outcome::Refused(Refusal::Expired), "{id}");
            "decode: from the future, which Flask calls expired"
        }
        (Err(reason), theirs) => {
            let ours = crate::django::refusal(reason);
            assert_eq!(theirs, Outcome::Refused(ours), "{id}");
            "decode: refused for the same reason"
        }
        (ours, theirs) => panic!("{id}: {ours:?}, Flask {theirs:?}"),
    }
}

/// The value of the lines; their attributes are the cookie profile's business.
fn set_cookie(case: &Case) -> &'static str {
    if let Some(sent) = case["request_cookie"].as_str() {
        assert!(loads(case, sent).is_ok(), "{}", case.id());
    }
    let [line] = case.texts("set_cookie")[..] else {
        assert!(case.texts("set_cookie").is_empty(), "{}", case.id());
        return "set-cookie: nothing set";
    };
    let (_, rest) = line.split_once('=').unwrap();
    let (value, _) = rest.split_once(';').unwrap();
    if value.is_empty() {
        assert_eq!(loads(case, value).map(drop), Err(Reason::Forged));
        return "set-cookie: a deletion, no session";
    }
    let session = match case["permanent"].as_bool().is_some() || case["request_cookie"].is_string()
    {
        true => r#"{"a":1,"_permanent":true}"#,
        false => r#"{"a":1}"#,
    };
    assert_eq!(dumps(case, session), value, "{}", case.id());
    "set-cookie: the same value"
}

/// Times are looked at only with a `max_age`, as in itsdangerous.
#[test]
fn without_a_max_age_times_play_no_part() {
    let mut seen = 0;
    for case in cases(FLASK) {
        if !["decode/future-1", "decode/past-31-days"].contains(&case.id()) {
            continue;
        }
        let loaded = Serializer::new(&ring(&case)).loads(
            case.text("cookie").as_bytes(),
            None,
            now(&case),
            &Limits::default(),
            &mut Workspace::new(),
        );
        let issued = Timestamp::from_seconds(1_700_000_000);
        assert_eq!(loaded.unwrap().issued, issued, "{}", case.id());
        seen += 1;
    }
    assert_eq!(seen, 2);
}
