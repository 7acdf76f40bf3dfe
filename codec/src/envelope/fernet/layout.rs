//! The Fernet token, version 0x80, after base64url.
//!
//! ```text
//! raw = 0x80 | unix seconds u64 | IV 16 | AES-128-CBC ciphertext | HMAC-SHA256 over all before it
//! ```

use crate::error::Reason;

const VERSION: u8 = 0x80;
/// Version and time.
const HEAD_LEN: usize = 1 + 8;
const IV_LEN: usize = 16;
const MAC_LEN: usize = 32;

/// The parts of a raw token, borrowed; the ciphertext to be decrypted in place.
pub(crate) struct Parts<'r> {
    pub(crate) head: [u8; HEAD_LEN],
    pub(crate) iv: [u8; IV_LEN],
    pub(crate) ciphertext: &'r mut [u8],
    pub(crate) tag: [u8; MAC_LEN],
}

impl Parts<'_> {
    /// Seconds since 1970, at most what `i64` holds.
    pub(crate) fn seconds(&self) -> i64 {
        let [_, time @ ..] = self.head;
        i64::try_from(u64::from_be_bytes(time)).unwrap_or(i64::MAX)
    }
}

/// Splits `raw` into its parts. Nothing of it is trusted yet.
pub(crate) fn split(raw: &mut [u8]) -> Result<Parts<'_>, Reason> {
    let (head, rest) = raw
        .split_first_chunk_mut::<HEAD_LEN>()
        .ok_or(Reason::Malformed)?;
    let (iv, rest) = rest.split_first_chunk_mut().ok_or(Reason::Malformed)?;
    let (ciphertext, tag) = rest.split_last_chunk_mut().ok_or(Reason::Malformed)?;
    let [version, ..] = *head;
    if version != VERSION {
        return Err(Reason::Malformed);
    }
    Ok(Parts {
        head: *head,
        iv: *iv,
        ciphertext,
        tag: *tag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_foreign_texts_are_refused() {
        let least = HEAD_LEN + IV_LEN + MAC_LEN;
        for len in 0..least {
            assert_eq!(
                split(&mut alloc::vec![VERSION; len]).err(),
                Some(Reason::Malformed)
            );
        }
        assert_eq!(
            split(&mut alloc::vec![0x81; least]).err(),
            Some(Reason::Malformed)
        );
        let mut raw = alloc::vec![0xff; least];
        raw[0] = VERSION;
        let parts = split(&mut raw).unwrap();
        assert_eq!((parts.seconds(), parts.ciphertext.len()), (i64::MAX, 0));
    }
}
