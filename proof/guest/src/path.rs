use core::cell::RefCell;
use core::convert::Infallible;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, Secret, Session, SessionData,
    StoreOp, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieProfileConfig, Lifetime},
    flask::{FlaskSecret, Serializer},
    signing::{COOKIE_SALT, Signer},
};
use session_tests::{FERNET, cases};
use sha2::{Digest as _, Sha256};

use crate::control::early_exit;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// What the Fernet vectors are made with.
const SHARED: &str = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";
const URL_SAFE_ALPHABET: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

type Encode = Box<dyn Fn(&[u8]) -> Vec<u8>>;
type Verify = Box<dyn Fn(&[u8]) -> bool>;

/// A verification, and a token that passes it.
pub(crate) struct Path {
    /// The token's bytes before any encoding: what is compared lies at `compared`.
    genuine: Vec<u8>,
    compared: core::ops::Range<usize>,
    is_text: bool,
    encode: Encode,
    verify: Verify,
}

impl Path {
    pub(crate) fn positions(&self) -> usize {
        self.compared.len()
    }

    pub(crate) fn token(&self, position: usize, variant: u32) -> Vec<u8> {
        let mut bytes = self.genuine.clone();
        if let Some(at) = self.compared.clone().nth(position) {
            bytes[at] = match self.is_text {
                // Another character of the alphabet, so that it is the comparison that refuses.
                true => {
                    let is_at = |byte: &u8| *byte == bytes[at];
                    let index = URL_SAFE_ALPHABET.iter().position(is_at).unwrap();
                    URL_SAFE_ALPHABET[(index + 1 + variant as usize % 63) % 64]
                }
                false => bytes[at] ^ (1 << (variant % 8)),
            };
        }
        (self.encode)(&bytes)
    }

    pub(crate) fn verify(&self, token: &[u8]) -> bool {
        (self.verify)(token)
    }

    /// Of a text that is compared as text, at its end.
    fn text(text: String, characters: usize, verify: impl Fn(&[u8]) -> bool + 'static) -> Self {
        let genuine = text.into_bytes();
        Self {
            compared: genuine.len() - characters..genuine.len(),
            genuine,
            is_text: true,
            encode: Box::new(<[u8]>::to_vec),
            verify: Box::new(verify),
        }
    }

    /// Of bytes that are compared as bytes, at their end.
    fn bytes(
        genuine: Vec<u8>,
        bytes: usize,
        encode: impl Fn(&[u8]) -> Vec<u8> + 'static,
        verify: impl Fn(&[u8]) -> bool + 'static,
    ) -> Self {
        Self {
            compared: genuine.len() - bytes..genuine.len(),
            genuine,
            is_text: false,
            encode: Box::new(encode),
            verify: Box::new(verify),
        }
    }
}

/// The first is the control.
pub(crate) fn all() -> Vec<(&'static str, Path)> {
    vec![
        ("control: a loop that stops early", control()),
        ("sealed cookie: tag", sealed()),
        ("record: tag", record_tag()),
        ("record: digest in the ticket", record_digest()),
        ("Django cookie: signature", django()),
        (
            "Django cookie: signature, of an older key",
            django_fallback(),
        ),
        ("Flask cookie: signature", flask()),
        ("Fernet token: MAC", fernet()),
    ]
}

fn control() -> Path {
    let expected: Vec<u8> = (0..43).collect();
    Path::bytes(expected.clone(), 43, <[u8]>::to_vec, move |presented| {
        early_exit(&expected, presented)
    })
}

fn sealed() -> Path {
    let codec = codec(Envelope::Sealed);
    let (value, _) = seal(&codec, 10);
    let raw = URL_SAFE_NO_PAD.decode(value).unwrap();
    Path::bytes(raw, 16, base64url, opens(codec))
}

