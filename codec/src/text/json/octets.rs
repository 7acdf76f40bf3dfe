//! Finding the end of a run of ordinary octets, eight at a time.

/// `octet` in each of a word's eight places.
const fn each(octet: u8) -> u64 {
    u64::from_ne_bytes([octet; 8])
}

/// Where from `from` on a string's run of raw text ends: at the first `"`, `\` or octet below 0x20,
/// or at the end of the octets.
#[inline(always)]
pub(super) fn run_end(octets: &[u8], from: usize) -> usize {
    find(octets, from, stops, |octet| {
        octet < 0x20 || octet == b'"' || octet == b'\\'
    })
}

/// As [`run_end`], and before every octet from 0x7f on: where a run that Python writes as it is ends.
#[inline(always)]
pub(super) fn plain_run_end(octets: &[u8], from: usize) -> usize {
    find(
        octets,
        from,
        |word| stops(word) | equal(word, 0x7f) | (word & each(0x80)),
        |octet| !(0x20..0x7f).contains(&octet) || octet == b'"' || octet == b'\\',
    )
}

/// `stop_bits` sets the top bit of each octet that stops. It may set more, but only above (in
/// places of higher value) one that does: only the lowest is looked at.
#[inline(always)]
fn find(
    octets: &[u8],
    from: usize,
    stop_bits: impl Fn(u64) -> u64,
    stops: impl Fn(u8) -> bool,
) -> usize {
    let mut at = from;
    let mut rest = octets.get(from..).unwrap_or_default();
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let bits = stop_bits(u64::from_le_bytes(*word));
        if bits != 0 {
            return at + (bits.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = after;
    }
    for &octet in rest {
        if stops(octet) {
            break;
        }
        at += 1;
    }
    at
}

#[inline(always)]
fn stops(word: u64) -> u64 {
    // An octet below 0x20 borrows when 0x20 is taken from it; one from 0xa0 on sets the top bit as
    // well, which `!word` takes out.
    let control = word.wrapping_sub(each(0x20)) & !word & each(0x80);
    equal(word, b'"') | equal(word, b'\\') | control
}

#[inline(always)]
fn equal(word: u64, octet: u8) -> u64 {
    let zero = word ^ each(octet);
    zero.wrapping_sub(each(1)) & !zero & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn is_stop(octet: u8) -> bool {
        octet < 0x20 || octet == b'"' || octet == b'\\'
    }

    #[test]
    fn each_octet_in_each_place() {
        for octet in 0..=255_u8 {
            for place in 0..20 {
                for filler in [b'a', b'!', b'#', b'[', b']', b' ', b'~'] {
                    let mut octets = [filler; 20];
                    octets[place] = octet;
                    let expected = if is_stop(octet) { place } else { 20 };
                    assert_eq!(run_end(&octets, 0), expected);
                    let expected = if is_stop(octet) || octet >= 0x7f {
                        place
                    } else {
                        20
                    };
                    assert_eq!(plain_run_end(&octets, 0), expected);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn as_one_by_one(octets: Vec<u8>, from in 0..40_usize) {
            let end = octets.len();
            let one_by_one = |stop: &dyn Fn(u8) -> bool| {
                (from..end).find(|&at| stop(octets[at])).unwrap_or(end.max(from))
            };
            prop_assert_eq!(run_end(&octets, from), one_by_one(&is_stop));
            let plain = |octet| is_stop(octet) || octet >= 0x7f;
            prop_assert_eq!(plain_run_end(&octets, from), one_by_one(&plain));
        }
    }
}
