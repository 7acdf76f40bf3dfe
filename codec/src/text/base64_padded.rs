//! base64 with padding (RFC 4648 sections 4 and 5), one spelling for each value.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::base64url::NotCanonical;

/// The bytes that `text` spells in the standard alphabet.
///
/// # Errors
/// [`NotCanonical`] for any text that Python's `b64encode` does not write.
pub(crate) fn decode_standard(text: &[u8]) -> Result<Vec<u8>, NotCanonical> {
    STANDARD.decode(text).map_err(|_| NotCanonical)
}

/// The bytes that `text` spells in the URL-safe alphabet.
///
/// # Errors
/// [`NotCanonical`] for any text that Python's `urlsafe_b64encode` does not write.
pub(crate) fn decode_url_safe(text: &[u8]) -> Result<Vec<u8>, NotCanonical> {
    URL_SAFE.decode(text).map_err(|_| NotCanonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read() {
        assert_eq!(decode_standard(b"+/8="), Ok(alloc::vec![0xfb, 0xff]));
        assert_eq!(decode_url_safe(b"-_8="), Ok(alloc::vec![0xfb, 0xff]));
        for text in [
            "-_8=", "+/8", "+/9=", "+/8==", "+/8=\n", " +/8=", "+/8=AAAA",
        ] {
            assert_eq!(
                decode_standard(text.as_bytes()),
                Err(NotCanonical),
                "{text}"
            );
        }
        for text in [
            "+/8=", "-_8", "-_9=", "-_8==", "-_8=\n", " -_8=", "-_8=AAAA",
        ] {
            assert_eq!(
                decode_url_safe(text.as_bytes()),
                Err(NotCanonical),
                "{text}"
            );
        }
    }
}
