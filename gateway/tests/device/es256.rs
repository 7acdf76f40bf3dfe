//! ES256 on a machine of one's own: what the platform's cryptography is in the Worker.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use p256::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer, Verifier},
};
use serde_json::Value;

pub(crate) fn is_signed(x: &[u8], y: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let point = [&[4], x, y].concat();
    let key = VerifyingKey::from_sec1_bytes(&point).ok();
    let signature = Signature::from_slice(signature).ok();
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify(signed, &signature).is_ok())
}

/// A browser's key.
pub(crate) struct DeviceKey(SigningKey);

impl DeviceKey {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    /// What a browser sends to register its key.
    pub(crate) fn registers(&self, challenge: &str) -> String {
        let point = self.0.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let (x, y) = (BASE64URL.encode(x), BASE64URL.encode(y));
        self.signs(
            &format!(
                r#"{{"alg":"ES256","jwk":{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}},"typ":"dbsc+jwt"}}"#
            ),
            challenge,
        )
    }

    /// What it sends to show it again.
    pub(crate) fn shows(&self, challenge: &str) -> String {
        self.signs(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, challenge)
    }

    fn signs(&self, header: &str, challenge: &str) -> String {
        let payload = format!(r#"{{"jti":"{challenge}"}}"#);
        let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL.encode(signature.to_bytes()))
    }
}

#[test]
fn wycheproof_agrees() {
    let file =
        include_str!("../../../tests/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let point = bytes(&group["publicKey"]["uncompressed"]);
        let (x, y) = point[1..].split_at(32);
        for test in group["tests"].as_array().unwrap() {
            let is_good = test["result"] == "valid";
            let verifies = is_signed(x, y, &bytes(&test["msg"]), &bytes(&test["sig"]));
            assert_eq!(verifies, is_good, "{test}");
            if is_good { good += 1 } else { bad += 1 }
        }
    }
    assert_eq!((good, bad), (173, 89));
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}
