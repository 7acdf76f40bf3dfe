use core::{
    fmt::{self, Write as _},
    ops::Deref,
};

/// The shortest digits of the float that a checked text without a sign spells: `d.ddde-xx`, or no `e` if it
/// is too big for 64 bits.
pub(in crate::text::json) fn shortest(magnitude: &str) -> Shortest {
    // A checked text is one that `parse` knows.
    let value: f64 = magnitude.parse().unwrap_or(f64::INFINITY);
    if value.is_finite() {
        Shortest::of(value)
    } else {
        Shortest::default()
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
pub(in crate::text::json) struct Shortest {
    /// 17 digits, a point and `e-324` are 23 bytes.
    bytes: [u8; 24],
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
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }

    /// The digits without the point, as a number.
    fn digits(&self) -> u64 {
        let bytes = self.bytes.iter().take_while(|byte| **byte != b'e');
        bytes
            .filter(|byte| **byte != b'.')
            .fold(0, |digits: u64, byte| {
                digits.wrapping_mul(10).wrapping_add(u64::from(byte & 0xf))
            })
    }

    /// Makes the last digit one less, or leaves it even.
    fn decrement(&mut self) {
        let bytes = self.bytes.iter_mut().take_while(|byte| **byte != b'e');
        if let Some(last) = bytes.last() {
            *last &= !1;
        }
    }
}

impl Deref for Shortest {
    type Target = str;

    fn deref(&self) -> &str {
        self.text()
    }
}

impl fmt::Write for Shortest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