/// The ticket is in a signed cookie, made anew for each record: its digest must be right for the tag to
/// be looked at.
fn record_tag() -> Path {
    let codec = codec(Envelope::Django);
    let (_, record) = seal(&codec, 4_000);
    let (id, revision) = ticket_of(&codec);
    // record | cookie, in one token, the record's length first.
    let encode = move |record: &[u8]| {
        let digest = &Sha256::digest(record)[..16];
        let ticket = [&key_id()[..], &id, &revision, digest].concat();
        let json = format!(r#"{{"_edge_ticket":"{}"}}"#, URL_SAFE_NO_PAD.encode(ticket));
        let cookie = signer(&[SHARED])
            .dumps(&json, NOW, &mut Workspace::new())
            .unwrap();
        [
            &(record.len() as u32).to_be_bytes()[..],
            record,
            cookie.as_bytes(),
        ]
        .concat()
    };
    Path::bytes(record.unwrap(), 16, encode, with_record(codec))
}

fn record_digest() -> Path {
    let codec = codec(Envelope::Django);
    let (_, record) = seal(&codec, 4_000);
    let record = record.unwrap();
    let (id, revision) = ticket_of(&codec);
    let ticket = [
        &key_id()[..],
        &id,
        &revision,
        &Sha256::digest(&record)[..16],
    ]
    .concat();
    let encode = move |ticket: &[u8]| {
        let json = format!(r#"{{"_edge_ticket":"{}"}}"#, URL_SAFE_NO_PAD.encode(ticket));
        let cookie = signer(&[SHARED])
            .dumps(&json, NOW, &mut Workspace::new())
            .unwrap();
        [
            &(record.len() as u32).to_be_bytes()[..],
            &record,
            cookie.as_bytes(),
        ]
        .concat()
    };
    Path::bytes(ticket, 16, encode, with_record(codec))
}

fn django() -> Path {
    let codec = codec(Envelope::Django);
    Path::text(seal(&codec, 10).0, 43, opens(codec))
}

fn django_fallback() -> Path {
    let value = seal(&codec(Envelope::Django), 10).0;
    let reader = signer(&["a newer key", SHARED]);
    Path::text(value, 43, move |token| reader.unsign(token).is_ok())
}

fn flask() -> Path {
    let ring = KeyRing::new(FlaskSecret::new(SHARED).unwrap(), vec![]).unwrap();
    let serializer = Serializer::new(&ring);
    let workspace = RefCell::new(Workspace::new());
    let cookie = serializer
        .dumps(r#"{"a":1}"#, NOW, &mut workspace.borrow_mut())
        .unwrap();
    Path::text(cookie, 27, move |token| {
        let limits = session_codec::policy::Limits::default();
        serializer
            .loads(token, None, NOW, &limits, &mut workspace.borrow_mut())
            .is_ok()
    })
}

fn fernet() -> Path {
    let cases = cases(FERNET);
    let case = cases
        .iter()
        .find(|case| case.id() == "recipe/auth")
        .unwrap();
    let token = STANDARD
        .decode(case.text("cookie").trim_matches('"'))
        .unwrap();
    let encode = |raw: &[u8]| STANDARD.encode(URL_SAFE.encode(raw)).into_bytes();
    let until = Acceptance {
        until: Some(NOW.seconds() + 1),
        ..Acceptance::always(Envelope::Fernet)
    };
    let config = Config {
        accept: vec![Acceptance::always(Envelope::Sealed), until],
        ..config(Envelope::Sealed)
    };
    let codec = Codec::new(config, &keys()).unwrap();
    Path::bytes(URL_SAFE.decode(token).unwrap(), 32, encode, opens(codec))
}

fn opens(codec: Codec) -> impl Fn(&[u8]) -> bool {
    let workspace = RefCell::new(Workspace::new());
    move |token| {
        codec
            .open_value(token, NOW, &mut workspace.borrow_mut())
            .is_ok()
    }
}

fn with_record(codec: Codec) -> impl Fn(&[u8]) -> bool {
    let workspace = RefCell::new(Workspace::new());
    move |token| {
        let (length, rest) = token.split_first_chunk().unwrap();
        let (record, cookie) = rest.split_at(u32::from_be_bytes(*length) as usize);
        let workspace = &mut workspace.borrow_mut();
        let mut opened = codec.open_value(cookie, NOW, workspace).unwrap();
        codec.open_record(&mut opened, record, workspace).is_ok()
    }
}

fn base64url(raw: &[u8]) -> Vec<u8> {
    URL_SAFE_NO_PAD.encode(raw).into_bytes()
}

/// Id and revision of the record that `seal` writes, as the cookie that names it says.
fn ticket_of(codec: &Codec) -> ([u8; 16], [u8; 4]) {
    let cookie = seal(codec, 4_000).0;
    let limits = session_codec::policy::Limits::default();
    let loaded =
        signer(&[SHARED]).loads(cookie.as_bytes(), None, NOW, &limits, &mut Workspace::new());
    let session = SessionData::from_json(loaded.unwrap().value.into_inner()).unwrap();
    let text: String = session.value("_edge_ticket").unwrap().unwrap();
    let ticket = URL_SAFE_NO_PAD.decode(text).unwrap();
    (
        *ticket[4..].first_chunk().unwrap(),
        *ticket[20..].first_chunk().unwrap(),
    )
}

/// The cookie's value, and the record if the session does not fit into a cookie.
fn seal(codec: &Codec, numbers: u32) -> (String, Option<Vec<u8>>) {
    let mut session = Session::new(NOW);
    // Deflate makes little of squares.
    let long: String = (0..numbers)
        .map(|n| format!("{:x}", n.wrapping_mul(n).wrapping_mul(2_654_435_761)))
        .collect();
    session.insert("long", &long).unwrap();
    let issue = Issue::new(NOW, Lifetime::BrowserSession);
    let commit = codec.seal(&session, issue, &mut Counting(0), &mut Workspace::new());
    let commit = commit.unwrap();
    let record = commit.store_ops.into_iter().find_map(|op| match op {
        StoreOp::Put { record, .. } => Some(record),
        _ => None,
    });
    (commit.set_cookie.value().to_owned(), record)
}

fn secret() -> Secret {
    Secret::from_bytes([7; 32])
}

fn key_id() -> [u8; 4] {
    secret().key_id().bytes()
}

fn django_ring(keys: &[&str]) -> KeyRing<DjangoSecret> {
    let mut keys = keys
        .iter()
        .map(|key| DjangoSecret::new_allowing_weak(*key).unwrap());
    KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap()
}

fn signer(keys: &[&str]) -> Signer {
    Signer::new(COOKIE_SALT, &django_ring(keys))
}

fn keys() -> Keys {
    Keys::sealing(KeyRing::new(secret(), vec![]).unwrap()).django(django_ring(&[SHARED]))
}

fn config(write: Envelope) -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        write,
        accept: vec![Acceptance::always(write)],
        overflow: Overflow::Spill,
        identify: true,
        idle_seconds: u32::MAX, // the vectors are old
        absolute_seconds: u32::MAX,
        ..Config::default()
    }
}

fn codec(write: Envelope) -> Codec {
    Codec::new(config(write), &keys()).unwrap()
}

/// Bytes that count up: every call of `seal` writes the same.
struct Counting(u8);

impl rand_core::TryRng for Counting {
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

impl rand_core::TryCryptoRng for Counting {}
