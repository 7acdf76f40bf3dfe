//! base64url without padding (RFC 4648 section 5), one spelling for each value.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The characters that `bytes` bytes become.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    // 3 bytes are 4 characters; 1 and 2 left over are 2 and 3. Nothing in memory is big enough
    // to overflow `usize` but on a 32-bit target, where the result saturates.
    let rest = bytes % 3;
    (bytes / 3)
        .saturating_mul(4)
        .saturating_add(if rest == 0 { 0 } else { rest + 1 })
}

/// Appends the base64url text of `bytes`.
pub(crate) fn encode_into(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Appends the bytes that `text` spells.
///
/// # Errors
/// [`NotCanonical`] for any text that [`encode_into`] does not write: padding, `+` and `/`, white
/// space, unused low bits that are not zero, a length of 1 modulo 4. `out` is then as it was.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let before = out.len();
    URL_SAFE_NO_PAD.decode_vec(text, out).map_err(|_| {
        out.truncate(before);
        NotCanonical
    })
}

/// The text is not the one base64url spelling of any bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotCanonical;

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical base64url without padding")
    }
}

impl core::error::Error for NotCanonical {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut out = String::new();
        encode_into(bytes, &mut out);
        out
    }

    fn decoded(text: &str) -> Result<Vec<u8>, NotCanonical> {
        let mut out = Vec::new();
        decode(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn known_texts() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"\xfb\xff\xbf", "-_-_"),
        ] {
            assert_eq!(encoded(bytes), text);
            assert_eq!(decoded(text).unwrap(), bytes);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "Zg==", "Zg=", "Zm8=", "=", "Z", "Zm9vY", "Zh", "Zm9", "+/+/", "Zm 9v", "Zm9v\n",
            " Zm9v", "Zm\u{e9}", "Zm9v.", "Zm9v\0",
        ] {
            assert_eq!(decoded(text), Err(NotCanonical), "{text:?}");
        }
    }

    #[test]
    fn appends_and_leaves_the_output_alone_on_error() {
        let mut out = vec![1, 2];
        decode(b"Zm9v", &mut out).unwrap();
        assert_eq!(out, b"\x01\x02foo");
        decode(b"Zm9vZm9vZm9v*", &mut out).unwrap_err();
        assert_eq!(out, b"\x01\x02foo");
    }

    #[test]
    fn encoded_len_saturates() {
        assert!(encoded_len(usize::MAX) >= usize::MAX / 3);
    }

    proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>) {
            let text = encoded(&bytes);
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decoded(&text).unwrap(), bytes);
        }

        #[test]
        fn one_spelling_each(text in "[A-Za-z0-9_=+/-]{0,12}") {
            if let Ok(bytes) = decoded(&text) {
                prop_assert_eq!(encoded(&bytes), text);
            }
        }
    }
}
