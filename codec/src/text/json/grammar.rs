//! The grammar: one pass over a text that checks it and tells a visitor what stands where.

use core::ops::Range;

use super::octets::{plain_run_end, run_end};
use super::{DEPTH_LIMIT, INTEGER_DIGITS, JsonError, JsonErrorKind};

/// Is told of a text's parts in their order. Ranges are octets of the text; `depth` is the number of
/// objects and arrays around the part. What is told before an error counts for nothing.
pub(super) trait Visitor {
    /// Whether to tell plain strings from others, for which more octets are looked at.
    const TELLS_PLAIN: bool;
    /// The `{` or `[` at `at`.
    fn open(&mut self, container: Container, at: usize, depth: u16);
    /// The `}` or `]` at `at`.
    fn close(&mut self, container: Container, at: usize, depth: u16);
    /// A `,` or `:`.
    fn punctuation(&mut self, at: usize);
    /// A member's key, with its quotes.
    fn key(&mut self, quoted: Range<usize>, spelling: Spelling, depth: u16);
    /// A value that is no object and no array. A string has its quotes.
    fn scalar(&mut self, scalar: Scalar, range: Range<usize>, depth: u16);
}

/// What holds other values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
}

/// What holds no other value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A string.
    String(Spelling),
    /// A number without fraction and exponent.
    Integer,
    /// A number with a fraction, an exponent or both.
    Float,
    /// `true`, `false`, `null`, `NaN`, `Infinity` or `-Infinity`.
    Word,
}

/// How a string is spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As Python writes it, without a single escape. Told only to visitors that ask for it.
    Plain,
    /// Any other way.
    Other,
}

/// Checks the whole `text` and tells `visitor` of it. For `depth` see
/// [`object_members`](super::object_members).
#[inline(always)]
pub(super) fn walk<V: Visitor>(text: &str, depth: u16, visitor: &mut V) -> Result<(), JsonError> {
    let octets = text.as_bytes();
    if u32::try_from(octets.len()).is_err() {
        return Err(error(JsonErrorKind::TooLong, 0));
    }
    let limit = depth.min(DEPTH_LIMIT);
    let mut cursor = Cursor { octets, at: 0 };
    let mut nesting = Nesting::default();
    let mut container = Container::Array;
    cursor.skip_space();
    loop {
        // A value begins here.
        let start = cursor.at;
        match cursor.peek() {
            Some(b'"') => {
                let spelling = cursor.string::<V>()?;
                visitor.scalar(Scalar::String(spelling), start..cursor.at, nesting.depth);
            }
            Some(opening @ (b'{' | b'[')) => {
                if nesting.depth >= limit {
                    return Err(error(JsonErrorKind::TooDeep, start));
                }
                let inner = if opening == b'{' {
                    Container::Object
                } else {
                    Container::Array
                };
                visitor.open(inner, start, nesting.depth);
                nesting.push(container);
                container = inner;
                cursor.at += 1;
                cursor.skip_space();
                let closing = if opening == b'{' { b'}' } else { b']' };
                if cursor.peek() != Some(closing) {
                    if inner == Container::Object {
                        cursor.key(visitor, nesting.depth)?;
                    }
                    continue;
                }
            }
            Some(b'0'..=b'9') => {
                let scalar = cursor.number()?;
                visitor.scalar(scalar, start..cursor.at, nesting.depth);
            }
            Some(b'-') if cursor.octets.get(start + 1) != Some(&b'I') => {
                cursor.at += 1;
                let scalar = cursor.number()?;
                visitor.scalar(scalar, start..cursor.at, nesting.depth);
            }
            _ => {
                cursor.word()?;
                visitor.scalar(Scalar::Word, start..cursor.at, nesting.depth);
            }
        }
        // A value ended here, or an empty object or array is about to.
        loop {
            cursor.skip_space();
            if nesting.depth == 0 {
                return match cursor.peek() {
                    None => Ok(()),
                    Some(_) => Err(error(JsonErrorKind::TrailingData, cursor.at)),
                };
            }
            match (cursor.peek(), container) {
                (Some(b','), _) => {
                    visitor.punctuation(cursor.at);
                    cursor.at += 1;
                    cursor.skip_space();
                    if container == Container::Object {
                        cursor.key(visitor, nesting.depth)?;
                    }
                    break;
                }
                (Some(b'}'), Container::Object) | (Some(b']'), Container::Array) => {
                    let outer = nesting.pop();
                    visitor.close(container, cursor.at, nesting.depth);
                    container = outer;
                    cursor.at += 1;
                }
                _ => return Err(cursor.unexpected()),
            }
        }
    }
}

