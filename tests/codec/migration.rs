//! Flask's cookies and Fernet-wrapped ones through the whole codec: exactly one reader a value, no
//! change to it passes, and reading it has an end.

use session_codec::{
    Codec, Config, ConfigError, Envelope, KeyRing, Keys, Reason, Secret, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieHeader, CookieProfileConfig},
    flask::FlaskSecret,
};
use session_tests::{Case, FERNET, FLASK, SIGNED_COOKIES, Tally, cases};

use crate::{
    django::{pythonic, ring_of},
    platform::test,
};

/// What every value here is made under, but the sealed one.
const SECRET_KEY: &str = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";
/// The worked example of `docs/FORMAT.md`.
const SEALED: &str =
    "AW3WUuhAQUJDREVGR0hJSktMTU5PUFFSU1RVVlcmdddYYpLPPQ7VbTrYeQovwgO_l9k0311sMjoevNdVgqE";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const UNTIL: i64 = 1_800_000_100;

fn accept_until(envelope: Envelope) -> Acceptance {
    Acceptance {
        envelope,
        until: Some(UNTIL),
        issued_before: None,
    }
}

/// Writes sealed cookies, and reads these others; however old they are, since the vectors are.
fn config(accept: &[Envelope]) -> Config {
    let others = accept.iter().map(|&envelope| accept_until(envelope));
    Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        audience: "prod".into(),
        accept: [Acceptance::always(Envelope::Sealed)]
            .into_iter()
            .chain(others)
            .collect(),
        idle_seconds: u32::MAX,
        absolute_seconds: u32::MAX,
        ..Config::default()
    }
}

fn sealing_ring() -> KeyRing<Secret> {
    let secret = Secret::from_bytes(core::array::from_fn(|i| i as u8));
    KeyRing::new(secret, vec![]).unwrap()
}

fn keys() -> Keys {
    Keys::sealing(sealing_ring()).django(ring_of(SECRET_KEY.as_bytes(), &[]).unwrap())
}

fn flask_ring() -> KeyRing<FlaskSecret> {
    KeyRing::new(FlaskSecret::new(SECRET_KEY).unwrap(), vec![]).unwrap()
}

fn codec(config: Config) -> Result<Codec, ConfigError> {
    Codec::new(config, &keys().flask(flask_ring()))
}

fn open(codec: &Codec, value: &[u8], now: Timestamp) -> Result<(Envelope, String), Reason> {
    let opened = codec.open_value(value, now, &mut Workspace::new())?;
    Ok((opened.envelope(), opened.session().to_json()))
}

fn case(file: &str, id: &str) -> Case {
    cases(file)
        .into_iter()
        .find(|case| case.id() == id)
        .unwrap()
}

