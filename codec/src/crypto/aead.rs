use alloc::vec::Vec;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce, aead::AeadInOut};
use zeroize::Zeroizing;

use super::verified::Verified;

/// Bytes of an XChaCha20-Poly1305 nonce: long enough to be drawn at random for ever.
pub(crate) const NONCE_LEN: usize = 24;
/// Bytes of a Poly1305 tag.
pub(crate) const TAG_LEN: usize = 16;

pub(crate) type Nonce = [u8; NONCE_LEN];

/// An XChaCha20-Poly1305 key (draft-irtf-cfrg-xchacha-03). Zeroized when dropped.
pub(crate) struct AeadKey(XChaCha20Poly1305);

impl AeadKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        Self(XChaCha20Poly1305::new((&*key).into()))
    }

    /// Encrypts `buffer[from..]` in place and appends the tag.
    pub(crate) fn seal(&self, nonce: &Nonce, aad: &[u8], buffer: &mut Vec<u8>, from: usize) {
        let tag = self
            .0
            .encrypt_inout_detached(&XNonce::from(*nonce), aad, (&mut buffer[from..]).into())
            .expect("XChaCha20 encrypts up to 256 GiB, a buffer in memory is shorter");
        buffer.extend_from_slice(&tag);
    }

    /// Decrypts `ciphertext` in place if `tag` verifies. `None` leaves it as it was.
    pub(crate) fn open<'b>(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &'b mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Option<Verified<&'b [u8]>> {
        self.0
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                aad,
                (&mut *ciphertext).into(),
                &(*tag).into(),
            )
            .ok()?;
        Some(Verified::mint(&*ciphertext))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_verify_is_left_encrypted() {
        let (key, nonce) = (AeadKey::new([1; 32]), [2; NONCE_LEN]);
        let plain = [3; 200];
        let mut sealed = plain.to_vec();
        key.seal(&nonce, b"aad", &mut sealed, 0);
        let (ciphertext, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().unwrap();
        let before = ciphertext.to_vec();
        let mut wrong = *tag;
        wrong[15] ^= 1;
        assert!(key.open(&nonce, b"aad", ciphertext, &wrong).is_none());
        assert!(key.open(&nonce, b"dad", ciphertext, tag).is_none());
        assert_eq!(ciphertext, before);
        let opened = key.open(&nonce, b"aad", ciphertext, tag).unwrap();
        assert_eq!(*opened, plain);
    }
}
