//! The copy matrix: every token in every slot, in every spelling. Each is of use in its own slots alone.
//!
//! All keys of one kind are the same everywhere, unless the row says otherwise: what keeps tokens apart
//! is what they were made for.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, OpenSession, OriginMac, Secret,
    Session, StoreName, StoreOp, Timestamp, TokenPurpose, Tokens, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieProfileConfig, Lifetime},
    fernet::Recipe,
    flask::{FlaskSecret, Serializer},
    policy::Limits,
    signing::{COOKIE_SALT, ROW_SALT, Signer},
};
use session_tests::{FERNET, cases};
use sha2::Sha256;

use crate::{platform::test, requirements::Counting};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// What Django, Flask and the Fernet vectors are signed with.
const SHARED: &str = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";
const OTHER: &str = "another-secret-key-of-fifty-characters-or-somewhat-more";

/// What is presented: by name, its bytes.
type Token = (&'static str, Vec<u8>);

type Takes = Box<dyn Fn(&[u8]) -> bool>;

/// Where it is presented: by name, what takes it, and the tokens that belong there.
struct Slot {
    name: &'static str,
    takes: Takes,
    own: &'static [&'static str],
}

#[test]
fn every_token_is_of_use_in_its_own_slots_alone() {
    let (tokens, slots) = (tokens(), slots());
    let mut used = 0;
    for slot in &slots {
        for (name, bytes) in &tokens {
            let taken = spellings(bytes).iter().any(|text| (slot.takes)(text));
            assert_eq!(taken, slot.own.contains(name), "{name} in {}", slot.name);
            used += usize::from(taken);
        }
    }
    // Every token but those that are right nowhere is right somewhere, or the row proves nothing.
    let nowhere: Vec<_> = tokens
        .iter()
        .filter(|(name, _)| !slots.iter().any(|slot| slot.own.contains(name)))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        nowhere,
        [
            "ticket",
            "sealed by hand for another purpose",
            "sealed by hand as version 2",
            "sealed by hand under the record key",
            "secret, as text",
        ]
    );
    let cells = tokens.len() * slots.len();
    assert_eq!((tokens.len(), slots.len(), cells, used), (29, 26, 754, 31));
}

/// As it is, encoded, and decoded: a slot that reads bytes gets text as well, and the reverse.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let decoded = [URL_SAFE_NO_PAD.decode(bytes), STANDARD.decode(bytes)];
    [bytes.to_vec(), URL_SAFE_NO_PAD.encode(bytes).into_bytes()]
        .into_iter()
        .chain(decoded.into_iter().flatten())
        .collect()
}

