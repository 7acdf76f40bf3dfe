//! Django's base62 numbers, in which a signature's time is written.
//!
//! Digits `0-9A-Za-z`, most significant first, `-` before a negative number.

use alloc::string::String;
use core::fmt;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `value` in base62.
pub(crate) fn encode_into(value: i64, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    // 62^11 > 2^63, so 11 digits hold every magnitude.
    let mut digits = ['0'; 11];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = char::from(DIGITS[(rest % 62) as usize]);
        first = place;
        rest /= 62;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.iter().skip(first));
}

/// The number that `text` spells, as Django reads it: leading zeros are allowed and `-` alone is 0.
/// Django's numbers have no bound; beyond `i64` this one stays at the nearest end.
///
/// # Errors
/// [`NotBase62`] for an empty text and for any other character.
pub(crate) fn decode(text: &[u8]) -> Result<i64, NotBase62> {
    let (negative, digits) = match text {
        [] => return Err(NotBase62),
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // Counted downwards, since `i64` reaches one further there.
    let mut value = 0_i64;
    for &digit in digits {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return Err(NotBase62),
        };
        value = value.saturating_mul(62).saturating_sub(i64::from(digit));
    }
    Ok(if negative {
        value
    } else {
        value.saturating_neg()
    })
}

/// The text is not a base62 number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase62;

impl fmt::Display for NotBase62 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a base62 number")
    }
}

impl core::error::Error for NotBase62 {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(value: i64) -> String {
        let mut out = String::new();
        encode_into(value, &mut out);
        out
    }

    #[test]
    fn known_numbers() {
        for (value, text) in [
            (0, "0"),
            (9, "9"),
            (10, "A"),
            (61, "z"),
            (62, "10"),
            (-1, "-1"),
            (1_700_000_000, "1r31eq"),
            (i64::MAX, "AzL8n0Y58m7"),
            (i64::MIN, "-AzL8n0Y58m8"),
        ] {
            assert_eq!(encoded(value), text);
            assert_eq!(decode(text.as_bytes()), Ok(value));
        }
    }

    #[test]
    fn as_lenient_as_django() {
        assert_eq!(decode(b"-"), Ok(0));
        assert_eq!(decode(b"-0"), Ok(0));
        assert_eq!(decode(b"0001r31eq"), Ok(1_700_000_000));
    }

    #[test]
    fn stays_at_the_ends() {
        assert_eq!(decode(b"AzL8n0Y58m8"), Ok(i64::MAX));
        assert_eq!(decode(b"-AzL8n0Y58m9"), Ok(i64::MIN));
        assert_eq!(decode(&[b'z'; 10_000]), Ok(i64::MAX));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "--1",
            "1-",
            "+1",
            " 1",
            "1 ",
            "1_0",
            "é",
            "1.0",
            "zzzzzzzzzzzzzzz!",
        ] {
            assert_eq!(decode(text.as_bytes()), Err(NotBase62), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(value: i64) {
            prop_assert_eq!(decode(encoded(value).as_bytes()), Ok(value));
        }
    }
}
