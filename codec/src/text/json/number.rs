//! Numbers as Python prints them.

use alloc::string::String;
use core::fmt::{self, Write as _};

/// Appends a checked integer: as it is spelled, but -0 is 0.
pub(super) fn write_integer(text: &str, out: &mut String) {
    out.push_str(if text == "-0" { "0" } else { text });
}

/// Appends a checked float as `repr` prints it: the fewest digits that read back, with an exponent
/// below 1e-4 and from 1e16 on. What is too big for 64 bits is an infinity.
pub(super) fn write_float(text: &str, out: &mut String) {
    // A checked text is one that `parse` knows; there is no way to get the other value.
    let value: f64 = text.parse().unwrap_or(f64::NAN);
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.is_infinite() {
        out.push_str("Infinity");
        return;
    }
    let mut shortest = Shortest::default();
    // Cannot fail: 17 digits, a point and `e-324` are 23 octets.
    if write!(shortest, "{:e}", value.abs()).is_ok() {
        shortest.write_layout(out);
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
        octets => octets.iter().all(u8::is_ascii_digit),
    }
}

/// A float's shortest digits and its exponent, as core prints them: `d.ddde-xx`.
#[derive(Default)]
struct Shortest {
    octets: [u8; 24],
    len: usize,
}

impl Shortest {
    fn write_layout(&self, out: &mut String) {
        let text = self
            .octets
            .get(..self.len)
            .and_then(|octets| str::from_utf8(octets).ok());
        let Some((digits, exponent)) = text.and_then(|text| text.split_once('e')) else {
            return;
        };
        let exponent: i32 = exponent.parse().unwrap_or_default();
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
}

impl fmt::Write for Shortest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.octets.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
