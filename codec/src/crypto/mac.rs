use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use core::ops::Deref;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::verified::Verified;

/// An HMAC key (RFC 2104) with its two pads already hashed.
///
/// Over SHA-256 for all but Flask's cookies, which are signed over SHA-1 and nothing else;
/// collisions of SHA-1 do not forge an HMAC (RFC 6194 section 3.3).
#[derive(Clone)]
pub(crate) struct MacKey<D: EagerHash = Sha256>(Hmac<D>);

impl MacKey {
    /// `HMAC-SHA256(key, message)`
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        self.mac_of_parts(&[message])
    }

    /// `HMAC-SHA256(key, parts, one after another)`
    pub(crate) fn mac_of_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.output(parts).into()
    }
}

impl<D: EagerHash> MacKey<D> {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// `HMAC(key, parts, one after another)`
    pub(super) fn output(&self, parts: &[&[u8]]) -> hmac::digest::Output<Hmac<D>> {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes()
    }

    /// `base64url(HMAC(key, message))`, as Django and itsdangerous write it.
    pub(crate) fn mac_text(&self, message: &[u8]) -> MacText {
        let mut bytes = [0; MacText::MAX_LEN];
        let len = URL_SAFE_NO_PAD
            .encode_slice(self.output(&[message]), &mut bytes)
            .expect("no hash here has more than 32 bytes, which are 43 characters");
        MacText { bytes, len }
    }

    /// Compares the *text* in constant time. Django does so, too; itsdangerous decodes it first and
    /// takes other spellings of the same bytes, which it never writes and which are refused here.
    pub(crate) fn verify_text<'m>(
        &self,
        message: &'m [u8],
        text: &[u8],
    ) -> Option<Verified<&'m [u8]>> {
        let verified: bool = self.mac_text(message).ct_eq(text).into();
        let verified = verified || cfg!(edge_session_fuzzing_unverified);
        verified.then(|| Verified::mint(message))
    }
}

/// A MAC in unpadded base64url.
pub(crate) struct MacText {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl MacText {
    /// Characters of an HMAC-SHA256.
    pub(crate) const MAX_LEN: usize = 43;
}

impl Deref for MacText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