/// One value of each envelope, and its session.
fn values() -> [(Envelope, String, String); 4] {
    let (django, flask) = (
        case(SIGNED_COOKIES, "auth"),
        case(FLASK, "encode/login/startproject"),
    );
    let fernet = case(FERNET, "recipe/auth");
    [
        (Envelope::Sealed, SEALED.into(), r#"{"u":42}"#.into()),
        (
            Envelope::Django,
            django.text("cookie").into(),
            pythonic(django.text("session_json")),
        ),
        (
            Envelope::Flask,
            flask.text("cookie").into(),
            flask.text("tagged_json").into(),
        ),
        (
            Envelope::Fernet,
            fernet.text("cookie").into(),
            pythonic(fernet.text("session_json")),
        ),
    ]
}

#[test]
fn every_value_has_one_reader_and_only_an_accepted_one_reads() {
    let others = [Envelope::Django, Envelope::Flask, Envelope::Fernet];
    for subset in 0..1 << others.len() {
        let accept: Vec<Envelope> = (0..others.len())
            .filter(|bit| subset >> bit & 1 == 1)
            .map(|bit| others[bit])
            .collect();
        let codec = codec(config(&accept)).unwrap();
        for (envelope, value, json) in values() {
            let expected = match envelope == Envelope::Sealed || accept.contains(&envelope) {
                true => Ok((envelope, json)),
                false => Err(Reason::NotAccepted),
            };
            assert_eq!(open(&codec, value.as_bytes(), NOW), expected, "{accept:?}");
        }
    }
}

/// Whoever reads a framework's cookies needs the framework's keys and no others. Fernet's are never
/// written: beside them stands Django's, under the same secret.
#[test]
fn a_frameworks_cookies_are_read_without_a_sealing_key() {
    let django = || Keys::none().django(ring_of(SECRET_KEY.as_bytes(), &[]).unwrap());
    let flask = Keys::none().flask(flask_ring());
    for (read, write, keys) in [
        (Envelope::Django, Envelope::Django, django()),
        (Envelope::Flask, Envelope::Flask, flask),
        (Envelope::Fernet, Envelope::Django, django()),
    ] {
        let only = |more: &[Acceptance]| Config {
            write,
            accept: [&[Acceptance::always(write), accept_until(read)], more].concat(),
            ..config(&[])
        };
        let codec = Codec::new(only(&[]), &keys).unwrap();
        for (envelope, value, json) in values() {
            let is_read = [read, write].contains(&envelope);
            let expected = is_read.then_some((envelope, json));
            let expected = expected.ok_or(Reason::NotAccepted);
            assert_eq!(open(&codec, value.as_bytes(), NOW), expected, "{read:?}");
        }
        // What does need one is refused before anything is read.
        let sealed = only(&[Acceptance::always(Envelope::Sealed)]);
        let spilling = Config {
            overflow: Overflow::Spill,
            ..only(&[])
        };
        for config in [sealed, spilling] {
            let refused = Codec::new(config, &keys).err();
            assert_eq!(refused, Some(ConfigError::NoSealingKey), "{read:?}");
        }
    }
}

#[test]
fn every_change_is_refused() {
    let codec = codec(config(&[
        Envelope::Django,
        Envelope::Flask,
        Envelope::Fernet,
    ]))
    .unwrap();
    let mut tally = Tally::default();
    for (file, id, field) in [
        (FLASK, "encode/csrf/startproject", "cookie"),
        (FLASK, "encode/login/startproject", "cookie"),
        (FERNET, "recipe/empty", "cookie"),
        (FERNET, "recipe/auth", "cookie"),
    ] {
        let case = case(file, id);
        let good = case.text(field).as_bytes();
        assert!(open(&codec, good, NOW).is_ok(), "{id}");
        let refused = |changed: &[u8]| {
            let outcome = open(&codec, changed, NOW);
            let known = [Reason::Forged, Reason::Malformed, Reason::UnknownVersion];
            assert!(
                outcome.as_ref().is_err_and(|reason| known.contains(reason)),
                "{id}: {changed:?}: {outcome:?}"
            );
        };
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.to_vec();
                changed[at] ^= 1 << bit;
                refused(&changed);
            }
            refused(&good[..at]);
            refused(&good[at + 1..]);
            refused(&[&good[..at], &good[at + 1..]].concat());
        }
        for byte in 0..=255 {
            refused(&[good, &[byte]].concat());
            refused(&[&[byte], good].concat());
        }
        tally.count("every change refused", id);
    }
    tally.expect(&[("every change refused", 4)]);
}

#[test]
fn reading_has_an_end() {
    let codec = codec(config(&[Envelope::Flask, Envelope::Fernet])).unwrap();
    let [.., flask, fernet] = values();
    for (_, value, _) in [flask, fernet] {
        let at = |seconds| {
            let now = Timestamp::from_seconds(seconds);
            open(&codec, value.as_bytes(), now).map(drop)
        };
        assert_eq!(at(UNTIL - 1), Ok(()));
        assert_eq!(at(UNTIL), Err(Reason::NotAccepted));
    }
}

#[test]
fn ages_are_limited_as_the_frameworks_limit_them() {
    let limited = |idle_seconds, absolute_seconds| Config {
        idle_seconds,
        absolute_seconds,
        ..config(&[Envelope::Flask, Envelope::Fernet])
    };
    let [.., flask, fernet] = values();
    // Issued at 1,700,000,000.
    let at = |(idle, absolute): (u32, u32), value: &str, millis: i64| {
        let now = Timestamp::from_millis(1_700_000_000_000 + millis);
        let codec = codec(limited(idle, absolute)).unwrap();
        open(&codec, value.as_bytes(), now).map(drop)
    };
    for limits in [(60, 600), (600, 60)] {
        assert_eq!(at(limits, &flask.1, 60_999), Ok(()));
        assert_eq!(at(limits, &flask.1, 61_000), Err(Reason::Expired));
        assert_eq!(at(limits, &flask.1, -1), Err(Reason::FromTheFuture));
        // The token counts whole seconds, the signed value inside it does not.
        assert_eq!(at(limits, &fernet.1, 60_000), Ok(()));
        assert_eq!(at(limits, &fernet.1, 60_001), Err(Reason::Expired));
        assert_eq!(at(limits, &fernet.1, -60_000), Ok(()));
        assert_eq!(at(limits, &fernet.1, -60_001), Err(Reason::FromTheFuture));
    }
}