fn tokens() -> Vec<Token> {
    let sealed = |name, audience, key, start| Made::by(&codec(name, audience, key), start);
    let (one, two) = (
        sealed("__Host-s", "prod", 1, 1),
        sealed("__Host-s", "prod", 1, 99),
    );
    let text = |text: String| text.into_bytes();
    let django = Made::by(&writing(Envelope::Django), 1);
    let (_, rest) = django
        .json()
        .split_once("_edge_ticket\":\"")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let ticket = rest.split('"').next().unwrap().to_owned();
    let sign = |salt: &str, key: &str| {
        let mut workspace = Workspace::new();
        text(
            Signer::new(salt, &django_ring(key))
                .dumps(r#"{"a":1}"#, NOW, &mut workspace)
                .unwrap(),
        )
    };
    let flask = |key: &str| {
        let mut workspace = Workspace::new();
        text(
            serializer(key)
                .dumps(r#"{"a":1}"#, NOW, &mut workspace)
                .unwrap(),
        )
    };
    let codec_one = codec("__Host-s", "prod", 1);
    let by_hand = |label: &[&[u8]], version, purpose| text(sealed_by_hand(label, version, purpose));
    vec![
        ("session", one.cookie()),
        ("session of somebody else", two.cookie()),
        (
            "session under another name",
            sealed("__Host-t", "prod", 1, 1).cookie(),
        ),
        (
            "session of another audience",
            sealed("__Host-s", "test", 1, 1).cookie(),
        ),
        (
            "session under another key",
            sealed("__Host-s", "prod", 2, 1).cookie(),
        ),
        ("record", one.record.clone()),
        ("record of somebody else", two.record.clone()),
        ("record's name", one.name.bytes().to_vec()),
        ("ticket", text(ticket)),
        (
            "revocation of the session",
            codec_one
                .session_revocation(one.opened.lineage())
                .unwrap()
                .bytes()
                .to_vec(),
        ),
        (
            "revocation of the user",
            bytes_of(&codec_one.user_revocations("ada")),
        ),
        (
            "MAC towards the origin",
            text(OriginMac::new(&secret(1)).text(b"message")),
        ),
        (
            "MAC of another message",
            text(OriginMac::new(&secret(1)).text(b"another")),
        ),
        ("Django session", sign(COOKIE_SALT, SHARED)),
        ("Django session with a ticket", text(django.value.clone())),
        ("Django session under another key", sign(COOKIE_SALT, OTHER)),
        ("Django database row", sign(ROW_SALT, SHARED)),
        (
            "Django signed cookie",
            sign("django.http.cookies.v2:4:session", SHARED),
        ),
        ("Flask session", flask(SHARED)),
        ("Flask session under another key", flask(OTHER)),
        ("Fernet-wrapped Django session", fernet()),
        (
            "sealed by hand",
            by_hand(&[b"enc", b"\0", b"session"], 1, "session"),
        ),
        (
            "sealed by hand for another purpose",
            by_hand(&[b"enc", b"\0", b"oauth"], 1, "oauth"),
        ),
        (
            "sealed by hand as version 2",
            by_hand(&[b"enc", b"\0", b"session"], 2, "session"),
        ),
        (
            "sealed by hand under the record key",
            by_hand(&[b"store-enc"], 1, "session"),
        ),
        ("device cookie", device(TokenPurpose::Device)),
        ("device's challenge", device(TokenPurpose::DeviceChallenge)),
        ("device's session", device(TokenPurpose::DeviceIdentifier)),
        ("secret, as text", secret(1).to_text().as_bytes().to_vec()),
    ]
}

/// Beside the same cookie, under the same key.
fn tokens_of(purpose: TokenPurpose) -> Tokens {
    let ring = KeyRing::new(secret(1), vec![]).unwrap();
    Tokens::new(&ring, purpose, "__Host-s", "prod").unwrap()
}

fn device(purpose: TokenPurpose) -> Vec<u8> {
    let content = [1; 44];
    let text = tokens_of(purpose).seal(&content, &mut Counting(50));
    text.unwrap().into_bytes()
}

fn slots() -> Vec<Slot> {
    let slot = |name, own, takes: Takes| Slot { name, takes, own };
    let cookie =
        |name, own, codec: Codec| slot(name, own, Box::new(move |text| opens(&codec, text)));
    let signed = |name, own, signer: Signer| {
        slot(
            name,
            own,
            Box::new(move |text| {
                signer
                    .loads(text, None, NOW, &Limits::default(), &mut Workspace::new())
                    .is_ok()
            }),
        )
    };
    let flask = |name, own, key| {
        let serializer = serializer(key);
        slot(
            name,
            own,
            Box::new(move |text| {
                serializer
                    .loads(text, None, NOW, &Limits::default(), &mut Workspace::new())
                    .is_ok()
            }),
        )
    };
    let fernet = |name, own, key: &str| {
        let recipe = Recipe::new(&django_ring(key));
        slot(
            name,
            own,
            Box::new(move |text| {
                recipe
                    .loads(text, None, NOW, &Limits::default(), &mut Workspace::new())
                    .is_ok()
            }),
        )
    };
    let record = |name, own, start| {
        slot(
            name,
            own,
            Box::new(move |bytes| {
                let codec = codec("__Host-s", "prod", 1);
                let mut opened = Made::by(&codec, start).opened;
                codec
                    .open_record(&mut opened, bytes, &mut Workspace::new())
                    .is_ok()
            }),
        )
    };
    let token = |name, own, purpose| {
        let tokens = tokens_of(purpose);
        slot(
            name,
            own,
            Box::new(move |text| tokens.open(text, NOW).is_ok()),
        )
    };
    let equals =
        |name, own, wanted: Vec<u8>| slot(name, own, Box::new(move |bytes| bytes == wanted));
    let one = codec("__Host-s", "prod", 1);
    let made = Made::by(&one, 1);
    vec![
        cookie(
            "cookie",
            &["session", "session of somebody else", "sealed by hand"],
            codec("__Host-s", "prod", 1),
        ),
        cookie(
            "cookie of another name",
            &["session under another name"],
            codec("__Host-t", "prod", 1),
        ),
        cookie(
            "cookie of another audience",
            &["session of another audience"],
            codec("__Host-s", "test", 1),
        ),
        cookie(
            "cookie of another key",
            &["session under another key"],
            codec("__Host-s", "prod", 2),
        ),
        cookie("cookie of a third key", &[], codec("__Host-s", "prod", 3)),
        cookie(
            "Django cookie",
            &["Django session", "Django session with a ticket"],
            writing(Envelope::Django),
        ),
        cookie("Flask cookie", &["Flask session"], writing(Envelope::Flask)),
        cookie(
            "cookie in a migration",
            &[
                "session",
                "session of somebody else",
                "sealed by hand",
                "Django session",
                "Django session with a ticket",
                "Flask session",
                "Fernet-wrapped Django session",
            ],
            migrating(),
        ),
        signed(
            "Django cookie under another key",
            &["Django session under another key"],
            Signer::new(COOKIE_SALT, &django_ring(OTHER)),
        ),
        signed(
            "database row",
            &["Django database row"],
            Signer::new(ROW_SALT, &django_ring(SHARED)),
        ),
        signed(
            "database row under another key",
            &[],
            Signer::new(ROW_SALT, &django_ring(OTHER)),
        ),
        signed(
            "signed cookie of a name",
            &["Django signed cookie"],
            Signer::new("django.http.cookies.v2:4:session", &django_ring(SHARED)),
        ),
        signed(
            "signed cookie of another name",
            &[],
            Signer::new("django.http.cookies.v2:4:sessionid", &django_ring(SHARED)),
        ),
        flask(
            "Flask under another key",
            &["Flask session under another key"],
            OTHER,
        ),
        fernet("Fernet", &["Fernet-wrapped Django session"], SHARED),
        fernet("Fernet under another key", &[], OTHER),
        record("record of the session", &["record"], 1),
        record(
            "record of somebody else's session",
            &["record of somebody else"],
            99,
        ),
        token("device cookie", &["device cookie"], TokenPurpose::Device),
        token(
            "device's challenge",
            &["device's challenge"],
            TokenPurpose::DeviceChallenge,
        ),
        token(
            "device's session",
            &["device's session"],
            TokenPurpose::DeviceIdentifier,
        ),
        equals(
            "MAC towards the origin",
            &["MAC towards the origin"],
            OriginMac::new(&secret(1)).text(b"message").into_bytes(),
        ),
        equals(
            "name of the record",
            &["record's name"],
            made.name.bytes().to_vec(),
        ),
        equals(
            "name of the revocation",
            &["revocation of the session"],
            bytes_of(one.session_revocation(made.opened.lineage()).as_slice()),
        ),
        equals(
            "name of the user's revocation",
            &["revocation of the user"],
            bytes_of(&one.user_revocations("ada")),
        ),
        equals(
            "MAC of another message",
            &["MAC of another message"],
            OriginMac::new(&secret(1)).text(b"another").into_bytes(),
        ),
    ]
}

fn bytes_of(names: &[StoreName]) -> Vec<u8> {
    names.iter().flat_map(|name| *name.bytes()).collect()
}

/// A session that spilled, as it was written.
struct Made {
    value: String,
    record: Vec<u8>,
    name: StoreName,
    opened: OpenSession,
}

impl Made {
    fn by(codec: &Codec, start: u8) -> Self {
        let mut session = Session::new(NOW);
        session.insert("user", "ada").unwrap();
        // Squares, of which deflate makes little.
        let long: String = (0..3_000_u32)
            .map(|n| format!("{:x}", n.wrapping_mul(n).wrapping_mul(2_654_435_761)))
            .collect();
        session.insert("long", &long).unwrap();
        let (rng, workspace) = (&mut Counting(start), &mut Workspace::new());
        let issue = Issue::new(NOW, Lifetime::BrowserSession);
        let mut commit = codec.seal(&session, issue, rng, workspace).unwrap();
        let value = commit.set_cookie.value().to_owned();
        let StoreOp::Put { record, name, .. } = commit.store_ops.remove(0) else {
            panic!("nothing was spilled");
        };
        let opened = codec.open_value(value.as_bytes(), NOW, workspace).unwrap();
        Self {
            value,
            record,
            name,
            opened,
        }
    }

    fn cookie(&self) -> Vec<u8> {
        self.value.clone().into_bytes()
    }

    fn json(&self) -> String {
        let signer = Signer::new(COOKIE_SALT, &django_ring(SHARED));
        let mut workspace = Workspace::new();
        let loaded = signer.loads(
            self.value.as_bytes(),
            None,
            NOW,
            &Limits::default(),
            &mut workspace,
        );
        loaded.unwrap().value.into_inner()
    }
}

fn opens(codec: &Codec, text: &[u8]) -> bool {
    codec.open_value(text, NOW, &mut Workspace::new()).is_ok()
}

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}

fn django_ring(key: &str) -> KeyRing<DjangoSecret> {
    KeyRing::new(DjangoSecret::new_allowing_weak(key).unwrap(), vec![]).unwrap()
}

fn flask_ring(key: &str) -> KeyRing<FlaskSecret> {
    KeyRing::new(FlaskSecret::new(key).unwrap(), vec![]).unwrap()
}

fn serializer(key: &str) -> Serializer {
    Serializer::new(&flask_ring(key))
}

fn keys(byte: u8) -> Keys {
    Keys::sealing(KeyRing::new(secret(byte), vec![]).unwrap()).django(django_ring(SHARED))
}

fn config(name: &str, audience: &str) -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: name.into(),
            ..CookieProfileConfig::default()
        },
        audience: audience.into(),
        overflow: Overflow::Spill,
        identify: true,
        idle_seconds: u32::MAX, // the vectors are old
        absolute_seconds: u32::MAX,
        ..Config::default()
    }
}

