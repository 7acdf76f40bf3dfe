use serde_json::{Value, json};

use super::*;

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn encoded(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn token(header: &Value, payload: &Value) -> String {
    of_texts(&header.to_string(), &payload.to_string())
}

fn of_texts(header: &str, payload: &str) -> String {
    let signature = URL_SAFE_NO_PAD.encode([7; 64]);
    format!("{}.{}.{signature}", encoded(header), encoded(payload))
}

fn jwk() -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y })
}

fn header() -> Value {
    json!({ "alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk() })
}

/// What the package reads in JavaScript, too (`pkg/js/core/device/proof.js`): both keep to these.
#[test]
fn every_vector_is_read_as_it_says() {
    let vectors = include_str!("../../../../tests/vectors/device_proofs.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).unwrap();
    for vector in &vectors {
        let read = Proof::read(vector["field"].as_str().unwrap());
        let said = match &read {
            Ok(proof) => {
                let x = proof.key.map(|key| URL_SAFE_NO_PAD.encode(key.x()));
                json!({ "field": vector["field"], "challenge": proof.challenge, "x": x })
            }
            Err(why) => json!({ "field": vector["field"], "refused": why.label() }),
        };
        assert_eq!(said, *vector);
    }
    assert!(vectors.len() > 60);
}

fn refused(token: &str) -> NoProof {
    Proof::read(token).unwrap_err()
}

#[test]
fn what_browsers_send_is_read_bare_and_quoted() {
    let token = token(&header(), &json!({ "jti": "a challenge" }));
    for field in [token.clone(), format!("\"{token}\""), format!(" {token} ")] {
        let proof = Proof::read(&field).unwrap();
        assert_eq!(proof.challenge, "a challenge");
        assert_eq!(proof.signature, [7; 64]);
        let signed = token.rsplit_once('.').unwrap().0;
        assert_eq!(proof.signed, signed);
        assert_eq!(URL_SAFE_NO_PAD.encode(proof.key.unwrap().x()), X);
        assert_eq!(URL_SAFE_NO_PAD.encode(proof.key.unwrap().y()), Y);
    }
    let refresh = json!({ "alg": "ES256", "typ": "dbsc+jwt" });
    let refresh = self::token(&refresh, &json!({ "jti": "c", "aud": "x", "iat": 1 }));
    assert_eq!(Proof::read(&refresh).unwrap().key, None);
}

#[test]
fn another_kind_of_token_is_none() {
    for (member, value) in [
        ("alg", json!("none")),
        ("alg", json!("es256")),
        ("alg", json!("RS256")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("typ", json!("JWT")),
        ("typ", json!("DBSC+JWT")),
        ("typ", json!("application/dbsc+jwt")),
        ("crit", json!(["b64"])),
    ] {
        let mut header = header();
        header[member] = value;
        let token = token(&header, &json!({ "jti": "c" }));
        assert_eq!(refused(&token), NoProof::OtherKind, "{header}");
    }
}

#[test]
fn another_kind_of_key_is_none() {
    for jwk in [
        json!(7),
        json!([]),
        json!("x"),
        json!(["EC", "P-256", X, Y]),
    ] {
        let header = json!({ "alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk });
        let token = token(&header, &json!({ "jti": "c" }));
        assert_eq!(refused(&token), NoProof::BadKey, "{header}");
    }
    for (member, value) in [
        ("kty", json!("RSA")),
        ("kty", json!("OKP")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", json!("")),
        ("x", json!("AA")),
        ("x", json!(format!("AA{X}"))),
        ("x", json!(format!("{X}="))),
        ("y", json!(format!("{}!", &Y[1..]))),
        ("d", json!(X)),
    ] {
        let mut header = header();
        header["jwk"][member] = value;
        let token = token(&header, &json!({ "jti": "c" }));
        assert_eq!(refused(&token), NoProof::BadKey, "{header}");
    }
}

#[test]
fn what_is_no_token_is_malformed() {
    let good = token(&header(), &json!({ "jti": "c" }));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    let half = r#"{"alg":"ES256","typ":"dbsc+jwt""#;
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{head}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{signed}.{}", &signature[1..]),
        format!("{signed}.A{signature}"),
        format!("{head}=.{payload}.{signature}"),
        format!("{head}.{payload}\n.{signature}"),
        format!("{head}+.{payload}.{signature}"),
        format!("\"{good}"),
        of_texts("[]", r#"{"jti":"c"}"#),
        of_texts("null", r#"{"jti":"c"}"#),
        of_texts(r#"["dbsc+jwt","ES256"]"#, r#"{"jti":"c"}"#),
        of_texts(&format!("{half},\"alg\":\"none\"}}"), r#"{"jti":"c"}"#),
        of_texts(&format!("{half}}}x"), r#"{"jti":"c"}"#),
        of_texts(&format!("{half}}}"), "{}"),
        of_texts(&format!("{half}}}"), r#"{"jti":7}"#),
        of_texts(&format!("{half}}}"), r#"{"jti":null}"#),
        of_texts(&format!("{half}}}"), r#"{"jti":"a","jti":"b"}"#),
        of_texts(&format!("{half}}}"), r#"["c"]"#),
        of_texts(&format!("{half}}}"), &"[".repeat(900)),
    ] {
        assert_eq!(refused(&text), NoProof::Malformed, "{text}");
    }
    let long = "a".repeat(Proof::MAX_CHARACTERS + 1);
    assert_eq!(refused(&long), NoProof::TooLong);
}

/// Of a token every byte is changed, left out and doubled, and every front is cut off: each is read
/// as another token, or refused.
#[test]
fn every_mutation_is_another_token_or_none() {
    let good = token(&header(), &json!({ "jti": "challenge" }));
    let (signed, _) = good.rsplit_once('.').unwrap();
    for at in 0..good.len() {
        assert!(Proof::read(&good[..at]).is_err(), "{at}");
        for replacement in ["", "A", "_", ".", "=", "\0", "é", "\""] {
            let text = [&good[..at], replacement, &good[at + 1..]].concat();
            if text == good {
                continue;
            }
            if let Ok(proof) = Proof::read(&text) {
                let is_same = proof.signed == signed && proof.signature == [7; 64];
                assert!(!is_same, "{text}");
            }
        }
    }
}

/// Whatever bytes come, there is an answer.
#[test]
fn noise_is_refused() {
    let mut random = fastrand::Rng::with_seed(17);
    let alphabet: Vec<char> = "AZaz09-_.=\"{}[]:,\\ \u{e9}\0".chars().collect();
    for _ in 0..20_000 {
        let length = random.usize(..200);
        let letter = |_| alphabet[random.usize(..alphabet.len())];
        let text: String = (0..length).map(letter).collect();
        assert!(Proof::read(&text).is_err(), "{text}");
    }
}
