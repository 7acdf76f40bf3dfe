//! Where one more or one less, one way or the other, would go unnoticed elsewhere.

use super::{placement::noise, *};
use crate::{
    ConfigError,
    policy::KeyOverflow,
    signing::{COOKIE_SALT, Signer},
};

/// Envelopes that are written, and what is written in them.
fn written() -> Vec<Envelope> {
    vec![
        Envelope::Sealed,
        Envelope::Django,
        #[cfg(feature = "flask")]
        Envelope::Flask,
    ]
}

fn all_keys() -> Keys {
    let keys = keys(&[0], &["a secret of a test"]);
    #[cfg(feature = "flask")]
    let keys = {
        let secret = crate::flask::FlaskSecret::new_allowing_weak("a secret of a test");
        keys.flask(KeyRing::new(secret.unwrap(), vec![]).unwrap())
    };
    keys
}

fn writing(write: Envelope) -> Config {
    Config {
        write,
        accept: vec![Acceptance::always(write)],
        identify: true,
        ..config()
    }
}

/// The least budget that is accepted is what a cookie takes that carries a ticket and nothing else.
#[test]
fn a_codec_is_made_with_room_for_a_ticket_and_not_with_less() {
    for write in written() {
        let with = |bytes| {
            let config = Config {
                budget: Budget::new(bytes).unwrap(),
                ..writing(write)
            };
            Codec::new(config, &all_keys())
        };
        let least = (64..400).find(|&bytes| with(bytes).is_ok()).unwrap();
        assert_eq!(with(least - 1).err(), Some(ConfigError::BudgetTooSmall));
        let codec = with(least).unwrap();
        // Flask's time has a character more from the year 2106 on.
        let taken = least as usize - usize::from(write.label() == "flask");
        for start in (0..=255).step_by(5) {
            let commit = seal(
                &codec,
                &large_session(1, 1_000),
                &Lineage::new(CREATED),
                start,
            );
            assert_eq!(commit.cookie_bytes, taken, "{write:?} {start}");
            let mut opened = open(&codec, &value(&commit)).unwrap();
            assert!(opened.session().is_empty());
            let (_, record) = put(&commit);
            let merged = codec.open_record(&mut opened, record, &mut Workspace::new());
            assert_eq!(merged, Ok(()));
        }
    }
}

/// A ticket in a readable cookie is ours only where this codec writes such cookies and may spill.
#[test]
fn a_key_that_looks_like_a_ticket_is_the_applications_unless_we_write_them() {
    let keys = all_keys();
    let spilling = Codec::new(writing(Envelope::Django), &keys).unwrap();
    let commit = seal(
        &spilling,
        &large_session(20, 1_000),
        &Lineage::new(CREATED),
        0,
    );
    let cookie = value(&commit);
    let reads = |config| {
        let opened = open(&Codec::new(config, &keys).unwrap(), &cookie).unwrap();
        let is_ticket = opened.ticket().is_some();
        assert_ne!(is_ticket, opened.session().contains("_edge_ticket"));
        is_ticket
    };
    assert!(reads(writing(Envelope::Django)));
    assert!(!reads(Config {
        overflow: Overflow::Refuse,
        ..writing(Envelope::Django)
    }));
    let both = [Envelope::Sealed, Envelope::Django].map(Acceptance::always);
    assert!(!reads(Config {
        accept: both.into(),
        ..writing(Envelope::Sealed)
    }));
}

/// Bytes of which the first drawn compress to nothing, and no others do.
struct Lulling {
    draws: u8,
    rest: Counting,
}

