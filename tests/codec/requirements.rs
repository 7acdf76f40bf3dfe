//! What security asks of a session cookie, a test for each demand that the codec can meet alone.
//!
//! What takes the Worker or a store is tested there: logs, response headers, log in and log out,
//! revocation, faults. That comparing takes constant time is measured (`scripts/timing.sh`), not
//! asserted here.

use core::convert::Infallible;
use core::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_core::{TryCryptoRng, TryRng};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, OpenSession, Opened, Reason,
    SealError, Secret, Session, SessionData, StoreOp, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieHeader, CookieName, CookieProfile, CookieProfileConfig, Lifetime, SameSite},
    policy::Limits,
};

use crate::platform::test;

pub(crate) const ISSUED: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Bytes that count up: every draw differs, and a test can repeat it.
pub(crate) struct Counting(pub(crate) u8);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

/// A random source that fails.
struct Broken;

impl TryRng for Broken {
    type Error = fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, fmt::Error> {
        Err(fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, fmt::Error> {
        Err(fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }
}

impl TryCryptoRng for Broken {}

pub(crate) fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}

fn keys(primary: u8, fallbacks: &[u8]) -> Keys {
    let fallbacks = fallbacks.iter().map(|&byte| secret(byte)).collect();
    let django = DjangoSecret::new_allowing_weak("a secret of a test").unwrap();
    Keys::sealing(KeyRing::new(secret(primary), fallbacks).unwrap())
        .django(KeyRing::new(django, vec![]).unwrap())
}

pub(crate) fn config(name: &str, audience: &str) -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: name.into(),
            ..CookieProfileConfig::default()
        },
        audience: audience.into(),
        overflow: Overflow::Spill,
        identify: true,
        ..Config::default()
    }
}

pub(crate) fn codec() -> Codec {
    Codec::new(config("__Host-s", "prod"), &keys(1, &[])).unwrap()
}

pub(crate) fn session(bytes: usize) -> SessionData {
    let mut session = SessionData::new();
    // Letters that deflate finds nothing in.
    let mut state = 1_u32;
    let mut letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_digit(state >> 27, 36).unwrap()
    };
    let text: String = (0..bytes).map(&mut letter).collect();
    session.insert("text", &text).unwrap();
    session
}

pub(crate) fn seal(codec: &Codec, session: &SessionData, start: u8) -> (String, Vec<StoreOp>) {
    let (rng, workspace) = (&mut Counting(start), &mut Workspace::new());
    let commit = codec.seal(
        &Session::new(ISSUED).with_data(session.clone()),
        Issue::new(ISSUED, Lifetime::BrowserSession),
        rng,
        workspace,
    );
    let commit = commit.unwrap();
    let line = commit.set_cookie.as_str();
    let value = line.split_once('=').unwrap().1.split(';').next().unwrap();
    assert_eq!(
        line.split(';').next().unwrap().len(),
        commit.cookie_bytes + 1
    );
    (value.to_owned(), commit.store_ops)
}

pub(crate) fn open_at(codec: &Codec, value: &str, seconds: i64) -> Result<OpenSession, Reason> {
    let now = Timestamp::from_seconds(ISSUED.seconds() + seconds);
    codec.open_value(value.as_bytes(), now, &mut Workspace::new())
}

#[test]
fn the_default_cookie_is_bound_to_its_host_and_https() {
    let profile = CookieProfileConfig::default();
    assert!(profile.name.starts_with("__Host-"), "{}", profile.name);
    let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
    let commit = codec()
        .seal(
            &Session::new(ISSUED).with_data(session(9)),
            Issue::new(ISSUED, Lifetime::BrowserSession),
            rng,
            workspace,
        )
        .unwrap();
    let line = commit.set_cookie.as_str().to_ascii_lowercase();
    let attributes: Vec<_> = line.split("; ").skip(1).collect();
    for wanted in ["secure", "path=/", "httponly", "samesite=lax"] {
        assert!(attributes.contains(&wanted), "{wanted} in {line}");
    }
    assert!(!line.contains("domain"), "{line}");
}

