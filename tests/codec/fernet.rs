//! `fernet.json`: tokens that Python's `cryptography` made and opened, and Django's signed cookies in
//! them.

use core::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use session_codec::{
    Envelope, KeyRing, Reason, Workspace,
    fernet::{Fernet, FernetKey, Recipe},
    policy::Limits,
    signing::{COOKIE_SALT, Signed, Signer},
};
use session_tests::{Case, FERNET, Outcome, Refusal, Tally, cases};

use crate::{
    django::{loads, now, pythonic, ring, ring_of, time},
    platform::test,
};

#[test]
fn fernet() {
    let mut tally = Tally::default();
    for case in cases(FERNET) {
        let class = match case.text("op") {
            "encrypt" => encrypt(&case),
            "decrypt" => decrypt(&case),
            "recipe" => recipe(&case),
            "key" => key(&case),
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("encrypt: the same plain text and time", 36),
        ("encrypt: and inside it the same session", 20),
        ("decrypt: the same plain text", 10),
        ("decrypt: the same plain text, rotated too", 3),
        ("decrypt: refused", 31),
        ("decrypt: another spelling of base64, refused", 8),
        ("recipe: the same session", 8),
        ("key: refused", 4),
        ("key: the standard alphabet, refused", 1),
    ]);
}

/// What Python's lenient base64 reads and its `encrypt` never writes.
const SPELLED: [&str; 8] = [
    "decrypt/extra-padding",
    "decrypt/newline-end",
    "decrypt/newline-inside",
    "decrypt/space-inside",
    "decrypt/std-alphabet",
    "decrypt/junk-char",
    "decrypt/junk-after-padding",
    "decrypt/quoted",
];

fn multi_fernet(keys: &[&str]) -> Fernet {
    let mut keys: Vec<FernetKey> = keys
        .iter()
        .map(|key| FernetKey::parse(key).unwrap())
        .collect();
    let primary = keys.remove(0);
    Fernet::new(KeyRing::new(primary, keys).unwrap())
}

fn read(case: &Case, cookie: &str) -> Result<Signed<String>, Reason> {
    Recipe::new(&ring(case).unwrap()).loads(
        cookie.as_bytes(),
        None,
        time(0.0),
        &Limits::default(),
        &mut Workspace::new(),
    )
}

fn encrypt(case: &Case) -> &'static str {
    let token = case.text("token");
    let issued = time(case["time"].as_f64().unwrap());
    let opened = multi_fernet(&[case.text("fernet_key")])
        .decrypt(token.as_bytes(), None, time(0.0))
        .unwrap();
    let plain = case.text("plaintext_b64");
    assert_eq!(STANDARD.encode(&*opened.value), plain, "{}", case.id());
    assert_eq!(opened.issued, issued, "{}", case.id());

    let cookie = case.text("cookie_b64");
    assert_eq!(STANDARD.encode(token), cookie, "{}", case.id());
    assert_eq!(Envelope::claimed_by(cookie.as_bytes()), Envelope::Fernet);
    let inside = read(case, cookie);
    let signed = String::from_utf8_lossy(&opened.value);
    if !case.id().starts_with("encrypt/signed/") {
        assert_eq!(inside.map(drop), Err(Reason::Forged), "{}", case.id());
        return "encrypt: the same plain text and time";
    }
    // All of these hold a cookie signed under one secret, whatever the token's.
    let signer = Signer::new(COOKIE_SALT, &ring_of(SIGNED_UNDER.as_bytes(), &[]).unwrap());
    let session = loads(&signer, &signed, None, time(0.0)).unwrap();
    match case.text("secret_key") == SIGNED_UNDER {
        true => assert_eq!(pythonic(&inside.unwrap().value), *session.value),
        false => assert_eq!(inside.map(drop), Err(Reason::Forged), "{}", case.id()),
    }
    "encrypt: and inside it the same session"
}

const SIGNED_UNDER: &str = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";

