use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::verified::Verified;

/// Characters of an HMAC-SHA1 in unpadded base64url.
pub(crate) const SHA1_MAC_TEXT_LEN: usize = 27;

/// An HMAC-SHA1 key (RFC 2104) with its two pads already hashed. Collisions of SHA-1 do not
/// forge an HMAC (RFC 6194 section 3.3); it is here because Flask signs with nothing else.
#[derive(Clone)]
pub(crate) struct Sha1MacKey(Hmac<Sha1>);

impl Sha1MacKey {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// `HMAC-SHA1(key, message)`
    pub(super) fn mac(&self, message: &[u8]) -> [u8; 20] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// `base64url(HMAC-SHA1(key, message))`, as itsdangerous writes it.
    pub(crate) fn mac_text(&self, message: &[u8]) -> [u8; SHA1_MAC_TEXT_LEN] {
        let mut text = [0; SHA1_MAC_TEXT_LEN];
        URL_SAFE_NO_PAD
            .encode_slice(self.mac(message), &mut text)
            .expect("20 octets are 27 characters");
        text
    }

    /// Compares the *text* in constant time. itsdangerous decodes it first and so takes other
    /// spellings of the same octets; it never writes them, and here they are refused.
    pub(crate) fn verify_text<'m>(
        &self,
        message: &'m [u8],
        text: &[u8],
    ) -> Option<Verified<&'m [u8]>> {
        let verified: bool = self.mac_text(message).as_slice().ct_eq(text).into();
        let verified = verified || cfg!(edge_session_fuzzing_unverified);
        verified.then(|| Verified::mint(message))
    }
}
