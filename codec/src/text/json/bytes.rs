//! Finding the end of a run of ordinary bytes, eight at a time.

/// `byte` in each of a word's eight places.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Where from `from` on a string's run of raw text ends: at the first `"`, `\` or byte below 0x20,
/// or at the end of the bytes.
#[inline(always)]
pub(super) fn run_end(bytes: &[u8], from: usize) -> usize {
    find(bytes, from, stops, |byte| {
        byte < 0x20 || byte == b'"' || byte == b'\\'
    })
}

/// As [`run_end`], and before every byte from 0x7f on: where a run that Python writes as it is ends.
#[inline(always)]
pub(super) fn plain_run_end(bytes: &[u8], from: usize) -> usize {
    find(
        bytes,
        from,
        |word| stops(word) | equal(word, 0x7f) | (word & each(0x80)),
        |byte| !(0x20..0x7f).contains(&byte) || byte == b'"' || byte == b'\\',
    )
}

/// `stop_bits` sets the top bit of each byte that stops. It may set more, but only above (in
/// places of higher value) one that does: only the lowest is looked at.
#[inline(always)]
fn find(
    bytes: &[u8],
    from: usize,
    stop_bits: impl Fn(u64) -> u64,
    stops: impl Fn(u8) -> bool,
) -> usize {
    let mut at = from;
    let mut rest = bytes.get(from..).unwrap_or_default();
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let bits = stop_bits(u64::from_le_bytes(*word));
        if bits != 0 {
            return at + (bits.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = after;
    }
    for &byte in rest {
        if stops(byte) {
            break;
        }
        at += 1;
    }
    at
}

#[inline(always)]
fn stops(word: u64) -> u64 {
    // A byte below 0x20 borrows when 0x20 is taken from it; one from 0xa0 on sets the top bit as
    // well, which `!word` takes out.
    let control = word.wrapping_sub(each(0x20)) & !word & each(0x80);
    equal(word, b'"') | equal(word, b'\\') | control
}

#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ each(byte);
    zero.wrapping_sub(each(1)) & !zero & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn is_stop(byte: u8) -> bool {
        byte < 0x20 || byte == b'"' || byte == b'\\'
    }

    #[test]
    fn each_byte_in_each_place() {
        for byte in 0..=255_u8 {
            for place in 0..20 {
                for filler in [b'a', b'!', b'#', b'[', b']', b' ', b'~'] {
                    let mut bytes = [filler; 20];
                    bytes[place] = byte;
                    let expected = if is_stop(byte) { place } else { 20 };
                    assert_eq!(run_end(&bytes, 0), expected);
                    let expected = if is_stop(byte) || byte >= 0x7f {
                        place
                    } else {
                        20
                    };
                    assert_eq!(plain_run_end(&bytes, 0), expected);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn as_one_by_one(bytes: Vec<u8>, from in 0..40_usize) {
            let end = bytes.len();
            let one_by_one = |stop: &dyn Fn(u8) -> bool| {
                (from..end).find(|&at| stop(bytes[at])).unwrap_or(end.max(from))
            };
            prop_assert_eq!(run_end(&bytes, from), one_by_one(&is_stop));
            let plain = |byte| is_stop(byte) || byte >= 0x7f;
            prop_assert_eq!(plain_run_end(&bytes, from), one_by_one(&plain));
        }
    }
}