fn decrypt(case: &Case) -> &'static str {
    let id = case.id();
    let fernet = multi_fernet(&case.texts("fernet_keys"));
    let ttl = case["ttl"].as_u64().map(Duration::from_secs);
    let opened = fernet.decrypt(case.text("token").as_bytes(), ttl, now(case));
    match (opened, case.outcome()) {
        (Ok(opened), Outcome::Value(theirs)) => {
            assert_eq!(STANDARD.encode(&*opened.value), theirs, "{id}");
            let Some(rotated) = case["rotated_token"].as_str() else {
                return "decrypt: the same plain text";
            };
            let key = ["multi/primary", "multi/first", "multi/second"]
                .iter()
                .position(|&ring| ring == id);
            assert_eq!(Some(usize::from(opened.key.index())), key, "{id}");
            let rotated = fernet.decrypt(rotated.as_bytes(), None, now(case)).unwrap();
            assert_eq!(rotated.value, opened.value, "{id}");
            assert_eq!(rotated.issued, opened.issued, "{id}");
            assert!(rotated.key.is_primary(), "{id}");
            "decrypt: the same plain text, rotated too"
        }
        (Err(Reason::Malformed), Outcome::Value(_)) => {
            assert!(SPELLED.contains(&id), "{id}");
            "decrypt: another spelling of base64, refused"
        }
        (Err(reason), theirs) => {
            assert_eq!(theirs, Outcome::Refused(Refusal::InvalidToken), "{id}");
            assert_eq!(reason, expected(id), "{id}");
            "decrypt: refused"
        }
        (ours, theirs) => panic!("{id}: {ours:?}, cryptography {theirs:?}"),
    }
}

/// Python has one word for all of them.
fn expected(id: &str) -> Reason {
    match id {
        "ttl/past-ttl" | "ttl/ttl-zero-next" => Reason::Expired,
        "ttl/future-skew-61" | "ttl/max-time" => Reason::FromTheFuture,
        "decrypt/truncated-4"
        | "multi/foreign"
        | "decrypt/wrong-key"
        | "decrypt/mac-zero"
        | "ttl/expired-and-tampered" => Reason::Forged,
        // A right signature, and no whole blocks or wrong padding: no different from a forgery.
        "decrypt/only-header-mac" | "decrypt/ciphertext-not-block" | "decrypt/appended-block" => {
            Reason::Forged
        }
        id if id.starts_with("decrypt/flip-") || id.starts_with("decrypt/padding-") => {
            Reason::Forged
        }
        _ => Reason::Malformed,
    }
}

fn recipe(case: &Case) -> &'static str {
    let json = pythonic(case.text("session_json"));
    let cookie = case.text("cookie");
    let loaded = read(case, cookie).unwrap();
    assert_eq!(pythonic(&loaded.value), json, "{}", case.id());
    assert_eq!(loaded.issued, now(case), "{}", case.id());
    assert!(loaded.key.is_primary());
    let quoted = read(case, &format!("\"{cookie}\"")).unwrap();
    assert_eq!(quoted, loaded, "{}", case.id());
    assert!(read(case, &format!("\"{cookie}")).is_err());
    assert!(read(case, &format!("{cookie}\"")).is_err());
    // Neither layer alone is a cookie of the recipe.
    assert!(read(case, case.text("token")).is_err());
    assert!(read(case, case.text("signed")).is_err());
    "recipe: the same session"
}

fn key(case: &Case) -> &'static str {
    let text = case.text("fernet_key");
    assert!(FernetKey::parse(text).is_err(), "{}", case.id());
    if !case["outcome"]["ok"].as_bool().unwrap() {
        return "key: refused";
    }
    // What it spells is a key: written as `generate_key` does, it is read.
    let url_safe = URL_SAFE.encode(STANDARD.decode(text).unwrap());
    assert!(FernetKey::parse(&url_safe).is_ok());
    "key: the standard alphabet, refused"
}

/// Both layers of a cookie may be of different keys; the older one counts.
#[test]
fn the_ring_reads_what_older_secrets_made() {
    let mut seen = 0;
    for case in cases(FERNET) {
        if case.text("op") != "recipe" {
            continue;
        }
        let secret = case.text("secret_key");
        let load = |primary: &str, fallbacks: &[&str]| {
            Recipe::new(&ring_of(primary.as_bytes(), fallbacks).unwrap()).loads(
                case.text("cookie").as_bytes(),
                None,
                now(&case),
                &Limits::default(),
                &mut Workspace::new(),
            )
        };
        assert_eq!(load("new", &["newer", secret]).unwrap().key.index(), 2);
        assert_eq!(load("new", &["newer"]).map(drop), Err(Reason::Forged));
        seen += 1;
    }
    assert_eq!(seen, 8);
}
