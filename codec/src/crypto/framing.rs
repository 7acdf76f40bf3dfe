//! What a key of ours encrypted, with what it takes to open it: sealed cookies and records, version 1.
//!
//! ```text
//! raw  = ver 1 | key id 4 | nonce 24 | ciphertext | tag 16        ver = 0x01
//! ```

use alloc::vec::Vec;

use crate::{atoms::KeyId, error::Reason};

/// The one version this release reads and writes.
pub(crate) const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Where the ciphertext begins.
pub(crate) const HEAD_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Bytes of `raw` for an inner text of `inner` bytes.
pub(crate) const fn raw_len(inner: usize) -> usize {
    HEAD_LEN + inner + TAG_LEN
}

/// The longest inner text whose base64url has at most `characters` characters.
pub(crate) const fn inner_capacity(characters: usize) -> usize {
    let raw = characters / 4 * 3
        + match characters % 4 {
            2 => 1,
            3 => 2,
            _ => 0,
        };
    raw.saturating_sub(HEAD_LEN + TAG_LEN)
}

/// The parts of a raw envelope, borrowed; the ciphertext to be decrypted in place.
pub(crate) struct Parts<'r> {
    pub(crate) key_id: KeyId,
    pub(crate) nonce: [u8; NONCE_LEN],
    pub(crate) ciphertext: &'r mut [u8],
    pub(crate) tag: [u8; TAG_LEN],
}

/// Splits `raw` into its parts. Nothing of it is trusted yet.
pub(crate) fn split(raw: &mut [u8]) -> Result<Parts<'_>, Reason> {
    let (version, rest) = raw.split_first_mut().ok_or(Reason::Malformed)?;
    if *version != VERSION {
        return Err(Reason::UnknownVersion);
    }
    let (key_id, rest) = rest.split_first_chunk_mut().ok_or(Reason::Malformed)?;
    let (nonce, rest) = rest.split_first_chunk_mut().ok_or(Reason::Malformed)?;
    let (ciphertext, tag) = rest.split_last_chunk_mut().ok_or(Reason::Malformed)?;
    Ok(Parts {
        key_id: KeyId(*key_id),
        nonce: *nonce,
        ciphertext,
        tag: *tag,
    })
}

/// Writes everything before the ciphertext.
pub(crate) fn write_head(key_id: KeyId, nonce: &[u8; NONCE_LEN], raw: &mut Vec<u8>) {
    raw.push(VERSION);
    raw.extend_from_slice(&key_id.0);
    raw.extend_from_slice(nonce);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::base64url;

    #[test]
    fn capacity_is_the_inverse_of_the_encoded_length() {
        for inner in 0..5000 {
            let characters = base64url::encoded_len(raw_len(inner));
            assert_eq!(inner_capacity(characters), inner);
            assert!(inner_capacity(characters - 1) < inner || inner == 0);
        }
    }

    #[test]
    fn short_and_foreign_texts_are_told_apart() {
        let reason = |raw: &mut [u8]| split(raw).err();
        assert_eq!(reason(&mut []), Some(Reason::Malformed));
        assert_eq!(reason(&mut [2; 100]), Some(Reason::UnknownVersion));
        assert_eq!(
            reason(&mut [1; HEAD_LEN + TAG_LEN - 1]),
            Some(Reason::Malformed)
        );
        assert!(split(&mut [1; HEAD_LEN + TAG_LEN]).is_ok());
    }
}
