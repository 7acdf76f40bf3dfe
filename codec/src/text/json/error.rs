//! Why a text is not the JSON it should be.

use core::fmt;

/// What is wrong with the text, and where. Never tells any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// The byte of the text at which it showed, from 0.
    pub at: usize,
}

/// What is wrong with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// The text ends inside of a value, or holds none.
    UnexpectedEnd,
    /// A byte that cannot stand there.
    UnexpectedByte,
    /// A string holds a byte below 0x20 as it is.
    ControlCharacter,
    /// A `\` in a string is not followed by one of JSON's escapes.
    BadEscape,
    /// Objects and arrays lie deeper than allowed.
    TooDeep,
    /// Something follows the value.
    TrailingData,
    /// An integer with more digits than Python reads.
    IntegerTooLong,
    /// The text is JSON, but its value is not an object.
    NotAnObject,
    /// The text has more than 2^32 - 1 bytes.
    TooLong,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            JsonErrorKind::UnexpectedEnd => "the text ends too early",
            JsonErrorKind::UnexpectedByte => "unexpected character",
            JsonErrorKind::ControlCharacter => "control character in a string",
            JsonErrorKind::BadEscape => "unknown escape in a string",
            JsonErrorKind::TooDeep => "nested too deeply",
            JsonErrorKind::TrailingData => "data after the value",
            JsonErrorKind::IntegerTooLong => "integer of more than 4300 digits",
            JsonErrorKind::NotAnObject => "the value is not an object",
            JsonErrorKind::TooLong => "the text is too long",
        };
        write!(f, "JSON: {what} (byte {})", self.at)
    }
}

impl core::error::Error for JsonError {}
