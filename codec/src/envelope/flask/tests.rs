use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    Codec, Commit, Config, Envelope, Issue, KeyRing, Keys, Lineage, OpenSession, Reason, SealError,
    Secret, Session, SessionData, StoreOp, Timestamp, Workspace,
    codec::tests::Counting,
    config::{Acceptance, Overflow},
    cookie::{Budget, CookieProfileConfig, Lifetime},
    flask::{FlaskSecret, Serializer},
    rules::Limits,
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn flask_ring(keys: &[&str]) -> KeyRing<FlaskSecret> {
    let mut keys: Vec<_> = keys
        .iter()
        .map(|&key| FlaskSecret::new_allowing_weak(key).unwrap())
        .collect();
    KeyRing::new(keys.remove(0), keys).unwrap()
}

fn writes_flask(overflow: Overflow) -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: "session".into(),
            ..CookieProfileConfig::default()
        },
        write: Envelope::Flask,
        accept: vec![Acceptance::always(Envelope::Flask)],
        overflow,
        ..Config::default()
    }
}

fn codec(config: Config, flask: &[&str]) -> Codec {
    let secret = Secret::from_bytes(core::array::from_fn(|i| i as u8));
    let keys = Keys::sealing(KeyRing::new(secret, vec![]).unwrap()).flask(flask_ring(flask));
    Codec::new(config, &keys).unwrap()
}

fn seal(codec: &Codec, session: &SessionData, issued: Timestamp) -> Result<Commit, SealError> {
    let lineage = Lineage::new(issued);
    let (rng, workspace) = (&mut Counting(1), &mut Workspace::new());
    codec.seal(
        &Session::resumed(session.clone(), lineage.clone()),
        Issue::new(issued, Lifetime::BrowserSession),
        rng,
        workspace,
    )
}

fn value(commit: &Commit) -> String {
    let (_, rest) = commit.set_cookie.as_str().split_once('=').unwrap();
    rest.split(';').next().unwrap().into()
}

fn open(codec: &Codec, value: &str) -> Result<OpenSession, Reason> {
    codec.open_value(value.as_bytes(), NOW, &mut Workspace::new())
}

