//! The grammar: one pass over a text that checks it and tells a visitor what stands where.

use core::ops::Range;

use super::{DEPTH_LIMIT, JsonError, JsonErrorKind};

mod cursor;
mod nesting;

use cursor::Cursor;
use nesting::Nesting;

/// Is told of a text's parts in their order. Ranges are bytes of the text; `depth` is the number of
/// objects and arrays around the part. What is told before an error counts for nothing.
pub(super) trait Visitor {
    /// Whether to tell plain strings from others, for which more bytes are looked at.
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
    let bytes = text.as_bytes();
    if u32::try_from(bytes.len()).is_err() {
        return Err(error(JsonErrorKind::TooLong, 0));
    }
    let limit = depth.min(DEPTH_LIMIT);
    let mut cursor = Cursor { bytes, at: 0 };
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
            Some(b'-') if cursor.bytes.get(start + 1) != Some(&b'I') => {
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

const fn error(kind: JsonErrorKind, at: usize) -> JsonError {
    JsonError { kind, at }
}
