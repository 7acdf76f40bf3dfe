use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use session_codec::device::PublicKey;

/// What a browser signs with its device's key: a JSON Web Token of the type `dbsc+jwt` (RFC 7519).
/// Nothing of it is verified here.
#[derive(Debug)]
pub struct Proof<'j> {
    /// Header and payload, as they were signed.
    pub signed: &'j str,
    /// What the browser was asked to sign.
    pub challenge: String,
    /// The key, where the browser registers it.
    pub key: Option<PublicKey>,
    /// The two halves of an ECDSA signature, `r | s`.
    pub signature: [u8; 64],
}

/// Why a text is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoProof {
    /// Longer than any is.
    TooLong,
    /// Not three parts in canonical base64url of which two are JSON objects, or a member twice.
    Malformed,
    /// Another type or algorithm.
    OtherKind,
    /// A key that is none of P-256.
    BadKey,
}

impl NoProof {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::OtherKind => "other_kind",
            Self::BadKey => "bad_key",
        }
    }
}

#[derive(Deserialize)]
struct Header<'j> {
    typ: &'j str,
    alg: &'j str,
    jwk: Option<Value>,
    /// Extensions that whoever does not know them has to refuse (RFC 7515 4.1.11): we know none.
    crit: Option<IgnoredAny>,
}

/// `jti` alone is sent today. What else may come (`aud`, `iat`) says nothing that the challenge does
/// not say.
#[derive(Deserialize)]
struct Payload {
    jti: String,
}

impl<'j> Proof<'j> {
    /// Four times what browsers send.
    const MAX_CHARACTERS: usize = 2048;

    /// Reads the field `Secure-Session-Response`: the token, bare or as a structured field's string.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(field: &'j str) -> Result<Self, NoProof> {
        if field.len() > Self::MAX_CHARACTERS {
            return Err(NoProof::TooLong);
        }
        let token = unquoted(field);
        let (signed, signature) = token.rsplit_once('.').ok_or(NoProof::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(NoProof::Malformed)?;
        let mut bytes = [0; 64];
        let is_whole = signature.len() == 86
            && URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes) == Ok(bytes.len());
        if !is_whole {
            return Err(NoProof::Malformed);
        }
        let (header, payload) = (decoded(header)?, decoded(payload)?);
        let header: Header<'_> = object(&header)?;
        // Case counts in both (RFC 7515 4.1.1; the type's is the draft's own spelling).
        if header.typ != "dbsc+jwt" || header.alg != "ES256" || header.crit.is_some() {
            return Err(NoProof::OtherKind);
        }
        let key = match &header.jwk {
            Some(jwk) => Some(key_of(jwk).ok_or(NoProof::BadKey)?),
            None => None,
        };
        let payload: Payload = object(&payload)?;
        Ok(Self {
            signed,
            challenge: payload.jti,
            key,
            signature: bytes,
        })
    }
}

/// Of a JSON Web Key (RFC 7517). What else may be in it (`kid`, `use`, `alg`) changes nothing, but for
/// the private part, `d`: whoever sends that has given the key away.
fn key_of(jwk: &Value) -> Option<PublicKey> {
    let member = |name| jwk.get(name).and_then(Value::as_str);
    let is_p256 = member("kty") == Some("EC") && member("crv") == Some("P-256");
    if !is_p256 || jwk.get("d").is_some() {
        return None;
    }
    PublicKey::from_coordinates(member("x")?, member("y")?)
}

fn decoded(part: &str) -> Result<Vec<u8>, NoProof> {
    // Canonical, so no two texts are one token; a part that is empty is no JSON.
    URL_SAFE_NO_PAD.decode(part).map_err(|_| NoProof::Malformed)
}

/// An object's members; an array of the values alone, which would be read as well, is none.
fn object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Result<T, NoProof> {
    if json.first() != Some(&b'{') {
        return Err(NoProof::Malformed);
    }
    // As a text, as all JSON is read: the reader is compiled once.
    let json = str::from_utf8(json).map_err(|_| NoProof::Malformed)?;
    serde_json::from_str(json).map_err(|_| NoProof::Malformed)
}

/// A structured field's string (RFC 9651 3.3.3) without its quotation marks, or the text as it is:
/// the draft says the one, browsers send the other. No character of a token is ever escaped.
pub(crate) fn unquoted(field: &str) -> &str {
    let field = field.trim_matches([' ', '\t']);
    let inner = field.strip_prefix('"');
    inner
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(field)
}

#[cfg(test)]
#[path = "proof/tests.rs"]
mod tests;
