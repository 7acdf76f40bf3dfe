//! Floats as Python spells them, natively by `core`, as WebAssembly by the JavaScript engine around.

use core::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::{django::pythonic, platform::test};

/// Floats of one digest, in JSON arrays of this many: a payload that `loads` takes.
const AT_ONCE: usize = 500;
const FLOATS: usize = 20_000;

#[test]
fn floats_are_spelled_as_python_does() {
    // Of CPython 3.11: `d.update((repr(x) + "\n").encode())` for each.
    let python = "5d9543ca126cc432b2c14a15509cf4e38d6dc08a55574869f371e76e851eafe2";
    let all: Vec<f64> = floats().take(FLOATS).collect();
    let mut digest = Sha256::new();
    for some in all.chunks(AT_ONCE) {
        let texts: Vec<String> = some.iter().map(|float| format!("{float:.17e}")).collect();
        let spelled = pythonic(&format!("[{}]", texts.join(",")));
        for text in spelled.trim_matches(['[', ']']).split(',') {
            digest.update(format!("{text}\n"));
        }
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        write!(hex, "{byte:02x}").unwrap();
    }
    assert_eq!(hex, python);
}

#[test]
fn extremes_and_ties_are_spelled_as_python_does() {
    for (json, python) in [
        (
            "[1e400,-1e400,1e-400,-1e-400,5e-324,1.7976931348623157e308,NaN]",
            "[Infinity,-Infinity,0.0,-0.0,5e-324,1.7976931348623157e+308,NaN]",
        ),
        (
            "[1e99999999999999999999,1e-99999999999999999999,0e99999999999999999999]",
            "[Infinity,0.0,0.0]",
        ),
        // Half-way between two shortest texts: the even one.
        (
            "[705253673325983.25,2229973206608125.25,26551968449788.5625]",
            "[705253673325983.2,2229973206608125.2,26551968449788.562]",
        ),
        // The same at a power of two, below which floats are closer: the even one would not read back.
        ("[5.9604644775390625e-8]", "[5.960464477539063e-08]"),
    ] {
        assert_eq!(pythonic(json), python);
    }
}

/// Every second one of any size, the others with few enough binary places to lie half-way between
/// two texts at times.
fn floats() -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0_u32..).map(move |index| {
        // Marsaglia's xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if index % 2 == 1 {
            #[allow(clippy::cast_precision_loss)] // 53 bits are left
            let odd = ((state >> 11) | 1) as f64;
            return odd / f64::from(1_u32 << (state % 24));
        }
        let any = f64::from_bits(state);
        if any.is_finite() { any } else { 0.5 }
    })
}
