//! `key_fallbacks.json`: which key verifies, and that the primary one signs again.

use session_codec::{
    KeyRingError, MAX_FALLBACKS, Reason, Workspace,
    signing::{COOKIE_SALT, ROW_SALT, Signer},
};
use session_tests::{Case, KEY_FALLBACKS, Outcome, Tally, cases};

use crate::{
    django::{loads, max_age, now, refusal, ring, ring_of, time},
    platform::test,
};

const TOO_MANY: &str = "more fallbacks than a ring holds: refused when configured";

#[test]
fn key_fallbacks() {
    let mut tally = Tally::default();
    for case in cases(KEY_FALLBACKS) {
        let class = match case.text("op") {
            "signed_cookies" => cookie(&case),
            "db_decode" => row(&case),
            "unsign" => explicit_keys(&case),
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("cookie: refused for the same reason", 23),
        ("cookie: the same session, the same key", 13),
        ("explicit keys: refused for the same reason", 2),
        ("explicit keys: the same value", 3),
        (
            "more fallbacks than a ring holds: refused when configured",
            6,
        ),
        ("row: refused, empty for Django", 5),
        ("row: the same session", 13),
    ]);
}

/// The signer of the case, if its ring can be made.
fn signer(case: &Case) -> Option<Signer> {
    match ring(case) {
        Ok(ring) => Some(Signer::new(case.text("salt"), &ring)),
        Err(error) => {
            assert_eq!(error, KeyRingError::TooManyFallbacks);
            assert!(case.texts("fallback_keys").len() > MAX_FALLBACKS);
            None
        }
    }
}

fn cookie(case: &Case) -> &'static str {
    assert_eq!(case.text("salt"), COOKIE_SALT);
    let Some(signer) = signer(case) else {
        return TOO_MANY;
    };
    let signed = case.text("cookie");
    let verified = signer.unsign(signed.as_bytes()).ok();
    let by = verified.map(|(_, key)| u64::from(key.index()));
    assert_eq!(by, case["verified_by"].as_u64(), "{}", case.id());

    let ours = loads(&signer, signed, max_age(case), now(case));
    let (session, class) = match (&ours, case.outcome()) {
        (Ok(loaded), Outcome::Json(json)) => {
            assert_eq!(*loaded.value, json, "{}", case.id());
            assert_eq!(Some(u64::from(loaded.key.index())), by, "{}", case.id());
            (json, "cookie: the same session, the same key")
        }
        (Err(reason), theirs) => {
            assert_eq!(theirs, Outcome::Refused(refusal(*reason)), "{}", case.id());
            ("{}", "cookie: refused for the same reason")
        }
        other => panic!("{}: {other:?}", case.id()),
    };
    assert_eq!(session, case.text("session_load"), "{}", case.id());
    let resaved = signer
        .dumps(session, now(case), &mut Workspace::new())
        .unwrap();
    assert_eq!(resaved, case.text("resaved_cookie"), "{}", case.id());
    class
}

fn row(case: &Case) -> &'static str {
    assert_eq!(case.text("salt"), ROW_SALT);
    let Some(signer) = signer(case) else {
        return TOO_MANY;
    };
    match loads(&signer, case.text("session_data"), None, time(0.0)) {
        Ok(loaded) => {
            assert_eq!(*loaded.value, case.text("decoded"), "{}", case.id());
            "row: the same session"
        }
        Err(reason) => {
            assert_eq!(reason, Reason::Forged, "{}", case.id());
            assert_eq!(case.text("decoded"), "{}", "{}", case.id());
            "row: refused, empty for Django"
        }
    }
}

/// `Signer(key=…, fallback_keys=…)`: each argument not given is the setting.
fn explicit_keys(case: &Case) -> &'static str {
    let key = case["argument_key"]
        .as_str()
        .unwrap_or(case.text("settings_secret_key"));
    let fallbacks = match case["argument_fallback_keys"].is_array() {
        true => case.texts("argument_fallback_keys"),
        false => case.texts("settings_fallbacks"),
    };
    let ring = ring_of(key.as_bytes(), &fallbacks).unwrap();
    let signer = Signer::new("django.core.signing.Signer", &ring);
    match (
        signer.unsign(case.text("signed").as_bytes()),
        case.outcome(),
    ) {
        (Ok((value, _)), Outcome::Value(theirs)) => {
            assert_eq!(value.into_inner(), theirs.as_bytes(), "{}", case.id());
            "explicit keys: the same value"
        }
        (Err(reason), theirs) => {
            assert_eq!(theirs, Outcome::Refused(refusal(reason)), "{}", case.id());
            "explicit keys: refused for the same reason"
        }
        other => panic!("{}: {other:?}", case.id()),
    }
}
