//! `http_signed_cookies.json`: the salts and keys of Django's other signed cookies fit too.

use session_codec::{Reason, Workspace, signing::Signer};
use session_tests::{Case, HTTP_SIGNED_COOKIES, Outcome, Tally, cases};

use crate::{
    django::{is_compressed, loads, max_age, now, refusal, ring_of},
    platform::test,
};

#[test]
fn http_signed_cookies() {
    let mut tally = Tally::default();
    for case in cases(HTTP_SIGNED_COOKIES) {
        let class = match case.text("op") {
            "set_signed_cookie" => set(&case),
            "get_signed_cookie" => get(&case),
            "messages_cookie" => messages(&case),
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("get: refused for the same reason", 45),
        ("get: the same value", 23),
        ("messages: compressed, the same value", 2),
        ("messages: the same text", 2),
        ("set: the same text, in both salts", 11),
    ]);
}

/// Django signs these with a key of its own: a prefix before each secret.
fn signer(case: &Case, salt: &str) -> Signer {
    let key = |secret: &str| format!("django.http.cookies{secret}");
    let fallbacks = case
        .get("fallback_keys")
        .map(|_| case.texts("fallback_keys"));
    let fallbacks: Vec<String> = fallbacks.unwrap_or_default().into_iter().map(key).collect();
    let fallbacks: Vec<&str> = fallbacks.iter().map(String::as_str).collect();
    let ring = ring_of(key(case.text("secret_key")).as_bytes(), &fallbacks).unwrap();
    Signer::new(salt, &ring)
}

fn set(case: &Case) -> &'static str {
    for (salt, signed) in [
        ("signer_salt", "signed"),
        ("legacy_signer_salt", "legacy_signed"),
    ] {
        let ours = signer(case, case.text(salt)).sign_at(case.text("value"), now(case));
        assert_eq!(ours, case.text(signed), "{}", case.id());
    }
    "set: the same text, in both salts"
}

fn get(case: &Case) -> &'static str {
    let (name, salt) = (case.text("name"), case.text("salt"));
    let unsign = |salt: &str| {
        let signed = case.text("signed").as_bytes();
        let signed = signer(case, salt).unsign_at(signed, max_age(case), now(case))?;
        Ok(String::from_utf8(signed.value.into_inner().to_vec()).unwrap())
    };
    let modern = format!(
        "django.http.cookies.v2:{}:{salt}{name}",
        salt.chars().count()
    );
    let mut ours = unsign(&modern);
    // Expired under the new salt is final; otherwise the old one, which has no boundary.
    if ours == Err(Reason::Forged) && case.flag("legacy_salt_fallback") {
        ours = unsign(&format!("{name}{salt}"));
    }
    match (ours, case.outcome()) {
        (Ok(value), Outcome::Value(theirs)) => {
            assert_eq!(value, theirs, "{}", case.id());
            "get: the same value"
        }
        (Err(reason), theirs) => {
            assert_eq!(theirs, Outcome::Refused(refusal(reason)), "{}", case.id());
            "get: refused for the same reason"
        }
        other => panic!("{}: {other:?}", case.id()),
    }
}

fn messages(case: &Case) -> &'static str {
    let signer = signer(case, case.text("signer_salt"));
    let (json, theirs) = (case.text("json"), case.text("cookie"));
    let loaded = loads(&signer, theirs, None, now(case)).unwrap();
    assert_eq!(*loaded.value, json, "{}", case.id());
    let ours = signer
        .dumps(json, now(case), &mut Workspace::new())
        .unwrap();
    assert_eq!(
        *loads(&signer, &ours, None, now(case)).unwrap().value,
        json,
        "{}",
        case.id()
    );
    assert_eq!(is_compressed(&ours), is_compressed(theirs), "{}", case.id());
    if is_compressed(&ours) {
        return "messages: compressed, the same value";
    }
    assert_eq!(ours, theirs, "{}", case.id());
    "messages: the same text"
}
