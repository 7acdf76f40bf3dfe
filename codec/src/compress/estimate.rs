use alloc::{boxed::Box, vec};
use core::ops::Range;

/// Guesses what deflate makes of parts of a text, one after the other, in a quarter of the time.
///
/// It finds repetitions as deflate does, but looks at one candidate only and gives every literal
/// and every match the same price. The guesses are good for comparing parts; how they relate to
/// real sizes shows when something was really compressed.
pub(crate) struct Estimate<'t> {
    text: &'t [u8],
    /// Where the four bytes of a hash were last seen, plus one.
    seen: Box<[u32]>,
}

impl<'t> Estimate<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            seen: vec![0; 1 << HASH_BITS].into_boxed_slice(),
        }
    }

    /// The bytes that this part adds to a stream of those asked for before, times 8.
    pub(crate) fn bits(&mut self, part: Range<usize>) -> usize {
        let part_end = part.end.min(self.text.len());
        let mut at = part.start;
        let mut bits = 0_usize;
        while let Some(rest) = self.text.get(at..part_end)
            && let Some(word) = rest.first_chunk()
        {
            let repeated = self.repeated(at, word, rest);
            if repeated < word.len() {
                bits += LITERAL_BITS;
                at += 1;
            } else {
                bits += MATCH_BITS;
                at += repeated;
            }
        }
        bits + part_end.saturating_sub(at) * LITERAL_BITS
    }

    /// How much of `rest`, which begins with `word` at `at`, also stood where `word` last did.
    #[inline(always)]
    fn repeated(&mut self, at: usize, word: &[u8; 4], rest: &[u8]) -> usize {
        let hash = u32::from_le_bytes(*word).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
        let Some(seen) = self.seen.get_mut(hash as usize) else {
            return 0;
        };
        // A text of 4 GiB does not exist here; a wrong guess would be all that comes of it.
        let last = core::mem::replace(seen, at as u32 + 1) as usize;
        match last.checked_sub(1).and_then(|last| self.text.get(last..)) {
            Some(earlier) if last.abs_diff(at) < WINDOW && earlier.starts_with(word) => {
                alike(earlier, rest)
            }
            _ => 0,
        }
    }
}

/// How far the two are the same, eight bytes at a time, up to the longest match.
fn alike(earlier: &[u8], rest: &[u8]) -> usize {
    let words = |bytes| <[u8]>::as_chunks::<8>(bytes).0.iter();
    let mut length = 0;
    for (a, b) in words(earlier).zip(words(rest)).take(LONGEST_MATCH / 8) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return length + (different.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let ends = earlier.iter().skip(length).zip(rest.iter().skip(length));
    length + ends.take(7).take_while(|(a, b)| a == b).count()
}

/// 16 KB of memory; more finds hardly more in a session.
const HASH_BITS: u32 = 12;
/// RFC 1951: about the longest match, and how far back it can lie.
const LONGEST_MATCH: usize = 256;
const WINDOW: usize = 32 << 10;
/// Usual prices in sessions' JSON.
const LITERAL_BITS: usize = 5;
const MATCH_BITS: usize = 19;

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec::Vec};

    use super::*;
    use crate::compress::{Container, Deflater};

    #[test]
    fn guesses_are_of_the_order_of_real_sizes() {
        let lorem = "the side gate is open until six and the dog is friendly although he barks";
        let numbers: String = (0..2_000).map(|n| format!("{},", n * n % 7_919)).collect();
        for text in [
            lorem.repeat(30),
            numbers,
            format!("{lorem}{}", "a".repeat(5_000)),
        ] {
            let guess = Estimate::new(&text).bits(0..text.len()) / 8;
            let mut out = Vec::new();
            let real = Deflater::new()
                .deflate(text.as_bytes(), Container::Raw(None), text.len(), &mut out)
                .unwrap();
            assert!(
                (real / 2..real * 2 + 100).contains(&guess),
                "{guess} {real}"
            );
        }
    }

    #[test]
    fn no_range_is_too_much() {
        for part in [
            0..0,
            2..9,
            core::ops::Range { start: 5, end: 3 },
            9..20,
            0..3,
            4..4,
        ] {
            let bits = Estimate::new("abcdef").bits(part.clone());
            assert!(bits <= 6 * LITERAL_BITS, "{part:?}");
        }
    }
}
