//! Flask's signed layout: `payload "." timestamp "." signature`.
//!
//! ```text
//! payload   = base64url(JSON) | "." base64url(zlib(JSON))           as Django's
//! timestamp = base64url(unix seconds, big-endian, no leading zero byte)
//! signature = base64url(HMAC-SHA1(key, payload "." timestamp))
//! ```

use alloc::{string::String, vec::Vec};

use crate::{envelope::signing_ring, error::Reason, text::base64url};

/// Between the parts; before a compressed payload too.
pub(crate) const SEPARATOR: u8 = b'.';
/// Characters of a timestamp until the year 36812: 5 bytes.
pub(crate) const TIMESTAMP_CHARACTERS: usize = base64url::encoded_len(5);

/// Splits at the last separator.
pub(crate) fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    signing_ring::split_last(text, SEPARATOR)
}

/// Appends the timestamp of these seconds; 0 has no characters.
pub(crate) fn write_timestamp(seconds: u64, text: &mut String) {
    let bytes = seconds.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    base64url::encode_into(bytes.get(zeros..).unwrap_or_default(), text);
}

/// The seconds of a timestamp.
///
/// # Errors
/// [`Reason::CorruptBody`] for what no Flask writes: a leading zero byte, another spelling, more
/// seconds than 63 bits hold.
pub(crate) fn read_timestamp(text: &[u8]) -> Result<i64, Reason> {
    let mut bytes = Vec::with_capacity(8);
    // Longer than 8 bytes is refused before it is decoded: the text may have any length.
    if text.len() > base64url::encoded_len(8) {
        return Err(Reason::CorruptBody);
    }
    base64url::decode(text, &mut bytes).map_err(|_| Reason::CorruptBody)?;
    if bytes.first() == Some(&0) {
        return Err(Reason::CorruptBody);
    }
    let seconds = bytes
        .iter()
        .fold(0, |seconds: u64, &byte| seconds << 8 | u64::from(byte));
    i64::try_from(seconds).map_err(|_| Reason::CorruptBody)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: u64) -> String {
        let mut text = String::new();
        write_timestamp(seconds, &mut text);
        text
    }

    #[test]
    fn timestamps_survive_and_have_one_spelling() {
        assert_eq!(written(1_700_000_000), "ZVPxAA");
        assert_eq!(written(0), "");
        for shift in 0..63 {
            for seconds in [1_u64 << shift, (1 << shift) - 1, (1 << shift) + 1] {
                let text = written(seconds);
                assert_eq!(read_timestamp(text.as_bytes()), Ok(seconds as i64));
            }
        }
        assert_eq!(written((1 << 40) - 1).len(), TIMESTAMP_CHARACTERS);
        // Leading zero byte, unused bits, padding, 2^63, nine bytes.
        for text in [
            "AGVT8QA",
            "ZVPxAB",
            "ZVPxAA==",
            "gAAAAAAAAAA",
            "AQAAAAAAAAAA",
            "!",
        ] {
            assert_eq!(
                read_timestamp(text.as_bytes()),
                Err(Reason::CorruptBody),
                "{text}"
            );
        }
    }
}