#[test]
fn prefixes_in_any_case_are_held_to_what_they_promise() {
    let of = |prefix: &str, secure, http_only| {
        CookieProfile::new(CookieProfileConfig {
            name: format!("{prefix}s"),
            secure,
            http_only,
            ..CookieProfileConfig::default()
        })
    };
    for prefix in ["__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
        assert!(of(prefix, true, true).is_ok(), "{prefix}");
        assert!(of(prefix, false, true).is_err(), "{prefix} needs Secure");
        if prefix.contains("Http-") {
            assert!(of(prefix, true, false).is_err(), "{prefix} needs HttpOnly");
        }
        // Browsers take any case for the prefix, other software does not: no such name is written.
        for other in [prefix.to_uppercase(), prefix.to_lowercase()] {
            assert!(of(&other, true, true).is_err(), "{other}");
        }
    }
}

#[test]
fn same_site_none_needs_secure() {
    let of = |same_site, secure| {
        CookieProfile::new(CookieProfileConfig {
            name: "s".into(),
            same_site,
            secure,
            ..CookieProfileConfig::default()
        })
    };
    assert!(of(SameSite::None_, true).is_ok());
    assert!(of(SameSite::None_, false).is_err());
    assert!(of(SameSite::Lax, false).is_ok());
}

#[test]
fn a_cookie_never_exceeds_the_budget_and_is_as_long_as_reported() {
    let codec = codec();
    for bytes in (0..9_000).step_by(61) {
        let (value, _) = seal(&codec, &session(bytes), 0);
        assert!("__Host-s".len() + value.len() <= 4_093, "{bytes}");
    }
}

#[test]
fn no_lifetime_is_longer_than_400_days() {
    for seconds in [0, 400 * 86_400, u64::MAX] {
        let lifetime = Lifetime::MaxAge(seconds);
        let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
        let commit = codec()
            .seal(
                &Session::new(ISSUED).with_data(session(9)),
                Issue::new(ISSUED, lifetime),
                rng,
                workspace,
            )
            .unwrap();
        let line = commit.set_cookie.as_str().to_owned();
        let age = line
            .split("Max-Age=")
            .nth(1)
            .unwrap()
            .split(';')
            .next()
            .unwrap();
        assert_eq!(age.parse(), Ok(seconds.clamp(1, 400 * 86_400)));
    }
}

#[test]
fn two_different_sessions_are_a_conflict_in_any_order() {
    let codec = codec();
    let (one, two) = (
        seal(&codec, &session(1), 0).0,
        seal(&codec, &session(2), 9).0,
    );
    for header in [
        format!("__Host-s={one}; __Host-s={two}"),
        format!("__Host-s={two}; a=b; __Host-s={one}"),
    ] {
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        let opened = codec.open(&header, ISSUED, &mut Workspace::new());
        assert!(matches!(opened, Opened::Conflict));
    }
}

#[test]
fn a_name_is_a_token_and_a_value_has_cookie_bytes_only() {
    for byte in (0..=127_u8).filter(|byte| !byte.is_ascii_alphanumeric()) {
        let is_token = b"!#$%&'*+-.^_`|~".contains(&byte);
        let name = format!("a{}b", char::from(byte));
        assert_eq!(CookieName::new(&name).is_ok(), is_token, "{byte:#x}");
    }
    assert!(CookieName::new("").is_err());
    let (value, _) = seal(&codec(), &session(2_000), 0);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    assert!(value.bytes().all(is_plain));
}

#[test]
fn nothing_is_read_before_it_is_verified() {
    // Whatever is altered, the answer is about the envelope and never about its content.
    let codec = codec();
    let (value, _) = seal(&codec, &session(300), 0);
    for at in 0..value.len() {
        let mut altered = value.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let reason = open_at(&codec, core::str::from_utf8(&altered).unwrap(), 0)
            .err()
            .unwrap();
        let is_outside = matches!(
            reason,
            Reason::Forged | Reason::Malformed | Reason::UnknownVersion | Reason::UnknownKey(_)
        );
        assert!(
            is_outside || at == 0 && reason == Reason::NotAccepted,
            "{at}: {reason}"
        );
    }
}

#[test]
fn only_configured_envelopes_are_read_and_sealed_is_the_default() {
    let sealed = codec();
    let accept = vec![Acceptance::always(Envelope::Django)];
    let django = Config {
        write: Envelope::Django,
        accept,
        ..config("__Host-s", "prod")
    };
    let django = Codec::new(django, &keys(1, &[])).unwrap();
    let [one, two] = [&sealed, &django].map(|codec| seal(codec, &session(9), 0).0);
    assert_eq!(Config::default().write, Envelope::Sealed);
    assert_eq!(open_at(&sealed, &two, 0).err(), Some(Reason::NotAccepted));
    assert_eq!(open_at(&django, &one, 0).err(), Some(Reason::NotAccepted));
}

