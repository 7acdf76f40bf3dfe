//! What a cookie value shows to anybody who holds it: no key is needed, and nothing is proven.
//!
//! For tools that explain cookies to developers. Never decide anything by it.

use alloc::{string::String, vec::Vec};

use crate::{
    atoms::{Envelope, KeyId, Timestamp},
    crypto::framing,
    envelope::{django::layout as django, payload},
    error::Reason,
    rules::Limits,
    text::{base62, base64url, json},
    workspace::Workspace,
};

/// What a value claims.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspection {
    /// Encrypted: the key's id and a length are all there is to see.
    Sealed {
        /// Names the key.
        key_id: KeyId,
        /// Bytes of the encrypted part: times, ticket and session.
        ciphertext_bytes: usize,
    },
    /// Signed, so readable.
    Signed(SignedInspection),
}

/// A signed value, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedInspection {
    /// Whose.
    pub envelope: Envelope,
    /// When it says it was signed.
    pub issued: Timestamp,
    /// Whether the payload is compressed.
    pub is_compressed: bool,
    /// Characters of the payload.
    pub payload_bytes: usize,
    /// Its JSON, which is JSON, whatever it says.
    pub json: String,
}

/// Reads what can be read of a value without a key, within the limits for one cookie.
///
/// # Errors
/// [`Reason::TooLong`], [`Reason::UnknownVersion`], [`Reason::Malformed`] for an envelope that is
/// none, [`Reason::TooLarge`] and [`Reason::CorruptBody`] for a payload that cannot be read.
pub fn inspect(
    value: &[u8],
    limits: &Limits,
    workspace: &mut Workspace,
) -> Result<Inspection, Reason> {
    if value.len() > crate::cookie::RequestCookie::MAX_VALUE_BYTES {
        return Err(Reason::TooLong);
    }
    match Envelope::claimed_by(value) {
        Envelope::Sealed => inspect_sealed(value),
        Envelope::Django => inspect_django(value, limits, workspace),
        #[cfg(feature = "flask")]
        Envelope::Flask => inspect_flask(value, limits, workspace),
        #[cfg(feature = "fernet")]
        Envelope::Fernet => Err(Reason::Malformed),
    }
}

fn inspect_sealed(value: &[u8]) -> Result<Inspection, Reason> {
    let mut raw = Vec::new();
    base64url::decode(value, &mut raw).map_err(|_| Reason::Malformed)?;
    let parts = framing::split(&mut raw)?;
    Ok(Inspection::Sealed {
        key_id: parts.key_id,
        ciphertext_bytes: parts.ciphertext.len(),
    })
}

fn inspect_django(
    value: &[u8],
    limits: &Limits,
    workspace: &mut Workspace,
) -> Result<Inspection, Reason> {
    let (signed, _) = django::split_last(value).ok_or(Reason::Malformed)?;
    let (text, time) = django::split_last(signed).ok_or(Reason::Malformed)?;
    let seconds = base62::decode(time).map_err(|_| Reason::Malformed)?;
    let json = payload::read(text, limits.cookie_bytes, workspace)?;
    signed_inspection(Envelope::Django, seconds, text, json, limits)
}

#[cfg(feature = "flask")]
fn inspect_flask(
    value: &[u8],
    limits: &Limits,
    workspace: &mut Workspace,
) -> Result<Inspection, Reason> {
    use crate::envelope::flask::layout as flask;
    let (signed, _) = flask::split_last(value).ok_or(Reason::Malformed)?;
    let (text, time) = flask::split_last(signed).ok_or(Reason::Malformed)?;
    let seconds = flask::read_timestamp(time).map_err(|_| Reason::Malformed)?;
    let bytes = payload::read_bytes(text, limits.cookie_bytes, workspace)?;
    let json = String::from_utf8(bytes).map_err(|_| Reason::CorruptBody)?;
    signed_inspection(Envelope::Flask, seconds, text, json, limits)
}

fn signed_inspection(
    envelope: Envelope,
    seconds: i64,
    text: &[u8],
    json: String,
    limits: &Limits,
) -> Result<Inspection, Reason> {
    json::validate(&json, limits.json_depth).map_err(|_| Reason::CorruptBody)?;
    Ok(Inspection::Signed(SignedInspection {
        envelope,
        issued: Timestamp::from_seconds(seconds),
        is_compressed: payload::parts(text).1,
        payload_bytes: text.len(),
        json,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(value: &str) -> Result<Inspection, Reason> {
        inspect(value.as_bytes(), &Limits::default(), &mut Workspace::new())
    }

    #[test]
    fn a_sealed_value_shows_its_key_id_and_length() {
        // The worked example of docs/FORMAT.md.
        let text =
            "AW3WUuhAQUJDREVGR0hJSktMTU5PUFFSU1RVVlcmdddYYpLPPQ7VbTrYeQovwgO_l9k0311sMjoevNdVgqE";
        let expected = Inspection::Sealed {
            key_id: KeyId([0x6d, 0xd6, 0x52, 0xe8]),
            ciphertext_bytes: 1 + 4 + 4 + 8,
        };
        assert_eq!(inspected(text), Ok(expected));
        assert_eq!(inspected("Ag"), Err(Reason::UnknownVersion));
        assert_eq!(inspected("AW3W"), Err(Reason::Malformed));
        assert_eq!(inspected(&"A".repeat(16_385)), Err(Reason::TooLong));
    }

    #[test]
    fn a_signed_value_shows_everything() {
        let signed = match inspected("eyJhIjoxfQ:1r31eq:not-looked-at") {
            Ok(Inspection::Signed(signed)) => signed,
            other => panic!("{other:?}"),
        };
        assert_eq!(signed.json, r#"{"a":1}"#);
        assert_eq!(signed.issued.seconds(), 1_700_000_000);
        assert_eq!((signed.is_compressed, signed.payload_bytes), (false, 10));
        for wrong in [":", "a:b", "e30:!:x"] {
            assert_eq!(inspected(wrong), Err(Reason::Malformed), "{wrong}");
        }
        assert_eq!(inspected("e3:1r31eq:x"), Err(Reason::CorruptBody));
        assert_eq!(inspected(".e30:1r31eq:x"), Err(Reason::CorruptBody));
    }
}