#[test]
fn what_reads_for_ever_or_cannot_read_is_refused_when_configured() {
    for envelope in [Envelope::Flask, Envelope::Fernet] {
        let endless = Config {
            accept: vec![
                Acceptance::always(Envelope::Sealed),
                Acceptance::always(envelope),
            ],
            ..config(&[])
        };
        assert_eq!(codec(endless).err(), Some(ConfigError::NoEnd(envelope)));
    }
    let writes = |envelope| Config {
        write: envelope,
        accept: vec![Acceptance::always(envelope)],
        ..config(&[])
    };
    assert!(codec(writes(Envelope::Flask)).is_ok());
    assert_eq!(
        codec(writes(Envelope::Fernet)).err(),
        Some(ConfigError::ReadOnly(Envelope::Fernet))
    );
    let unread = Config {
        accept: vec![accept_until(Envelope::Flask)],
        ..writes(Envelope::Flask)
    };
    assert_eq!(codec(unread).err(), Some(ConfigError::WritesWhatItRefuses));
    assert_eq!(
        Codec::new(config(&[Envelope::Flask]), &keys()).err(),
        Some(ConfigError::NoFlaskKey)
    );
    let no_django = Keys::sealing(sealing_ring()).flask(flask_ring());
    assert_eq!(
        Codec::new(config(&[Envelope::Fernet]), &no_django).err(),
        Some(ConfigError::NoDjangoKey)
    );
}

/// A site's own cookie may hold what its framework made, also wrapped and in Python's quotes; and
/// one of ours that failed is never made up for by it.
#[test]
fn the_sites_own_cookie_is_read_where_none_of_ours_was_sent() {
    let codec = codec(Config {
        django_cookie: Some("sessionid".into()),
        ..config(&[Envelope::Flask, Envelope::Fernet])
    })
    .unwrap();
    let read = |header: String| {
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        match codec.open(&header, NOW, &mut Workspace::new()) {
            session_codec::Opened::Session(opened) => {
                assert!(codec.needs_reissue(&opened));
                Some((opened.envelope(), opened.is_from_django_cookie()))
            }
            _ => None,
        }
    };
    let [_, django, flask, fernet] = values();
    for (envelope, value, _) in [&flask, &fernet] {
        let found = Some((*envelope, true));
        assert_eq!(read(format!("a=b; sessionid={value}")), found);
        assert_eq!(read(format!("__Host-s={value}")), None);
        assert_eq!(read(format!("sessionid={value}; __Host-s=x{SEALED}")), None);
    }
    assert_eq!(
        read(format!("sessionid=\"{}\"", fernet.1)),
        Some((Envelope::Fernet, true))
    );
    assert_eq!(read(format!("sessionid=\"{}\"", flask.1)), None);
    assert_eq!(read(format!("sessionid={}", django.1)), None);
}

/// As `docs/FORMAT.md` shows them.
#[test]
fn settings_are_read_as_documented() {
    let settings = r#"{ "write": "sealed", "accept": [{ "envelope": "sealed" }, { "envelope": "flask", "until": 1830000000 }] }"#;
    assert!(include_str!("../../docs/FORMAT.md").contains(settings));
    let config: Config = serde_json::from_str(settings).unwrap();
    let [sealed, flask] = config.accept[..] else {
        panic!("two are accepted");
    };
    assert_eq!(sealed, Acceptance::always(Envelope::Sealed));
    assert_eq!(
        (flask.envelope, flask.until),
        (Envelope::Flask, Some(1_830_000_000))
    );
    assert!(codec(config).is_ok());
}