#[test]
fn a_key_id_selects_a_configured_key_and_supplies_none() {
    let theirs = Codec::new(config("__Host-s", "prod"), &keys(2, &[])).unwrap();
    let (value, _) = seal(&theirs, &session(9), 0);
    let reason = open_at(&codec(), &value, 0).err();
    assert_eq!(reason, Some(Reason::UnknownKey(secret(2).key_id())));
}

#[test]
fn what_was_issued_too_far_ahead_is_refused() {
    let (value, _) = seal(&codec(), &session(9), 0);
    assert!(open_at(&codec(), &value, -300).is_ok());
    assert_eq!(
        open_at(&codec(), &value, -301).err(),
        Some(Reason::FromTheFuture)
    );
}

#[test]
fn a_cookie_is_of_use_under_its_own_name_and_audience_only() {
    let slots = [
        ("__Host-s", "prod"),
        ("__Host-s", "test"),
        ("__Host-t", "prod"),
    ];
    let codecs =
        slots.map(|(name, audience)| Codec::new(config(name, audience), &keys(1, &[])).unwrap());
    for (from, writer) in codecs.iter().enumerate() {
        let (value, _) = seal(writer, &session(9), 0);
        for (to, reader) in codecs.iter().enumerate() {
            let expected = (from != to).then_some(Reason::Forged);
            assert_eq!(open_at(reader, &value, 0).err(), expected, "{from} to {to}");
        }
    }
}

#[test]
fn ids_of_sessions_and_records_are_random_and_long() {
    let name = |start| match seal(&codec(), &session(90_000), start).1.remove(0) {
        StoreOp::Put { name, .. } => name,
        other => panic!("{other:?}"),
    };
    assert_ne!(name(0), name(100));
    let denial = |start| {
        let (value, _) = seal(&codec(), &session(9), start);
        codec().session_revocation(open_at(&codec(), &value, 0).unwrap().lineage())
    };
    assert_ne!(denial(0), denial(100));
}

#[test]
fn idle_and_absolute_limits_hold_to_the_second() {
    let config = Config {
        idle_seconds: 100,
        absolute_seconds: 1_000,
        ..config("__Host-s", "prod")
    };
    let codec = Codec::new(config, &keys(1, &[])).unwrap();
    let (value, _) = seal(&codec, &session(9), 0);
    assert!(open_at(&codec, &value, 100).is_ok());
    assert_eq!(open_at(&codec, &value, 101).err(), Some(Reason::Expired));
    let old = Session::new(Timestamp::from_seconds(ISSUED.seconds() - 950));
    let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
    let commit = codec.seal(
        &old.with_data(session(9)),
        Issue::new(ISSUED, Lifetime::BrowserSession),
        rng,
        workspace,
    );
    let line = commit.unwrap().set_cookie.into_string();
    let value = line.split_once('=').unwrap().1.split(';').next().unwrap();
    assert!(open_at(&codec, value, 50).is_ok());
    assert_eq!(open_at(&codec, value, 51).err(), Some(Reason::TooOld));
}

#[test]
fn the_first_byte_is_the_version_and_no_other_is_read() {
    let (value, _) = seal(&codec(), &session(9), 0);
    let mut raw = URL_SAFE_NO_PAD.decode(&value).unwrap();
    assert_eq!(raw[0], 1);
    raw[0] = 2;
    let later = URL_SAFE_NO_PAD.encode(raw);
    assert_eq!(
        open_at(&codec(), &later, 0).err(),
        Some(Reason::UnknownVersion)
    );
}

#[test]
fn every_refusal_is_one_answer_outside() {
    // The reason is for the operator: what a request comes to is `Rejected` whatever it was.
    let codec = codec();
    let theirs = Codec::new(config("__Host-s", "prod"), &keys(2, &[])).unwrap();
    let (good, _) = seal(&codec, &session(9), 0);
    for (value, seconds) in [
        (good.replace(&good[60..64], "AAAA"), 0),
        (seal(&theirs, &session(9), 0).0, 0),
        (good, 100_000_000),
        ("AQ".into(), 0),
    ] {
        let header = format!("__Host-s={value}");
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        let now = Timestamp::from_seconds(ISSUED.seconds() + seconds);
        assert!(matches!(
            codec.open(&header, now, &mut Workspace::new()),
            Opened::Rejected(_)
        ));
    }
}

