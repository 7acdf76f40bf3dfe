//! Numbers as Python prints them.
//!
//! Twin files know a float's shortest digits: `core_digits`, and `engine_digits` where a JavaScript engine
//! is at hand (feature `javascript`), which has the same algorithm and tables already. Both give the same.

#[cfg(not(all(feature = "javascript", target_arch = "wasm32", target_os = "unknown")))]
mod core_digits;
#[cfg(all(feature = "javascript", target_arch = "wasm32", target_os = "unknown"))]
mod engine_digits;

use alloc::string::String;
use core::fmt::Write as _;

#[cfg(not(all(feature = "javascript", target_arch = "wasm32", target_os = "unknown")))]
use core_digits::shortest;
#[cfg(all(feature = "javascript", target_arch = "wasm32", target_os = "unknown"))]
use engine_digits::shortest;

/// Appends a checked integer: as it is spelled, but -0 is 0.
pub(super) fn write_integer(text: &str, out: &mut String) {
    out.push_str(if text == "-0" { "0" } else { text });
}

/// Appends a checked float as `repr` prints it: the fewest digits that read back, with an exponent
/// below 1e-4 and from 1e16 on. What is too big for 64 bits is an infinity.
pub(super) fn write_float(text: &str, out: &mut String) {
    if text == "NaN" {
        out.push_str(text);
        return;
    }
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    if magnitude.len() < text.len() {
        out.push('-');
    }
    let shortest = shortest(magnitude);
    match shortest.split_once('e') {
        Some((digits, exponent)) => {
            // An exponent of three digits at most.
            write_layout(digits, exponent.parse().unwrap_or_default(), out);
        }
        None => out.push_str("Infinity"),
    }
}

/// Whether `repr` prints a checked float as it is spelled, as far as that can be told by looking.
pub(super) fn is_shortest(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let Some((integer, fraction)) = digits.split_once('.') else {
        return false;
    };
    if integer.len() + fraction.len() > 15 {
        // Up to 15 digits no two decimals share a 64-bit float, so none is shorter or nearer.
        return false;
    }
    match fraction.as_bytes() {
        [b'0'] => true,
        [.., b'0'] => false,
        // 0.0000… is printed with an exponent.
        [b'0', b'0', b'0', b'0', ..] if integer == "0" => false,
        bytes => bytes.iter().all(u8::is_ascii_digit),
    }
}

/// Appends `digits` (`d.ddd`) times ten to the power of `exponent`.
fn write_layout(digits: &str, exponent: i32, out: &mut String) {
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    match exponent {
        -4..=-1 => {
            out.push_str("0.");
            for _ in 1..-exponent {
                out.push('0');
            }
            out.push_str(first);
            out.push_str(rest);
        }
        0..=15 => {
            let places = exponent as usize;
            out.push_str(first);
            let (integer, fraction) = rest.split_at_checked(places).unwrap_or((rest, ""));
            out.push_str(integer);
            for _ in integer.len()..places {
                out.push('0');
            }
            out.push('.');
            out.push_str(if fraction.is_empty() { "0" } else { fraction });
        }
        _ => {
            out.push_str(digits);
            let sign = if exponent < 0 { '-' } else { '+' };
            // Writing to a `String` cannot fail.
            let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
        }
    }
}
