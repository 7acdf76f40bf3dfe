//! `signing.json`: sign, unsign, dumps, loads.

use session_codec::{Reason, Workspace, policy::Limits, signing::Signer};
use session_tests::{Case, Outcome, Refusal, SIGNING, Tally, cases};
use sha2::{Digest as _, Sha256};

use crate::{
    django::{is_compressed, loads, max_age, now, refusal, ring, signer, time},
    platform::test,
};

fn operation(name: &str) -> impl Iterator<Item = Case> {
    let name = name.to_owned();
    cases(SIGNING)
        .into_iter()
        .filter(move |case| case["op"] == *name)
}

/// Why a case of `Signer` and `TimestampSigner` lies outside of what is offered: one separator, one
/// hash.
fn foreign(case: &Case) -> Option<&'static str> {
    if case["algorithm"] != "sha256" {
        return Some("another hash: refused");
    }
    (case["sep"] != ":").then_some("another separator: refused")
}

/// `unsign` of either signer, except for a negative age limit, which has no type here.
fn unsign(case: &Case) -> Result<String, Reason> {
    let signer = signer(case, case.text("resolved_salt"));
    let signed = case.text("signed").as_bytes();
    let value = match case.text("signer") {
        "Signer" => signer.unsign(signed)?.0.into_inner(),
        _ => signer
            .unsign_at(signed, max_age(case), now(case))?
            .value
            .into_inner(),
    };
    Ok(String::from_utf8(value.to_vec()).unwrap())
}

#[test]
fn sign_writes_what_django_writes() {
    let mut tally = Tally::default();
    for case in operation("sign") {
        if let Some(class) = foreign(&case) {
            assert_eq!(unsign(&case), Err(Reason::Forged), "{}", case.id());
            tally.count(class, case.id());
            continue;
        }
        let signer = signer(&case, case.text("resolved_salt"));
        let signed = match case.text("signer") {
            "Signer" => signer.sign(case.text("value")),
            _ => signer.sign_at(case.text("value"), now(&case)),
        };
        assert_eq!(signed, case.text("signed"), "{}", case.id());
        assert_eq!(
            unsign(&case).as_deref(),
            Ok(case.text("value")),
            "{}",
            case.id()
        );
        tally.count("the same text", case.id());
    }
    tally.expect(&[
        ("another hash: refused", 14),
        ("another separator: refused", 20),
        ("the same text", 76),
    ]);
}

#[test]
fn unsign_says_what_django_says() {
    let mut tally = Tally::default();
    for case in operation("unsign") {
        if case["max_age"].as_f64().is_some_and(|age| age < 0.0) {
            tally.count("a negative age limit: no such Duration", case.id());
            continue;
        }
        let ours = unsign(&case);
        match (foreign(&case), case.outcome()) {
            (Some(_), Outcome::Refused(_)) => {
                // It was signed as ours is, and asked of another signer.
                assert!(ours.is_ok(), "{}", case.id());
                tally.count(
                    "another hash or separator asked for: not offered",
                    case.id(),
                );
            }
            (Some(class), _) => {
                assert_eq!(ours, Err(Reason::Forged), "{}", case.id());
                tally.count(class, case.id());
            }
            (None, Outcome::Value(value)) => {
                assert_eq!(ours.as_deref(), Ok(value), "{}", case.id());
                tally.count("the same value", case.id());
            }
            (None, theirs) => {
                assert_eq!(
                    theirs,
                    Outcome::Refused(refusal(ours.unwrap_err())),
                    "{}",
                    case.id()
                );
                tally.count("refused for the same reason", case.id());
            }
        }
    }
    tally.expect(&[
        ("a negative age limit: no such Duration", 4),
        ("another hash or separator asked for: not offered", 2),
        ("another hash: refused", 3),
        ("another separator: refused", 2),
        ("refused for the same reason", 74),
        ("the same value", 26),
    ]);
}

#[test]
fn dumps_writes_what_django_reads() {
    let mut tally = Tally::default();
    for case in operation("dumps") {
        let signer = signer(&case, case.text("salt"));
        let (json, theirs) = (case.text("json"), case.text("signed"));
        let ours = signer
            .dumps(json, now(&case), &mut Workspace::new())
            .unwrap();
        for signed in [&*ours, theirs] {
            let loaded = loads(&signer, signed, None, now(&case)).unwrap();
            assert_eq!(*loaded.value, json, "{}", case.id());
        }
        let class = if is_compressed(&ours) && !case.flag("compress") {
            "compress=False: written compressed"
        } else if is_compressed(&ours) || is_compressed(theirs) {
            "compressed: the same value"
        } else {
            assert_eq!(ours, theirs, "{}", case.id());
            "the same text"
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("compress=False: written compressed", 2),
        ("compressed: the same value", 2),
        ("the same text", 35),
    ]);
}