/// For which only the check counts.
pub(super) struct Ignore;

impl Visitor for Ignore {
    const TELLS_PLAIN: bool = false;
    fn open(&mut self, _: Container, _: usize, _: u16) {}
    fn close(&mut self, _: Container, _: usize, _: u16) {}
    fn punctuation(&mut self, _: usize) {}
    fn key(&mut self, _: Range<usize>, _: Spelling, _: u16) {}
    fn scalar(&mut self, _: Scalar, _: Range<usize>, _: u16) {}
}

/// The containers around the current one, a bit each.
#[derive(Default)]
struct Nesting {
    depth: u16,
    objects: [u64; Self::WORDS],
}

impl Nesting {
    /// A power of two, for the mask below, with room for [`DEPTH_LIMIT`] bits.
    const WORDS: usize = 16;

    /// Enters a container inside of `outer`.
    fn push(&mut self, outer: Container) {
        let (word, bit) = self.place();
        if outer == Container::Object {
            self.objects[word] |= bit;
        } else {
            self.objects[word] &= !bit;
        }
        self.depth += 1;
    }

    /// Leaves a container; tells what was around it.
    fn pop(&mut self) -> Container {
        self.depth = self.depth.saturating_sub(1);
        let (word, bit) = self.place();
        if self.objects[word] & bit == 0 {
            Container::Array
        } else {
            Container::Object
        }
    }

    fn place(&self) -> (usize, u64) {
        (
            usize::from(self.depth / 64) % Self::WORDS,
            1 << (self.depth % 64),
        )
    }
}

const _: () = assert!(DEPTH_LIMIT as usize <= Nesting::WORDS * 64);

/// Where in the text the walk is.
struct Cursor<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// A key, the colon and the white space round them.
    #[inline(always)]
    fn key<V: Visitor>(&mut self, visitor: &mut V, depth: u16) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let spelling = self.string::<V>()?;
        visitor.key(start..self.at, spelling, depth);
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        visitor.punctuation(self.at);
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// From an opening quote to behind the closing one.
    #[inline(always)]
    fn string<V: Visitor>(&mut self) -> Result<Spelling, JsonError> {
        self.at += 1;
        let mut spelling = Spelling::Plain;
        loop {
            self.at = if V::TELLS_PLAIN {
                plain_run_end(self.octets, self.at)
            } else {
                run_end(self.octets, self.at)
            };
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(spelling);
                }
                Some(b'\\') => self.escape()?,
                Some(0x7f..) => {
                    while let Some(0x7f..) = self.peek() {
                        self.at += 1;
                    }
                }
                Some(_) => return Err(error(JsonErrorKind::ControlCharacter, self.at)),
                None => return Err(self.unexpected()),
            }
            spelling = Spelling::Other;
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let backslash = self.at;
        self.at += 1;
        let digits = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            Some(_) => return Err(error(JsonErrorKind::BadEscape, backslash)),
            None => return Err(self.unexpected()),
        };
        self.at += 1;
        for _ in 0..digits {
            match self.peek() {
                Some(octet) if octet.is_ascii_hexdigit() => self.at += 1,
                Some(_) => return Err(error(JsonErrorKind::BadEscape, backslash)),
                None => return Err(self.unexpected()),
            }
        }
        Ok(())
    }

    /// A number, from its first digit on.
    #[inline(always)]
    fn number(&mut self) -> Result<Scalar, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let integer_digits = self.at - start;
        let mut scalar = Scalar::Integer;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
            scalar = Scalar::Float;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
            scalar = Scalar::Float;
        }
        if scalar == Scalar::Integer && integer_digits > INTEGER_DIGITS {
            return Err(error(JsonErrorKind::IntegerTooLong, start));
        }
        Ok(scalar)
    }

    /// One digit or more.
    #[inline(always)]
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), JsonError> {
        let words: [&[u8]; 6] = [
            b"true",
            b"false",
            b"null",
            b"NaN",
            b"Infinity",
            b"-Infinity",
        ];
        let rest = self.octets.get(self.at..).unwrap_or_default();
        if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        if words.into_iter().any(|word| word.starts_with(rest)) {
            self.at = self.octets.len();
        }
        Err(self.unexpected())
    }

    /// The error for what stands here, or does not.
    fn unexpected(&self) -> JsonError {
        let kind = match self.peek() {
            Some(_) => JsonErrorKind::UnexpectedOctet,
            None => JsonErrorKind::UnexpectedEnd,
        };
        error(kind, self.at)
    }
}

const fn error(kind: JsonErrorKind, at: usize) -> JsonError {
    JsonError { kind, at }
}