fn codec(name: &str, audience: &str, key: u8) -> Codec {
    Codec::new(config(name, audience), &keys(key)).unwrap()
}

fn writing(envelope: Envelope) -> Codec {
    let config = Config {
        write: envelope,
        accept: vec![Acceptance::always(envelope)],
        ..config("__Host-s", "prod")
    };
    Codec::new(config, &keys(1).flask(flask_ring(SHARED))).unwrap()
}

/// Reads everything there is.
fn migrating() -> Codec {
    let until = |envelope| Acceptance {
        until: Some(NOW.seconds() + 1),
        ..Acceptance::always(envelope)
    };
    let others = [Envelope::Django, Envelope::Flask, Envelope::Fernet].map(until);
    let config = Config {
        accept: [Acceptance::always(Envelope::Sealed)]
            .into_iter()
            .chain(others)
            .collect(),
        ..config("__Host-s", "prod")
    };
    Codec::new(config, &keys(1).flask(flask_ring(SHARED))).unwrap()
}

/// A cookie of the vectors; nothing here writes them.
fn fernet() -> Vec<u8> {
    let cases = cases(FERNET);
    let case = cases.iter().find(|case| case.id() == "recipe/auth");
    case.unwrap().text("cookie").as_bytes().to_vec()
}

/// As `docs/FORMAT.md` says, with the crates and not the codec: a label for the key, a version, a purpose.
fn sealed_by_hand(label: &[&[u8]], version: u8, purpose: &str) -> String {
    let prk = Hkdf::<Sha256>::new(Some(b"edge-session/v1"), &[1; 32]);
    let mut key = [0; 32];
    prk.expand_multi_info(label, &mut key).unwrap();
    let head = [&[version][..], secret(1).key_id().bytes().as_slice()].concat();
    let mut aad = head.clone();
    for field in [purpose, "__Host-s", "prod"] {
        aad.push(field.len() as u8);
        aad.extend_from_slice(field.as_bytes());
    }
    let inner = [
        &[0][..],
        &(NOW.seconds() as u32).to_be_bytes(),
        br#"{"user":"ada"}"#,
    ]
    .concat();
    let payload = Payload {
        msg: &inner,
        aad: &aad,
    };
    let cipher = XChaCha20Poly1305::new_from_slice(&key).unwrap();
    let ciphertext = cipher.encrypt(&XNonce::from([9; 24]), payload).unwrap();
    URL_SAFE_NO_PAD.encode([&head[..], &[9; 24], &ciphertext].concat())
}
