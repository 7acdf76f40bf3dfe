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
    Shortest::of(value.abs()).write_layout(out);
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

/// The digits before the last of a float whose exact decimal digits are few and end in 5.
///
/// Others never lie half-way between two texts of up to 17 digits: from 2^53 on a float is a multiple
/// of a power of two that no half-way point is, and below it is odd / 2^places, which is
/// odd * 5^places in decimal digits.
fn below_half_way(value: f64) -> Option<u64> {
    let bits = value.abs().to_bits();
    // Subnormals, whose first bit is not implied, have far more than 18 digits.
    let fraction = bits & ((1 << 52) - 1) | 1 << 52;
    let odd = fraction >> fraction.trailing_zeros();
    let places = 1075 - (bits >> 52) as i64 - i64::from(fraction.trailing_zeros());
    let power = 5_u64.checked_pow(u32::try_from(places).ok().filter(|&places| places > 0)?)?;
    Some(odd.checked_mul(power)? / 10)
}

/// A float's shortest digits and its exponent: `d.ddde-xx`.
#[derive(Clone, Default)]
struct Shortest {
    /// 17 digits, a point and `e-324` are 23 octets.
    octets: [u8; 24],
    len: usize,
}

impl Shortest {
    /// Of a float that is finite and not negative.
    fn of(value: f64) -> Self {
        let mut shortest = Self::default();
        // Cannot fail: there is room.
        let _ = write!(shortest, "{value:e}");
        // Where a float lies half-way between two texts that both read back, core takes the upper
        // one and Python the one with the even digit: 705253673325983.25 is `….3` and `….2`.
        if below_half_way(value).is_some_and(|lower| shortest.digits() == lower + 1) {
            let mut lower = shortest.clone();
            lower.decrement();
            if lower.text().parse() == Ok(value) {
                return lower;
            }
        }
        shortest
    }

    fn text(&self) -> &str {
        let octets = self.octets.get(..self.len).unwrap_or_default();
        str::from_utf8(octets).unwrap_or_default()
    }

    /// The digits without the point, as a number.
    fn digits(&self) -> u64 {
        let octets = self.octets.iter().take_while(|octet| **octet != b'e');
        octets
            .filter(|octet| **octet != b'.')
            .fold(0, |digits: u64, octet| {
                digits.wrapping_mul(10).wrapping_add(u64::from(octet & 0xf))
            })
    }

    /// Makes the last digit one less, or leaves it even.
    fn decrement(&mut self) {
        let octets = self.octets.iter_mut().take_while(|octet| **octet != b'e');
        if let Some(last) = octets.last() {
            *last &= !1;
        }
    }

    fn write_layout(&self, out: &mut String) {
        let (digits, exponent) = self.text().split_once('e').unwrap_or_default();
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
