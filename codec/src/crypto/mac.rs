use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::verified::Verified;

/// Characters of an HMAC-SHA256 in unpadded base64url.
pub(crate) const MAC_TEXT_LEN: usize = 43;

/// An HMAC-SHA256 key (RFC 2104) with its two pads already hashed.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// `HMAC-SHA256(key, message)`
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        self.mac_of_parts(&[message])
    }

    /// `HMAC-SHA256(key, parts, one after another)`
    pub(crate) fn mac_of_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// `base64url(HMAC-SHA256(key, message))`, as Django writes it.
    pub(crate) fn mac_text(&self, message: &[u8]) -> [u8; MAC_TEXT_LEN] {
        let mut text = [0; MAC_TEXT_LEN];
        URL_SAFE_NO_PAD
            .encode_slice(self.mac(message), &mut text)
            .expect("32 octets are 43 characters");
        text
    }

    /// Compares the *text* in constant time, as Django does: no second spelling is accepted.
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