#[test]
fn every_cookie_has_a_nonce_of_its_own_or_is_not_written() {
    let codec = codec();
    let (mut rng, mut workspace) = (Counting(0), Workspace::new());
    let mut values = alloc::collections::BTreeSet::new();
    for _ in 0..30 {
        let commit = codec.seal(
            &Session::new(ISSUED).with_data(session(9)),
            Issue::new(ISSUED, Lifetime::BrowserSession),
            &mut rng,
            &mut workspace,
        );
        assert!(values.insert(commit.unwrap().set_cookie.into_string()[..60].to_owned()));
    }
    let commit = codec.seal(
        &Session::new(ISSUED).with_data(session(9)),
        Issue::new(ISSUED, Lifetime::BrowserSession),
        &mut Broken,
        &mut workspace,
    );
    assert_eq!(commit.err(), Some(SealError::Entropy));
}

#[test]
fn a_password_is_no_key() {
    for password in ["", "correct horse battery staple", "es1_", "es1_c2hvcnQ"] {
        assert!(Secret::parse(password).is_err(), "{password}");
    }
    assert!(
        DjangoSecret::new("django-insecure-0123456789abcdefghijklmnopqrstuvwxyz0123456789")
            .is_err()
    );
}

#[test]
fn a_key_of_the_ring_has_an_end_of_its_own() {
    let (value, _) = seal(&codec(), &session(9), 0);
    let end = Timestamp::from_seconds(ISSUED.seconds() + 10);
    let keys = Keys::sealing(KeyRing::new(secret(2), vec![secret(1).ending(end)]).unwrap());
    let rotated = Config {
        accept: vec![Acceptance::always(Envelope::Sealed)],
        ..config("__Host-s", "prod")
    };
    let rotated = Codec::new(rotated, &keys).unwrap();
    assert!(open_at(&rotated, &value, 9).is_ok());
    let retired = open_at(&rotated, &value, 10).err();
    assert_eq!(retired, Some(Reason::RetiredKey(secret(1).key_id())));
}

#[test]
fn what_one_cookie_can_cause_is_bounded() {
    // A thousand bytes of JSON for each of the cookie.
    let mut bomb = SessionData::new();
    bomb.insert("a", &"A".repeat(1_000_000)).unwrap();
    let reckless = Config {
        limits: Limits {
            cookie_bytes: 1 << 20,
            ..Limits::default()
        },
        ..config("__Host-s", "prod")
    };
    let reckless = Codec::new(reckless, &keys(1, &[])).unwrap();
    let (value, ops) = seal(&reckless, &bomb, 0);
    assert!(ops.is_empty() && value.len() < 4_096, "{}", value.len());
    assert_eq!(open_at(&codec(), &value, 0).err(), Some(Reason::TooLarge));
    let long = "A".repeat(16_385);
    assert_eq!(open_at(&codec(), &long, 0).err(), Some(Reason::TooLong));
    let header = "a=b;".repeat(40_000);
    assert!(CookieHeader::new(header.as_bytes()).is_err());
    let mut huge = SessionData::new();
    huge.insert("a", &"A".repeat(1_100_000)).unwrap();
    let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
    let issue = Issue::new(ISSUED, Lifetime::BrowserSession);
    let refused = codec().seal(
        &Session::new(ISSUED).with_data(huge.clone()),
        issue,
        rng,
        workspace,
    );
    assert!(matches!(refused.err(), Some(SealError::TooLarge { .. })));
}

#[test]
fn what_is_shown_holds_no_key_and_no_cookie() {
    let keys = keys(0xab, &[0xcd]);
    let codec = Codec::new(config("__Host-s", "prod"), &keys).unwrap();
    let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
    let issue = Issue::new(ISSUED, Lifetime::BrowserSession);
    let commit = codec.seal(
        &Session::new(ISSUED).with_data(session(9_000)),
        issue,
        rng,
        workspace,
    );
    let commit = commit.unwrap();
    let shown = format!("{keys:?} {codec:?} {commit:?}");
    // In decimal, in hexadecimal, as text, and what both keys are known by.
    for key in ["171", "205", "abab", "cdcd", "es1_", "a secret of"] {
        assert!(!shown.contains(key), "{shown}");
    }
    assert!(shown.contains(&format!("{:?}", secret(0xab).key_id())));
    assert!(!shown.contains(commit.set_cookie.value()), "{shown}");
    assert!(shown.contains("record_bytes") && shown.contains("__Host-s=...;"));
}
