use core::fmt;

use aes::Aes128;
use base64ct::{Base64Url, Encoding};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, InnerIvInit, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::verified::Verified;

/// Bytes of a Fernet key: half of it signs, half of it encrypts.
const LEN: usize = 32;
/// Bytes of an AES block, and of the IV.
const BLOCK_LEN: usize = 16;
/// Bytes of the HMAC-SHA256.
const MAC_LEN: usize = 32;

/// A Fernet key: 16 bytes for HMAC-SHA256, 16 for AES-128-CBC. Zeroized when dropped, and
/// shown by nothing.
#[derive(Clone)]
pub struct FernetKey {
    mac: Hmac<Sha256>,
    cipher: Aes128,
}

impl FernetKey {
    /// Reads what `Fernet.generate_key()` gives: padded base64url of 32 bytes, 44 characters.
    /// Decoded in constant time.
    ///
    /// # Errors
    /// [`FernetKeyError`] for anything else, the standard alphabet included.
    pub fn parse(text: &str) -> Result<Self, FernetKeyError> {
        let mut key = Zeroizing::new([0; LEN]);
        match Base64Url::decode(text, &mut *key) {
            Ok(decoded) if decoded.len() == LEN => Ok(Self::new(&key)),
            _ => Err(FernetKeyError),
        }
    }

    pub(super) fn new(key: &[u8; LEN]) -> Self {
        let (signing, encryption) = key.split_at(LEN / 2);
        Self {
            mac: Hmac::new_from_slice(signing).expect("HMAC takes keys of any length"),
            cipher: Aes128::new_from_slice(encryption).expect("half of the key is 16 bytes"),
        }
    }

    /// Proves in constant time that this key signed these parts, in this order.
    pub(crate) fn authenticate(
        &self,
        parts: [&[u8]; 3],
        tag: &[u8; MAC_LEN],
    ) -> Option<Authenticated<'_>> {
        let mut mac = self.mac.clone();
        parts.iter().for_each(|part| mac.update(part));
        let verified = mac.verify_slice(tag).is_ok() || cfg!(edge_session_fuzzing_unverified);
        verified.then_some(Authenticated(self))
    }
}

impl fmt::Debug for FernetKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FernetKey").finish_non_exhaustive()
    }
}

/// A key whose MAC verified: only it decrypts, so nothing that was altered reaches the padding.
pub(crate) struct Authenticated<'k>(&'k FernetKey);

impl Authenticated<'_> {
    /// AES-128-CBC in place, without its PKCS#7 padding (RFC 5652 section 6.3). `None` for what
    /// only a key holder can make: no whole blocks, or wrong padding.
    pub(crate) fn decrypt<'c>(
        self,
        iv: &[u8; BLOCK_LEN],
        ciphertext: &'c mut [u8],
    ) -> Option<Verified<&'c [u8]>> {
        Decryptor::inner_iv_init(&self.0.cipher, iv.into())
            .decrypt_padded::<Pkcs7>(ciphertext)
            .ok()
            .map(Verified::mint)
    }
}

/// The text is not a Fernet key: padded base64url of exactly 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FernetKeyError;

impl fmt::Display for FernetKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Fernet key is the padded base64url of 32 bytes")
    }
}

impl core::error::Error for FernetKeyError {}