/// Django's reader is lenient where only a key holder could notice; ours refuses. The ids say which
/// cases, so that none is refused that should be read.
const STRICTER: [(&str, &[&str]); 2] = [
    (
        "lenient base64url: refused",
        &[
            "loads/odd/b64-padded",
            "loads/odd/b64-padded-twice",
            "loads/odd/b64-over-padded",
            "loads/odd/b64-standard-alphabet",
            "loads/odd/b64-newlines-4-inside",
            "loads/odd/b64-junk-4-inside",
            "loads/odd/b64-non-ascii-4-bytes",
            "loads/odd/b64-data-after-padding",
            "loads/odd/b64-noncanonical-bits",
        ],
    ),
    (
        "bytes beyond ASCII, read as Latin-1: refused",
        &["loads/odd/json-raw-utf8", "loads/odd/json-raw-latin1"],
    ),
];

#[test]
fn loads_says_what_django_says() {
    let mut tally = Tally::default();
    for case in operation("loads") {
        let signer = signer(&case, case.text("salt"));
        let ours = loads(&signer, case.text("signed"), max_age(&case), now(&case));
        let ours = ours.map(|loaded| loaded.value.into_inner());
        let stricter = STRICTER.iter().find(|(_, ids)| ids.contains(&case.id()));
        let class = match (case.outcome(), stricter) {
            (Outcome::Json(_), Some((class, _))) => {
                assert_eq!(ours, Err(Reason::CorruptBody), "{}", case.id());
                class
            }
            (Outcome::Json(json), None) => {
                assert_eq!(ours.as_deref(), Ok(json), "{}", case.id());
                "the same value"
            }
            (Outcome::Digest { bytes, sha256 }, _) => {
                assert_eq!(ours, Err(Reason::TooLarge), "{}", case.id());
                assert_eq!(
                    digest(&signer, &case),
                    (bytes, sha256.to_owned()),
                    "{}",
                    case.id()
                );
                "inflates beyond the limit: refused; the same value with a higher one"
            }
            (theirs, _) => {
                assert_eq!(
                    theirs,
                    Outcome::Refused(refusal(ours.unwrap_err())),
                    "{}",
                    case.id()
                );
                "refused for the same reason"
            }
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        (
            "inflates beyond the limit: refused; the same value with a higher one",
            3,
        ),
        ("lenient base64url: refused", 9),
        ("bytes beyond ASCII, read as Latin-1: refused", 2),
        ("refused for the same reason", 96),
        ("the same value", 77),
    ]);
}

/// Length and digest of a value that the default limits refuse.
fn digest(signer: &Signer, case: &Case) -> (u64, String) {
    let limits = Limits {
        record_bytes: 64 << 20,
        ..Limits::default()
    };
    let signed = case.text("signed").as_bytes();
    let loaded = signer
        .loads(signed, None, now(case), &limits, &mut Workspace::new())
        .unwrap();
    let digest = Sha256::digest(loaded.value.as_bytes());
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    (loaded.value.len() as u64, digest)
}

/// The MAC itself: with the salt `s + "signer"` of the case, which a [`Signer`] appends by itself.
#[test]
fn base64_hmac() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut tally = Tally::default();
    for case in operation("base64_hmac") {
        let value = STANDARD.decode(case.text("value_b64")).unwrap();
        let salt = case.text("salt").strip_suffix("signer").unwrap();
        let value = String::from_utf8(value).unwrap();
        let signed = Signer::new(salt, &ring(&case).unwrap()).sign(&value);
        let theirs = format!("{value}:{}", case.text("result"));
        if case["algorithm"] == "sha256" {
            assert_eq!(signed, theirs, "{}", case.id());
            tally.count("the same text", case.id());
        } else {
            let ours = signer(&case, salt).unsign(theirs.as_bytes()).map(drop);
            assert_eq!(ours, Err(Reason::Forged), "{}", case.id());
            tally.count("another hash: refused", case.id());
        }
    }
    tally.expect(&[("another hash: refused", 14), ("the same text", 7)]);
}

/// Every operation of the file is run by a test, here or in the codec's own.
#[test]
fn operations() {
    let mut tally = Tally::default();
    for case in cases(SIGNING) {
        let class = match case.text("op") {
            "sign" | "unsign" | "dumps" | "loads" | "base64_hmac" => "run in this file",
            "session_load" => "run in sessions.rs",
            "b62" | "b62_decode" | "b64" | "b64_decode" => "run by the codec's own tests",
            "sep_allowed" => "the separator cannot be chosen",
            "session_auth_hash" => "belongs to Django's authentication: not in a session codec",
            other => panic!("{other}"),
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        (
            "belongs to Django's authentication: not in a session codec",
            8,
        ),
        ("run by the codec's own tests", 90),
        ("run in sessions.rs", 21),
        ("run in this file", 468),
        ("the separator cannot be chosen", 25),
    ]);
}

/// A negative limit is never satisfied but by a time ahead; the nearest that can be said is zero.
#[test]
fn ages_at_zero() {
    let ring = crate::django::ring_of(b"secret", &[]).unwrap();
    let signer = Signer::new("salt", &ring);
    let signed = signer.sign_at("value", time(1000.9));
    let at = |seconds| {
        signer.unsign_at(
            signed.as_bytes(),
            Some(core::time::Duration::ZERO),
            time(seconds),
        )
    };
    assert!(at(1000.0).is_ok());
    assert!(at(999.0).is_ok());
    assert_eq!(at(1000.001).map(drop), Err(Reason::Expired));
    assert_eq!(refusal(Reason::Expired), Refusal::Expired);
}
