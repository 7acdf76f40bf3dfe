//! A case's keys and clock as `session-codec` takes them.

use core::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use session_codec::{
    DjangoSecret, KeyRing, KeyRingError, Timestamp, Workspace,
    policy::Limits,
    signing::{Signed, Signer},
};
use session_tests::{Case, Refusal};

pub(crate) type Ring = KeyRing<DjangoSecret>;

/// Of keys that may be weak, as those of test data are. An empty fallback is no key for us; Python's
/// `or` makes Django take the primary one for it, and so does this.
pub(crate) fn ring_of(primary: &[u8], fallbacks: &[&str]) -> Result<Ring, KeyRingError> {
    let secret = |key: &[u8]| DjangoSecret::new_allowing_weak(key).ok();
    let fallbacks = fallbacks
        .iter()
        .map(|key| secret(key.as_bytes()).or_else(|| secret(primary)).unwrap())
        .collect();
    KeyRing::new(secret(primary).unwrap(), fallbacks)
}

pub(crate) fn ring(case: &Case) -> Result<Ring, KeyRingError> {
    let key = match (&case["key"], &case["secret_key"], &case["key_b64"]) {
        (key, _, _) if key.is_string() => case.text("key").into(),
        (_, key, _) if key.is_string() => case.text("secret_key").into(),
        _ => STANDARD.decode(case.text("key_b64")).unwrap(),
    };
    let fallbacks = case
        .get("fallback_keys")
        .map(|_| case.texts("fallback_keys"));
    ring_of(&key, &fallbacks.unwrap_or_default())
}

pub(crate) fn signer(case: &Case, salt: &str) -> Signer {
    Signer::new(salt, &ring(case).unwrap())
}

pub(crate) fn now(case: &Case) -> Timestamp {
    time(case["now"].as_f64().unwrap())
}

pub(crate) fn time(seconds: f64) -> Timestamp {
    Timestamp::from_millis((seconds * 1000.0).floor() as i64)
}

/// `None` for no check. A negative age, which a `Duration` cannot be, is the caller's business.
pub(crate) fn max_age(case: &Case) -> Option<Duration> {
    case["max_age"].as_f64().map(Duration::from_secs_f64)
}

pub(crate) fn refusal(reason: session_codec::Reason) -> Refusal {
    match reason {
        session_codec::Reason::Forged => Refusal::BadSignature,
        session_codec::Reason::Expired => Refusal::Expired,
        session_codec::Reason::CorruptBody => Refusal::Malformed,
        other => panic!("not a refusal that Django knows: {other}"),
    }
}

/// `signing.loads`, the text in Python's spelling.
pub(crate) fn loads(
    signer: &Signer,
    signed: &str,
    max_age: Option<Duration>,
    now: Timestamp,
) -> Result<Signed<String>, session_codec::Reason> {
    let mut workspace = Workspace::new();
    let mut loaded = signer.loads(
        signed.as_bytes(),
        max_age,
        now,
        &Limits::default(),
        &mut workspace,
    )?;
    loaded.value = loaded.value.map(|json| pythonic(&json));
    Ok(loaded)
}

/// The text as Python writes it: `dumps` does so on its way.
pub(crate) fn pythonic(json: &str) -> String {
    let mut workspace = Workspace::new();
    let ring = ring_of(b"any", &[]).unwrap();
    let signer = Signer::new("any", &ring);
    let signed = signer.dumps(json, time(0.0), &mut workspace).unwrap();
    let limits = Limits::default();
    let loaded = signer.loads(signed.as_bytes(), None, time(0.0), &limits, &mut workspace);
    loaded.unwrap().value.into_inner()
}

pub(crate) fn is_compressed(signed: &str) -> bool {
    signed.starts_with('.')
}
