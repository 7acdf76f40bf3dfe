//! Bombs, a thousand bytes of JSON for each that is sent, in every format: they are refused at the limit,
//! and what they make the reader allocate is counted.
//!
//! One test, in a program of its own: the counting allocator counts for the whole process.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use aes::Aes128;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use peak_alloc::PeakAlloc;
use rand::{SeedableRng as _, rngs::StdRng};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, Reason, Secret, Session,
    SessionData, StoreOp, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::Lifetime,
    flask::{FlaskSecret, Serializer},
    policy::{KeyRule, Limits},
    signing::{COOKIE_SALT, Signer},
};
use sha2::{Digest as _, Sha256};

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const SECRET_KEY: &str = "a secret key for bombs";
/// What a cookie may make its reader allocate: the 64 KiB that it may inflate to, and as much again
/// while the buffer grows.
const COOKIE_BOUND: usize = 256 << 10;
/// The same for what may inflate to 1 MiB.
const RECORD_BOUND: usize = 4 << 20;
/// Where JSON itself is the bomb: members of five bytes, each of which takes a place in a list.
const MEMBERS_BOUND: usize = 1 << 20;

#[test]
fn every_bomb_stops_at_its_bound() {
    let (codec, mut workspace) = (reader(), Workspace::new());
    // The allocator sees what is allocated, and a bomb is one: read without a limit it goes off.
    let sealed = sealed(12_000_000 / 4, false);
    let (_, unbounded) =
        peak(|| drop(reckless(false).open_value(sealed.as_bytes(), NOW, &mut Workspace::new())));
    assert!(unbounded > 3_000_000, "{unbounded}");

    let mut done = 0;
    let mut stops = |what: &str,
                     bound: usize,
                     plain: usize,
                     bytes: usize,
                     read: &mut dyn FnMut(&mut Workspace) -> Reason| {
        assert!(plain >= 900 * bytes, "{what}: {plain} bytes from {bytes}");
        // Once for buffers that are kept.
        for round in 0..2 {
            let (reason, peak) = peak(|| read(&mut workspace));
            assert_eq!(reason, Reason::TooLarge, "{what}");
            assert!(
                peak <= bound,
                "{what}: {peak} bytes allocated, {bound} allowed"
            );
            if round == 1 {
                println!(
                    "{what:<34} {plain:>9} bytes from {bytes:>6}, peak {peak:>8} of {bound:>8}"
                );
            }
        }
        done += 1;
    };
    let refused = |value: &str, workspace: &mut Workspace| {
        codec
            .open_value(value.as_bytes(), NOW, workspace)
            .unwrap_err()
    };

    stops(
        "sealed",
        COOKIE_BOUND,
        3_000_000,
        sealed.len() * 3 / 4,
        &mut |workspace| refused(&sealed, workspace),
    );
    let split = self::sealed(3_000_000, true);
    stops(
        "sealed, in two parts",
        COOKIE_BOUND,
        3_000_000,
        split.len() * 3 / 4,
        &mut |workspace| refused(&split, workspace),
    );

    let signer = Signer::new(COOKIE_SALT, &django_ring());
    let django = signer
        .dumps(&json(11_000_000), NOW, &mut Workspace::new())
        .unwrap();
    let bytes = django.len() * 3 / 4;
    stops(
        "Django",
        COOKIE_BOUND,
        11_000_000,
        bytes,
        &mut |workspace| refused(&django, workspace),
    );
    stops(
        "Django, from the origin",
        RECORD_BOUND,
        11_000_000,
        bytes,
        &mut |workspace| {
            codec
                .open_origin_cookie(django.as_bytes(), NOW, workspace)
                .unwrap_err()
        },
    );

    let serializer = Serializer::new(&flask_ring());
    let flask = serializer
        .dumps(&json(11_000_000), NOW, &mut Workspace::new())
        .unwrap();
    stops(
        "Flask",
        COOKIE_BOUND,
        11_000_000,
        flask.len() * 3 / 4,
        &mut |workspace| refused(&flask, workspace),
    );

    let inner = signer
        .dumps(&json(6_000_000), NOW, &mut Workspace::new())
        .unwrap();
    let fernet = fernet(&inner);
    stops(
        "Fernet",
        COOKIE_BOUND,
        6_000_000,
        inner.len() * 3 / 4,
        &mut |workspace| refused(&fernet, workspace),
    );

    for (what, is_split) in [("record", false), ("record, in two parts", true)] {
        let (cookie, record) = spilled(20_000_000, is_split);
        stops(
            what,
            RECORD_BOUND,
            20_000_000,
            record.len(),
            &mut |workspace| {
                let mut opened = codec.open_value(cookie.as_bytes(), NOW, workspace).unwrap();
                codec
                    .open_record(&mut opened, &record, workspace)
                    .unwrap_err()
            },
        );
    }
    assert_eq!(done, 8);
    crowds(&codec, &signer);
}

