//! `db_sessions.json`: the column `session_data` of the db backend.

use session_codec::{
    Reason, Workspace,
    signing::{ROW_SALT, Signer},
};
use session_tests::{Case, DB_SESSIONS, Tally, cases};

use crate::{
    django::{is_compressed, loads, now, ring, signer, time},
    platform::test,
};

#[test]
fn db_sessions() {
    let mut tally = Tally::default();
    for case in cases(DB_SESSIONS) {
        let class = match case.text("op") {
            "encode" => encode(&case),
            "decode" => decode(&case),
            "row" => row(&case),
            "session_key" => "session keys are the database's",
            "clearsessions" | "schema" => "the table is the database's",
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("decode: lenient base64url or Latin-1: refused", 11),
        ("decode: refused, empty for Django", 59),
        ("decode: the same value", 34),
        ("encode: compressed, the same session", 26),
        ("encode: the same text", 19),
        (
            "row: past its expire_date, which is the database's; the data opens",
            5,
        ),
        ("row: the same session", 19),
        ("session keys are the database's", 25),
        ("the table is the database's", 2),
    ]);
}

fn encode(case: &Case) -> &'static str {
    let signer = signer(case, case.text("salt"));
    let (json, theirs) = (case.text("session_json"), case.text("session_data"));
    let ours = signer
        .dumps(json, now(case), &mut Workspace::new())
        .unwrap();
    for signed in [&*ours, theirs] {
        let loaded = loads(&signer, signed, None, now(case)).unwrap();
        assert_eq!(*loaded.value, json, "{}", case.id());
    }
    if is_compressed(&ours) || is_compressed(theirs) {
        return "encode: compressed, the same session";
    }
    assert_eq!(ours, theirs, "{}", case.id());
    "encode: the same text"
}

/// Django reads these; a key holder alone can make them, and ours refuses.
const STRICTER: [&str; 11] = [
    "decode/odd/b64-data-after-padding",
    "decode/odd/b64-junk-4-inside",
    "decode/odd/b64-newlines-4-inside",
    "decode/odd/b64-non-ascii-4-bytes",
    "decode/odd/b64-noncanonical-bits",
    "decode/odd/b64-over-padded",
    "decode/odd/b64-padded",
    "decode/odd/b64-padded-twice",
    "decode/odd/b64-standard-alphabet",
    "decode/odd/json-raw-latin1",
    "decode/odd/json-raw-utf8",
];

fn decode(case: &Case) -> &'static str {
    let signer = signer(case, case.text("salt"));
    let ours = loads(&signer, case.text("session_data"), None, time(0.0));
    match ours {
        Ok(loaded) => {
            assert_eq!(*loaded.value, case.text("decoded"), "{}", case.id());
            "decode: the same value"
        }
        Err(reason) if STRICTER.contains(&case.id()) => {
            assert_eq!(reason, Reason::CorruptBody, "{}", case.id());
            "decode: lenient base64url or Latin-1: refused"
        }
        Err(_) => {
            assert_eq!(case.text("decoded"), "{}", "{}", case.id());
            "decode: refused, empty for Django"
        }
    }
}

fn row(case: &Case) -> &'static str {
    let signer = Signer::new(ROW_SALT, &ring(case).unwrap());
    let loaded = loads(&signer, case.text("session_data"), None, time(0.0));
    let decoded = loaded.map(|loaded| loaded.value.into_inner());
    if !case.flag("live") {
        assert!(decoded.is_ok(), "{}", case.id());
        return "row: past its expire_date, which is the database's; the data opens";
    }
    assert_eq!(
        decoded.as_deref().unwrap_or("{}"),
        case.text("loaded"),
        "{}",
        case.id()
    );
    "row: the same session"
}