#[test]
fn what_is_written_is_flasks() {
    let codec = codec(writes_flask(Overflow::Refuse), &["new", "old"]);
    let session = SessionData::from_json(r#"{"b": {"z": 1, "a": 2}, "a": "é"}"#).unwrap();
    let commit = seal(&codec, &session, NOW).unwrap();
    let written = value(&commit);
    assert_eq!(commit.cookie_bytes, "session".len() + written.len());
    assert!(commit.placement.is_all_in_cookie());
    // Flask signs with its current key, not with the first of its list (CVE-2025-47278).
    for (keys, reads) in [(&["new"][..], true), (&["old"], false)] {
        let loaded = Serializer::new(&flask_ring(keys)).loads(
            written.as_bytes(),
            None,
            NOW,
            &Limits::default(),
            &mut Workspace::new(),
        );
        let json = loaded.map(|loaded| loaded.value.into_inner()).ok();
        let expected = r#"{"a":"\u00e9","b":{"a":2,"z":1}}"#;
        assert_eq!(json.as_deref(), reads.then_some(expected));
    }
    let opened = open(&codec, &written).unwrap();
    assert!(!codec.needs_reissue(&opened));
    assert_eq!(opened.issued(), NOW);
}

#[test]
fn a_cookie_under_a_fallback_is_re_issued() {
    let session = SessionData::from_json(r#"{"a":1}"#).unwrap();
    let old = codec(writes_flask(Overflow::Refuse), &["old"]);
    let written = value(&seal(&old, &session, NOW).unwrap());
    let rotated = codec(writes_flask(Overflow::Refuse), &["new", "older", "old"]);
    let opened = open(&rotated, &written).unwrap();
    assert_eq!(opened.key().index(), 2);
    assert!(rotated.needs_reissue(&opened));
    let session = opened.into_session();
    assert_eq!(session.created(), NOW);
    let again = value(&seal(&rotated, &session, NOW).unwrap());
    let alone = codec(writes_flask(Overflow::Refuse), &["new"]);
    assert_eq!(open(&alone, &again).unwrap().session(), &session);
}

/// Every length round the budget: what is promised to fit does, and keys spill instead of getting
/// lost.
#[test]
fn what_does_not_fit_spills_into_a_record() {
    let codec = codec(
        Config {
            budget: Budget::new(400).unwrap(),
            ..writes_flask(Overflow::Spill)
        },
        &["key"],
    );
    let mut spilled = 0;
    for len in 150..420 {
        let noise: String = (0..len)
            .map(|i: u32| char::from(b'!' + (i.wrapping_mul(2_654_435_761) >> 25) as u8 % 90))
            .filter(|&c| c != '"' && c != '\\')
            .collect();
        let session = SessionData::from_json(format!(r#"{{"a":1,"n":"{noise}","u":2}}"#)).unwrap();
        let commit = seal(&codec, &session, NOW).unwrap();
        assert!(commit.cookie_bytes <= 400, "{len}");
        let opened = open(&codec, &value(&commit)).unwrap();
        if commit.placement.is_all_in_cookie() {
            assert_eq!(opened.session(), &session);
            continue;
        }
        spilled += 1;
        assert!(opened.ticket().is_some());
        assert!(!opened.session().contains("_edge_ticket"));
        let [StoreOp::Put { record, .. }] = &commit.store_ops[..] else {
            panic!("one record is written");
        };
        let mut whole = opened;
        codec
            .open_record(&mut whole, record, &mut Workspace::new())
            .unwrap();
        let sorted = |session: &SessionData| {
            let mut keys: Vec<_> = session.keys().map(String::from).collect();
            keys.sort();
            keys.iter()
                .map(|key| String::from(session.raw(key).unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sorted(whole.session()), sorted(&session), "{len}");
    }
    assert!((20..250).contains(&spilled), "{spilled}");
}

/// Dropping leaves no ticket, and what stays is a whole object.
#[test]
fn what_does_not_fit_is_dropped_where_nothing_takes_it() {
    let codec = codec(
        Config {
            budget: Budget::new(400).unwrap(),
            ..writes_flask(Overflow::Drop)
        },
        &["key"],
    );
    let long = "x1y2z3".repeat(9000);
    let session = SessionData::from_json(format!(r#"{{"z":1,"n":"{long}","a":2}}"#)).unwrap();
    let commit = seal(&codec, &session, NOW).unwrap();
    assert!(!commit.placement.is_all_in_cookie());
    let opened = open(&codec, &value(&commit)).unwrap();
    // Of one priority, what is small enough stays although something before it had no room.
    assert_eq!(opened.session().to_json(), r#"{"a":2,"z":1}"#);
}

#[test]
fn times_that_flask_cannot_write_are_refused() {
    let codec = codec(writes_flask(Overflow::Refuse), &["key"]);
    let outcome = seal(&codec, &SessionData::new(), Timestamp::from_seconds(-1));
    assert_eq!(outcome.err(), Some(SealError::TimeOutOfRange));
}

#[test]
fn a_bomb_is_not_inflated() {
    let small = Limits {
        cookie_bytes: 1000,
        ..Limits::default()
    };
    let codec = codec(
        Config {
            limits: small,
            ..writes_flask(Overflow::Refuse)
        },
        &["key"],
    );
    let cookie = |len: usize| {
        let json = format!(r#"{{"a":"{}"}}"#, "a".repeat(len - 8));
        Serializer::new(&flask_ring(&["key"]))
            .dumps(&json, NOW, &mut Workspace::new())
            .unwrap()
    };
    assert!(open(&codec, &cookie(1000)).is_ok());
    assert_eq!(open(&codec, &cookie(1001)).map(drop), Err(Reason::TooLarge));
    assert_eq!(
        open(&codec, &cookie(1 << 20)).map(drop),
        Err(Reason::TooLarge)
    );
}
