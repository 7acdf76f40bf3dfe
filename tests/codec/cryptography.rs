//! The algorithms that `session-codec` is built on, as it uses them, against published vectors.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _, Nonce, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use session_tests::{RFC, SALAMANDER, Tally, WYCHEPROOF_HKDF, WYCHEPROOF_HMAC, WYCHEPROOF_XCHACHA};
use sha2::Sha256;

use crate::platform::test;

fn bytes(value: &Value) -> Vec<u8> {
    let hex = value.as_str().unwrap();
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn parsed(file: &str) -> Value {
    serde_json::from_str(file).unwrap()
}

fn hmac(key: &Value, message: &Value) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&bytes(key)).unwrap();
    mac.update(&bytes(message));
    mac
}

fn hkdf(case: &Value, bytes_out: usize) -> Option<Vec<u8>> {
    let derived = Hkdf::<Sha256>::new(Some(&bytes(&case["salt"])), &bytes(&case["ikm"]));
    let mut okm = vec![0; bytes_out];
    derived
        .expand(&bytes(&case["info"]), &mut okm)
        .ok()
        .map(|()| okm)
}

/// `None` also for a nonce of another size, which has no type.
fn open(case: &Value) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new_from_slice(&bytes(&case["key"])).unwrap();
    let nonce = XNonce::try_from(&bytes(&case["iv"])[..]).ok()?;
    let sealed = [bytes(&case["ct"]), bytes(&case["tag"])].concat();
    let payload = Payload {
        msg: &sealed,
        aad: &bytes(&case["aad"]),
    };
    cipher.decrypt(&nonce, payload).ok()
}

/// Each test of each group, with the group's `tagSize` where it has one.
fn wycheproof(file: &str) -> Vec<(Value, usize)> {
    let file = parsed(file);
    let groups = file["testGroups"].as_array().unwrap();
    let tests: Vec<(Value, usize)> = groups
        .iter()
        .flat_map(|group| {
            let tag = group["tagSize"].as_u64().unwrap_or_default() as usize / 8;
            let tests = group["tests"].as_array().unwrap();
            tests.iter().map(move |test| (test.clone(), tag))
        })
        .collect();
    assert_eq!(Some(tests.len() as u64), file["numberOfTests"].as_u64());
    tests
}

#[test]
fn rfc_vectors() {
    let rfc = parsed(RFC);
    let mut tally = Tally::default();
    for case in rfc["rfc4231"].as_array().unwrap() {
        let (mac, tag) = (hmac(&case["key"], &case["data"]), bytes(&case["tag"]));
        match tag.len() {
            32 => mac.verify_slice(&tag).unwrap(),
            _ => mac.verify_truncated_left(&tag).unwrap(),
        }
        tally.count("RFC 4231: HMAC-SHA-256", &case["case"].to_string());
    }
    for case in rfc["rfc5869"].as_array().unwrap() {
        let (prk, _) = Hkdf::<Sha256>::extract(Some(&bytes(&case["salt"])), &bytes(&case["ikm"]));
        assert_eq!(prk[..], bytes(&case["prk"]));
        let okm = hkdf(case, case["L"].as_u64().unwrap() as usize);
        assert_eq!(okm, Some(bytes(&case["okm"])));
        tally.count("RFC 5869: HKDF-SHA-256", &case["case"].to_string());
    }
    let case = &rfc["rfc8439_2_8_2"];
    let expected = [bytes(&case["ct"]), bytes(&case["tag"])].concat();
    let cipher = ChaCha20Poly1305::new_from_slice(&bytes(&case["key"])).unwrap();
    let nonce = Nonce::try_from(&bytes(&case["iv"])[..]).unwrap();
    let payload = Payload {
        msg: &bytes(&case["msg"]),
        aad: &bytes(&case["aad"]),
    };
    assert_eq!(cipher.encrypt(&nonce, payload).unwrap(), expected);
    tally.count("RFC 8439 2.8.2: ChaCha20-Poly1305", "");

    let case = &rfc["xchacha_A_3_1"];
    assert_eq!(open(case), Some(bytes(&case["msg"])));
    tally.count("draft-irtf-cfrg-xchacha-03 A.3.1: XChaCha20-Poly1305", "");
    tally.expect(&[
        ("RFC 4231: HMAC-SHA-256", 7),
        ("RFC 5869: HKDF-SHA-256", 3),
        ("RFC 8439 2.8.2: ChaCha20-Poly1305", 1),
        ("draft-irtf-cfrg-xchacha-03 A.3.1: XChaCha20-Poly1305", 1),
    ]);
}

#[test]
fn wycheproof_hmac() {
    let mut tally = Tally::default();
    for (case, tag_bytes) in wycheproof(WYCHEPROOF_HMAC) {
        let (mac, tag) = (hmac(&case["key"], &case["msg"]), bytes(&case["tag"]));
        let verified = match tag_bytes {
            32 => mac.verify_slice(&tag),
            16 if tag.len() == 16 => mac.verify_truncated_left(&tag),
            _ => panic!("{case}"),
        };
        count(&mut tally, &case, verified.is_ok());
    }
    tally.expect(&[("invalid: refused", 108), ("valid: accepted", 66)]);
}

#[test]
fn wycheproof_hkdf() {
    let mut tally = Tally::default();
    for (case, _) in wycheproof(WYCHEPROOF_HKDF) {
        let okm = hkdf(&case, case["size"].as_u64().unwrap() as usize);
        let right = okm.is_some_and(|okm| okm == bytes(&case["okm"]));
        count(&mut tally, &case, right);
    }
    tally.expect(&[("invalid: refused", 3), ("valid: accepted", 83)]);
}

#[test]
fn wycheproof_xchacha20_poly1305() {
    let mut tally = Tally::default();
    for (case, _) in wycheproof(WYCHEPROOF_XCHACHA) {
        let opened = open(&case);
        if let Some(message) = &opened {
            assert_eq!(*message, bytes(&case["msg"]), "{case}");
        }
        count(&mut tally, &case, opened.is_some());
    }
    tally.expect(&[("invalid: refused", 69), ("valid: accepted", 246)]);
}

fn count(tally: &mut Tally, case: &Value, accepted: bool) {
    let class = match case["result"].as_str().unwrap() {
        "valid" => "valid: accepted",
        "invalid" => "invalid: refused",
        other => panic!("{other}"),
    };
    assert_eq!(accepted, class.starts_with("valid"), "{case}");
    tally.count(class, &case["tcId"].to_string());
}

/// The cipher alone does not bind a text to its key: here is one that opens under two. So a cookie
/// names its key, and exactly that one is tried.
#[test]
fn one_text_under_two_keys() {
    let case = parsed(SALAMANDER);
    let under = |key: &str| {
        let mut case = case.clone();
        case["key"] = case[key].clone();
        open(&case)
    };
    assert_eq!(under("key1"), Some(bytes(&case["msg1"])));
    assert_eq!(under("key2"), Some(bytes(&case["msg2"])));
    assert_ne!(case["msg1"], case["msg2"]);
}
