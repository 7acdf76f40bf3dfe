//! What is read of a browser's proof is what plain JSON says of it: the one type and algorithm, a key of
//! two whole coordinates or none, the challenge, and a signature that is written as it was read.
#![no_main]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use serde_json::value::{RawValue, Value};
use session_gateway::device::Proof;
use std::collections::HashMap;

/// A part's members that are known. Others may be what no `Value` holds: deeper than 128, or 1e999.
fn known(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("it was read");
    let members: HashMap<String, Box<RawValue>> =
        serde_json::from_slice(&bytes).expect("it was read");
    let known = ["typ", "alg", "crit", "jwk", "jti"]
        .into_iter()
        .filter_map(|name| {
            let value = serde_json::from_str(members.get(name)?.get()).expect("it was read");
            Some((name.to_owned(), value))
        });
    Value::Object(known.collect())
}

fuzz_target!(|field: &str| {
    let Ok(proof) = Proof::read(field) else {
        return;
    };
    let (header, payload) = proof.signed.split_once('.').expect("two parts are signed");
    let signature = URL_SAFE_NO_PAD.encode(proof.signature);
    assert!(field.contains(&format!("{header}.{payload}.{signature}")));
    let (header, payload) = (known(header), known(payload));
    assert_eq!(header["typ"], "dbsc+jwt");
    assert_eq!(header["alg"], "ES256");
    assert!(header.get("crit").is_none_or(Value::is_null));
    assert_eq!(payload["jti"], proof.challenge.as_str());
    if let Some(key) = proof.key {
        assert_eq!(header["jwk"]["x"], URL_SAFE_NO_PAD.encode(key.x()));
        assert_eq!(header["jwk"]["y"], URL_SAFE_NO_PAD.encode(key.y()));
        assert_eq!(header["jwk"]["crv"], "P-256");
    } else {
        assert!(header.get("jwk").is_none_or(Value::is_null));
    }
});
