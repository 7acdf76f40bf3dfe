//! Writes `tests/vectors/releases/<version>.json`: cookies and records as this release makes them,
//! which every later release must open. Run once, before a release:
//!
//! ```text
//! cargo run -p session-tests --example write_release > tests/vectors/releases/0.1.0.json
//! ```
//!
//! With a key as argument they are written with that one, for readers that refuse the sample secret.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use core::convert::Infallible;
use serde_json::json;
use session_codec::{
    Codec, Commit, Config, Issue, KeyRing, Keys, Secret, Session, SessionData, StoreOp, Timestamp,
    Workspace,
    config::Overflow,
    cookie::{CookieProfileConfig, Lifetime},
};

const ISSUED: i64 = 1_800_000_000;
const CREATED: i64 = 1_799_990_000;

/// Bytes that count up, so that a second run writes the same.
struct Counting(u8);

impl rand_core::TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

fn main() {
    let login = r#"{"_auth_user_id":"42","_auth_user_backend":"django.contrib.auth.backends.ModelBackend","_auth_user_hash":"4bba0bfe40ae26c8f773687450d2f78a7ea876ba873c8d70ddc395179b95408f"}"#;
    let mut state = 1_u32;
    let noise: String = (0..6_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from(state >> 27).unwrap() % 26)
        })
        .collect();
    let spilled = format!(r#"{{"a":1,"noise":"{noise}","z":[1,2.5,null]}}"#);
    let odd = r#"{"caf\u00e9":NaN,"big":123456789012345678901234567890,"lone":"\ud83c"}"#;
    let cases: Vec<_> = [
        ("empty", "{}", false),
        ("plain", r#"{"u":42}"#, false),
        ("dictionary", login, false),
        ("identified", login, true),
        ("odd", odd, false),
        ("spilled", &spilled, true),
    ]
    .into_iter()
    .map(|(id, session, identify)| case(id, session, identify))
    .collect();
    println!("[");
    println!("{}", cases.join(",\n"));
    println!("]");
}

fn case(id: &str, session_json: &str, identify: bool) -> String {
    let config = Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        audience: "prod".into(),
        overflow: Overflow::Spill,
        identify,
        ..Config::default()
    };
    let secret = match std::env::args().nth(1) {
        Some(text) => Secret::parse(&text).unwrap(),
        None => Secret::from_bytes(core::array::from_fn(|i| i as u8)),
    };
    let keys = Keys::sealing(KeyRing::new(secret, vec![]).unwrap());
    let session = SessionData::from_json(session_json).unwrap();
    let session = Session::new(Timestamp::from_seconds(CREATED)).with_data(session);
    let commit: Commit = Codec::new(config, &keys)
        .unwrap()
        .seal(
            &session,
            Issue::new(Timestamp::from_seconds(ISSUED), Lifetime::BrowserSession),
            &mut Counting(0x40),
            &mut Workspace::new(),
        )
        .unwrap();
    let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
    let record = commit.store_ops.iter().find_map(|op| match op {
        StoreOp::Put { record, .. } => Some(URL_SAFE_NO_PAD.encode(record)),
        _ => None,
    });
    json!({
        "id": id,
        "cookie": value.split(';').next(),
        "record": record,
        "session_json": session.to_json(),
    })
    .to_string()
}
