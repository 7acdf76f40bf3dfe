//! Strings: Python's ASCII spelling, and back.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

use super::bytes::plain_run_end;

/// Appends `text` as a JSON string with its quotes, as Python writes it: ASCII only, `\uXXXX` in
/// lower case, a surrogate pair above U+FFFF.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, after) = split(rest, plain_run_end(rest.as_bytes(), 0));
        out.push_str(plain);
        let mut characters = after.chars();
        let Some(character) = characters.next() else {
            break;
        };
        for &mut unit in character.encode_utf16(&mut [0; 2]) {
            write_unit(unit, out);
        }
        rest = characters.as_str();
    }
    out.push('"');
}

/// Appends a string's content in Python's spelling. `raw` is the content of a string that was
/// checked, in any spelling.
pub(super) fn rewrite_content(raw: &str, out: &mut String) {
    let mut rest = raw;
    loop {
        let (plain, after) = split(rest, plain_run_end(rest.as_bytes(), 0));
        out.push_str(plain);
        if let Some((unit, after)) = escaped_unit(after) {
            // A surrogate is written as it is spelled, alone or not: so pairs need no joining.
            write_unit(unit, out);
            rest = after;
            continue;
        }
        let mut characters = after.chars();
        let Some(character) = characters.next() else {
            break;
        };
        for &mut unit in character.encode_utf16(&mut [0; 2]) {
            write_unit(unit, out);
        }
        rest = characters.as_str();
    }
}

/// The order of the code points of two strings, as Python compares them: a surrogate that stands
/// alone counts as itself. Both are contents of strings that were checked.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    code_points(a).cmp(code_points(b))
}

fn code_points(raw: &str) -> impl Iterator<Item = u32> {
    let mut rest = raw;
    core::iter::from_fn(move || {
        let Some((unit, after)) = escaped_unit(rest) else {
            let mut characters = rest.chars();
            let character = characters.next()?;
            rest = characters.as_str();
            return Some(u32::from(character));
        };
        rest = after;
        if let 0xd800..=0xdbff = unit
            && let Some((low @ 0xdc00..=0xdfff, after)) = escaped_unit(rest)
        {
            rest = after;
            let [high, low] = [unit, low].map(u32::from);
            return Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        }
        Some(u32::from(unit))
    })
}

/// The text that `raw` spells: the content of a string that was checked, without its quotes.
///
/// # Errors
/// [`LoneSurrogate`] where half of a surrogate pair stands alone, which Python's strings can hold and
/// Rust's cannot. (Also for a `\` that begins no escape, which no checked string has.)
pub(crate) fn unescape(raw: &str) -> Result<Cow<'_, str>, LoneSurrogate> {
    let Some(first) = raw.find('\\') else {
        return Ok(Cow::Borrowed(raw));
    };
    let mut text = String::with_capacity(raw.len());
    let (mut plain, mut rest) = split(raw, first);
    loop {
        text.push_str(plain);
        if rest.is_empty() {
            return Ok(Cow::Owned(text));
        }
        let (unit, after) = escaped_unit(rest).ok_or(LoneSurrogate)?;
        rest = after;
        let character = match unit {
            0xd800..=0xdbff => {
                let (low, after) = escaped_unit(rest).ok_or(LoneSurrogate)?;
                rest = after;
                char::decode_utf16([unit, low]).next().and_then(Result::ok)
            }
            _ => char::from_u32(u32::from(unit)),
        };
        text.push(character.ok_or(LoneSurrogate)?);
        (plain, rest) = split(rest, rest.find('\\').unwrap_or(rest.len()));
    }
}

/// A string holds half of a surrogate pair, so no Rust text is equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoneSurrogate;

impl fmt::Display for LoneSurrogate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON: a string holds half of a surrogate pair")
    }
}

impl core::error::Error for LoneSurrogate {}

/// The UTF-16 unit of the escape that `text` begins with, and what follows it.
fn escaped_unit(text: &str) -> Option<(u16, &str)> {
    let after = text.strip_prefix('\\')?;
    let (&letter, bytes) = after.as_bytes().split_first()?;
    let unit = match letter {
        b'"' | b'\\' | b'/' => u16::from(letter),
        b'b' => 0x08,
        b't' => 0x09,
        b'n' => 0x0a,
        b'f' => 0x0c,
        b'r' => 0x0d,
        b'u' => {
            let mut unit = 0;
            for &digit in bytes.first_chunk::<4>()? {
                unit = unit << 4 | char::from(digit).to_digit(16)? as u16;
            }
            return Some((unit, after.get(5..)?));
        }
        _ => return None,
    };
    Some((unit, after.get(1..)?))
}

fn write_unit(unit: u16, out: &mut String) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    match unit {
        0x22 => out.push_str("\\\""),
        0x5c => out.push_str("\\\\"),
        0x20..=0x7e => out.push(char::from(unit as u8)),
        0x08 => out.push_str("\\b"),
        0x09 => out.push_str("\\t"),
        0x0a => out.push_str("\\n"),
        0x0c => out.push_str("\\f"),
        0x0d => out.push_str("\\r"),
        _ => {
            out.push_str("\\u");
            out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(unit >> shift & 0xf)]));
        }
    }
}

/// `at` is always before an ASCII byte, before the first byte of a character or at the end.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}