/// JSON within the limit whose parts are many: it may be read, within a bound of its own.
fn crowds(codec: &Codec, signer: &Signer) {
    let mut workspace = Workspace::new();
    let within = |member: &dyn Fn(usize) -> String| {
        let mut json = String::from("{");
        for index in 0.. {
            let member = member(index);
            if json.len() + member.len() > 65_000 {
                break;
            }
            json.push_str(if index == 0 { "" } else { "," });
            json.push_str(&member);
        }
        json + "}"
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(999), "]".repeat(999));
    for (what, json) in [
        ("one key, many times", within(&|_| "\"\":0".into())),
        ("many keys", within(&|index| format!("\"{index:x}\":0"))),
        (
            "many keys to be respelled",
            within(&|index| format!("\"\u{7f}{index:x}\":0")),
        ),
        (
            "many ends of keys",
            format!(
                "{{\"_edge_ends\":{}}}",
                within(&|index| format!("\"{index:x}\":5"))
            ),
        ),
        ("deep", deep),
    ] {
        // As the payload has it: `dumps` would write a key once.
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&json);
        let compressed = format!(
            ".{}",
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(
                miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 9),
            )
        );
        let text = if compressed.len() < payload.len() {
            compressed
        } else {
            payload
        };
        let signed = signer.sign_at(&text, NOW);
        // What no cookie can hold comes from the origin.
        let (opened, peak) = peak(|| match signed.len() <= 16_384 {
            true => codec
                .open_value(signed.as_bytes(), NOW, &mut workspace)
                .is_ok(),
            false => codec
                .open_origin_cookie(signed.as_bytes(), NOW, &mut workspace)
                .is_ok(),
        });
        println!(
            "{what:<34} {:>9} bytes, read: {opened}, peak {peak:>8} of {MEMBERS_BOUND:>8}",
            json.len()
        );
        assert!(opened, "{what}");
        assert!(peak <= MEMBERS_BOUND, "{what}: {peak} bytes allocated");
    }
}

/// What `read` gives, and how many bytes more than before were allocated at once meanwhile.
fn peak<T>(read: impl FnOnce() -> T) -> (T, usize) {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let outcome = read();
    (outcome, PEAK.peak_usage().saturating_sub(before))
}

fn json(bytes: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "A".repeat(bytes))
}

/// A cookie that nobody would write who has to read it.
fn sealed(bytes: usize, is_split: bool) -> String {
    let mut session = SessionData::from_json(json(bytes)).unwrap();
    session.insert("secret", "x").unwrap();
    let (value, record) = seal(&reckless(is_split), &session);
    assert!(record.is_none());
    value
}

/// The same, of which the most is a record.
fn spilled(bytes: usize, is_split: bool) -> (String, Vec<u8>) {
    let config = Config {
        rules: vec![
            KeyRule {
                max_bytes: Some(10),
                ..KeyRule::new("a", session_codec::Priority::Normal)
            },
            KeyRule {
                max_bytes: Some(1),
                secret: is_split,
                ..KeyRule::new("secret", session_codec::Priority::Normal)
            },
        ],
        ..reckless_config()
    };
    let mut session = SessionData::from_json(json(bytes)).unwrap();
    session.insert("secret", "x").unwrap();
    let (value, record) = seal(&Codec::new(config, &keys()).unwrap(), &session);
    (value, record.unwrap())
}

fn seal(codec: &Codec, session: &SessionData) -> (String, Option<Vec<u8>>) {
    let (mut rng, mut workspace) = (StdRng::seed_from_u64(1), Workspace::new());
    let issue = Issue::new(NOW, Lifetime::BrowserSession);
    let commit = codec
        .seal(
            &Session::new(NOW).with_data(session.clone()),
            issue,
            &mut rng,
            &mut workspace,
        )
        .unwrap();
    let record = commit.store_ops.into_iter().find_map(|op| match op {
        StoreOp::Put { record, .. } => Some(record),
        _ => None,
    });
    (commit.set_cookie.value().to_owned(), record)
}

/// The recipe's token round a Django cookie.
fn fernet(signed: &str) -> String {
    let key = Sha256::digest(SECRET_KEY);
    let iv = [9; 16];
    let mut ciphertext = signed.as_bytes().to_vec();
    ciphertext.resize(signed.len() + 16, 0);
    let encryptor = Encryptor::<Aes128>::new_from_slices(&key[16..], &iv).unwrap();
    let ciphertext = encryptor
        .encrypt_padded::<Pkcs7>(&mut ciphertext, signed.len())
        .unwrap();
    let seconds = NOW.seconds().to_be_bytes();
    let token = [&[0x80][..], &seconds, &iv, ciphertext].concat();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..16]).unwrap();
    mac.update(&token);
    let token = [&token[..], &mac.finalize().into_bytes()].concat();
    STANDARD.encode(URL_SAFE.encode(token))
}

fn django_ring() -> KeyRing<DjangoSecret> {
    KeyRing::new(DjangoSecret::new_allowing_weak(SECRET_KEY).unwrap(), vec![]).unwrap()
}

fn flask_ring() -> KeyRing<FlaskSecret> {
    KeyRing::new(FlaskSecret::new_allowing_weak(SECRET_KEY).unwrap(), vec![]).unwrap()
}

fn keys() -> Keys {
    Keys::sealing(KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap()).django(django_ring())
}

fn reckless_config() -> Config {
    Config {
        limits: Limits {
            cookie_bytes: 1 << 26,
            record_bytes: 1 << 26,
            ..Limits::default()
        },
        overflow: Overflow::Spill,
        ..Config::default()
    }
}

fn reckless(is_split: bool) -> Codec {
    let rule = KeyRule {
        secret: is_split,
        ..KeyRule::new("secret", session_codec::Priority::Normal)
    };
    Codec::new(
        Config {
            rules: vec![rule],
            ..reckless_config()
        },
        &keys(),
    )
    .unwrap()
}

/// The limits are the default ones; it accepts everything there is.
fn reader() -> Codec {
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
        overflow: Overflow::Spill,
        ..Config::default()
    };
    Codec::new(config, &keys().flask(flask_ring())).unwrap()
}