impl TryRng for Lulling {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rest.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rest.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.draws += 1;
        if self.draws == 1 {
            bytes.fill(0);
            return Ok(());
        }
        self.rest.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Lulling {}

/// What sealing a new session comes to with them, and how often they were drawn.
fn seal_lulled(codec: &Codec, session: SessionData) -> (Result<Commit, SealError>, u8) {
    let mut rng = Lulling {
        draws: 0,
        rest: Counting(3),
    };
    let sealed = codec.seal(
        &Session::resumed(session, Lineage::new(CREATED)),
        Issue::new(ISSUED, Lifetime::BrowserSession),
        &mut rng,
        &mut Workspace::new(),
    );
    (sealed, rng.draws)
}

/// The search asks with a random ticket; where the real one compresses worse, keys give way.
#[test]
fn a_ticket_that_takes_more_than_was_guessed_costs_keys_and_not_the_session() {
    let keys: Vec<_> = (0..3_000).map(|n| format!("\"k{}\":{n}", n * 7)).collect();
    let session = SessionData::from_json(format!("{{{}}}", keys.join(","))).unwrap();
    for write in written().into_iter().skip(1) {
        let codec = Codec::new(writing(write), &all_keys()).unwrap();
        let (sealed, draws) = seal_lulled(&codec, session.clone());
        let commit = sealed.unwrap();
        assert!(commit.cookie_bytes <= 4_093);
        // The guess, the records that were sealed for nothing, and the one that counts: an id and a nonce each.
        assert!(draws > 1 + 2, "{write:?}: {draws} draws");
        let mut opened = open(&codec, &value(&commit)).unwrap();
        let (_, record) = put(&commit);
        codec
            .open_record(&mut opened, record, &mut Workspace::new())
            .unwrap();
        assert_eq!(opened.session().len(), session.len());
    }
}

/// Whatever of it stays: Django and Flask are never shown other JSON than they write.
#[test]
fn what_stays_of_a_session_that_spills_is_spelled_as_python_does() {
    for write in written().into_iter().skip(1) {
        let codec = Codec::new(writing(write), &all_keys()).unwrap();
        let (name, cart) = ('\u{e9}', noise(20_000, 1));
        let session = SessionData::from_json(format!(r#"{{"name":"{name}","cart":"{cart}"}}"#));
        let commit = seal(&codec, &session.unwrap(), &Lineage::new(CREATED), 0);
        let opened = open(&codec, &value(&commit)).unwrap();
        assert_eq!(opened.session().to_json(), r#"{"name":"\u00e9"}"#);
    }
}

/// What may go nowhere gives way to no ticket: then the session does not fit, and that is said.
#[test]
fn a_key_that_may_go_nowhere_stays_or_the_session_does_not_fit() {
    for write in written().into_iter().skip(1) {
        let config = Config {
            overflow: Overflow::Refuse,
            rules: vec![KeyRule {
                overflow: Some(KeyOverflow::Spill),
                ..KeyRule::new("cart", Priority::Optional)
            }],
            ..writing(write)
        };
        let codec = Codec::new(config, &all_keys()).unwrap();
        let mut refused_late = 0;
        for bytes in 500..640 {
            let keys: Vec<_> = (0..10)
                .map(|n| format!("\"k{n}\":\"{}\"", noise(bytes, n)))
                .collect();
            let (keys, cart) = (keys.join(","), noise(6_000, 99));
            let session = SessionData::from_json(format!(r#"{{{keys},"cart":"{cart}"}}"#));
            let (sealed, draws) = seal_lulled(&codec, session.unwrap());
            match sealed {
                Ok(commit) => assert!((0..10).all(|index| commit.placement.keeps(index))),
                Err(error) => {
                    assert_eq!(error, SealError::DoesNotFit { budget: 4_093 });
                    // Not before its record was sealed.
                    refused_late += u32::from(draws > 1);
                }
            }
        }
        assert!(refused_late > 0, "{write:?}");
    }
}

/// With a ticket among them, too.
#[cfg(feature = "flask")]
#[test]
fn a_flask_cookie_has_its_keys_in_order() {
    let codec = Codec::new(writing(Envelope::Flask), &all_keys()).unwrap();
    let session = large_session(20, 1_000);
    let commit = seal(&codec, &session, &Lineage::new(CREATED), 0);
    let secret = crate::flask::FlaskSecret::new_allowing_weak("a secret of a test");
    let ring = KeyRing::new(secret.unwrap(), vec![]).unwrap();
    let loaded = crate::flask::Serializer::new(&ring).loads(
        value(&commit).as_bytes(),
        None,
        ISSUED,
        &Limits::default(),
        &mut Workspace::new(),
    );
    let json = loaded.unwrap().value.into_inner();
    assert!(json.contains("\"k0\":") && json.contains("\"_edge_ticket\":"));
    assert_eq!(crate::json::to_python_sorted(&json).unwrap(), json);
    // Also in objects inside, which no choice of keys touches.
    let session = r#"{"b":{"z":1,"a":2},"a":1}"#;
    let commit = seal(
        &codec,
        &SessionData::from_json(session).unwrap(),
        &Lineage::new(CREATED),
        0,
    );
    let opened = open(&codec, &value(&commit)).unwrap();
    assert_eq!(opened.session().to_json(), r#"{"a":1,"b":{"a":2,"z":1}}"#);
}

/// And in a Django cookie where the application put them.
#[test]
fn a_django_cookie_has_its_keys_where_they_were() {
    let codec = Codec::new(writing(Envelope::Django), &all_keys()).unwrap();
    let session = r#"{"b":{"z":1,"a":2},"a":1}"#;
    let commit = seal(
        &codec,
        &SessionData::from_json(session).unwrap(),
        &Lineage::new(CREATED),
        0,
    );
    let secrets = KeyRing::new(django("a secret of a test"), vec![]).unwrap();
    let loaded = Signer::new(COOKIE_SALT, &secrets).loads(
        value(&commit).as_bytes(),
        None,
        ISSUED,
        &Limits::default(),
        &mut Workspace::new(),
    );
    assert_eq!(*loaded.unwrap().value, session);
}

#[test]
fn every_message_says_what_is_wrong_and_each_its_own() {
    use alloc::{collections::BTreeSet, string::ToString};

    use crate::{DictionaryError, KeyRingError, NotALineage, SecretError, WeakDjangoSecret};

    let key = secret(1).key_id();
    #[cfg_attr(not(feature = "flask"), expect(unused_mut))]
    let mut messages = vec![
        SecretError::Prefix.to_string(),
        SecretError::Encoding.to_string(),
        SecretError::Sample.to_string(),
        WeakDjangoSecret::Short.to_string(),
        WeakDjangoSecret::Monotonous.to_string(),
        WeakDjangoSecret::Insecure.to_string(),
        KeyRingError::TooManyFallbacks.to_string(),
        KeyRingError::DuplicateKeyId(key).to_string(),
        KeyRingError::NameTooLong.to_string(),
        DictionaryError::ReservedId(7).to_string(),
        DictionaryError::Length(0).to_string(),
        NotALineage.to_string(),
        SealError::Entropy.to_string(),
        SealError::TooManyKeys.to_string(),
        SealError::TooDeep.to_string(),
        SealError::NoKey.to_string(),
        SealError::TimeOutOfRange.to_string(),
        SealError::DoesNotFit { budget: 4_093 }.to_string(),
        SealError::TooLarge {
            bytes: 21,
            limit: 20,
        }
        .to_string(),
        ConfigError::NoSealingKey.to_string(),
        ConfigError::NoDjangoKey.to_string(),
        ConfigError::WritesWhatItRefuses.to_string(),
        ConfigError::BudgetTooSmall.to_string(),
    ];
    #[cfg(feature = "flask")]
    {
        use crate::flask::WeakFlaskSecret;

        messages.extend([
            WeakFlaskSecret::Short.to_string(),
            WeakFlaskSecret::Monotonous.to_string(),
            WeakFlaskSecret::Sample.to_string(),
        ]);
    }
    #[cfg(feature = "fernet")]
    messages.push(crate::fernet::FernetKeyError.to_string());
    for message in &messages {
        assert!(message.split(' ').count() > 3, "{message}");
    }
    for told in [&*key.to_string(), "4093", "21", "20", "128", "es1_"] {
        let mut messages = messages.iter();
        assert!(messages.any(|message| message.contains(told)), "{told}");
    }
    let each: BTreeSet<_> = messages.iter().collect();
    assert_eq!(each.len(), messages.len());
}
