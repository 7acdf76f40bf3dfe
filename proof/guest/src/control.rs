use core::hint::black_box;

/// What no verification may be: it stops at the first difference.
///
/// The length is hidden from the compiler: it would unroll a loop of known length and compare words.
#[inline(never)]
pub(crate) fn early_exit(expected: &[u8], presented: &[u8]) -> bool {
    let length = black_box(expected.len());
    let mut at = 0;
    while at < length {
        if expected[at] != presented[at] {
            return false;
        }
        at += 1;
    }
    true
}
