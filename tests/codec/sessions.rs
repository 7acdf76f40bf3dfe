//! `signed_cookies.json` and the sessions of `signing.json`, through the whole codec.

use session_codec::{
    Codec, Config, Envelope, Keys, Reason, Workspace,
    config::{Acceptance, Overflow},
    cookie::CookieProfileConfig,
    signing::COOKIE_SALT,
};
use session_tests::{Case, Outcome, SIGNED_COOKIES, SIGNING, Tally, cases};

use crate::{
    django::{is_compressed, loads, now, pythonic, ring, signer},
    platform::test,
};

/// As an unchanged Django site is configured: `sessionid`, and the case's keys.
fn codec(case: &Case, idle_seconds: u32) -> Codec {
    let config = Config {
        cookie: CookieProfileConfig {
            name: "sessionid".into(),
            ..CookieProfileConfig::default()
        },
        write: Envelope::Django,
        accept: vec![Acceptance::always(Envelope::Django)],
        idle_seconds,
        overflow: Overflow::Refuse,
        ..Config::default()
    };
    let keys = Keys::none().django(ring(case).unwrap());
    Codec::new(config, &keys).unwrap()
}

#[test]
fn signed_cookies() {
    let mut tally = Tally::default();
    let mut workspace = Workspace::new();
    let mut lengths = [0; 2];
    for case in cases(SIGNED_COOKIES) {
        let codec = codec(&case, 1_209_600);
        let (json, theirs) = (case.text("session_json"), case.text("cookie"));

        let signer = signer(&case, COOKIE_SALT);
        let loaded = loads(&signer, theirs, None, now(&case)).unwrap();
        assert_eq!(*loaded.value, pythonic(json), "{}", case.id());
        assert_eq!(
            loaded.issued.seconds(),
            now(&case).seconds(),
            "{}",
            case.id()
        );

        let opened = codec.open_origin_cookie(theirs.as_bytes(), now(&case), &mut workspace);
        if !json.starts_with('{') {
            assert_eq!(opened.map(drop), Err(Reason::CorruptBody), "{}", case.id());
            let ours = signer.dumps(json, now(&case), &mut workspace).unwrap();
            assert_eq!(ours, theirs, "{}", case.id());
            tally.count("not an object: no session, but signed alike", case.id());
            continue;
        }
        let session = opened.unwrap().into_session();
        assert_eq!(
            pythonic(&session.to_json()),
            pythonic(json),
            "{}",
            case.id()
        );

        let ours = codec
            .origin_cookie(&session, now(&case), &mut workspace)
            .unwrap();
        let again = loads(&signer, &ours, None, now(&case)).unwrap();
        assert_eq!(*again.value, pythonic(json), "{}", case.id());
        let class = if pythonic(json) != json {
            "a key twice, as number and as text: what Django itself reads of it"
        } else if is_compressed(theirs) {
            // A short one is not compressed for an origin; for a browser it would be.
            lengths[0] += signer
                .dumps(json, now(&case), &mut workspace)
                .unwrap()
                .len();
            lengths[1] += theirs.len();
            if is_compressed(&ours) {
                "compressed: the same session"
            } else {
                assert!(ours.len() <= 4_000, "{}", case.id());
                "short enough for every server without compression: the same session"
            }
        } else {
            assert_eq!(ours, theirs, "{}", case.id());
            "the same cookie"
        };
        tally.count(class, case.id());
    }
    // Another deflate gains more here and less there.
    let [ours, theirs] = lengths;
    assert!(
        ours * 100 <= theirs * 101,
        "{ours} characters, Django {theirs}"
    );
    tally.expect(&[
        ("the same cookie", 113),
        ("compressed: the same session", 17),
        (
            "short enough for every server without compression: the same session",
            109,
        ),
        (
            "a key twice, as number and as text: what Django itself reads of it",
            2,
        ),
        ("not an object: no session, but signed alike", 8),
    ]);
}

/// What `SessionStore(cookie).load()` gives; where it gives `{}` for an error, ours is that error.
#[test]
fn session_load() {
    let mut tally = Tally::default();
    for case in cases(SIGNING) {
        if case["op"] != "session_load" {
            continue;
        }
        let age = case["session_cookie_age"].as_u64().unwrap();
        let codec = codec(&case, u32::try_from(age).unwrap());
        let cookie = case.text("cookie").as_bytes();
        let opened = codec.open_value(cookie, now(&case), &mut Workspace::new());
        let Outcome::Json(json) = case.outcome() else {
            panic!("{}", case.id());
        };
        let class = match opened {
            Ok(opened) => {
                let session = opened.into_session();
                assert_eq!(pythonic(&session.to_json()), json, "{}", case.id());
                "the same session"
            }
            Err(Reason::CorruptBody) if json == "[1]" => "not an object: refused",
            Err(_) => {
                assert_eq!(json, "{}", "{}", case.id());
                "refused, empty for Django"
            }
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("the same session", 6),
        ("refused, empty for Django", 14),
        ("not an object: refused", 1),
    ]);
}
