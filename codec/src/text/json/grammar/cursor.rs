use super::super::bytes::{plain_run_end, run_end};
use super::super::{INTEGER_DIGITS, JsonError, JsonErrorKind};
use super::{Scalar, Spelling, Visitor, error};

/// Where in the text the walk is.
pub(super) struct Cursor<'a> {
    /// Of the whole text.
    pub(super) bytes: &'a [u8],
    /// The next one.
    pub(super) at: usize,
}

impl Cursor<'_> {
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// A key, the colon and the white space round them.
    #[inline(always)]
    pub(super) fn key<V: Visitor>(&mut self, visitor: &mut V, depth: u16) -> Result<(), JsonError> {
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
    pub(super) fn string<V: Visitor>(&mut self) -> Result<Spelling, JsonError> {
        self.at += 1;
        let mut spelling = Spelling::Plain;
        loop {
            self.at = if V::TELLS_PLAIN {
                plain_run_end(self.bytes, self.at)
            } else {
                run_end(self.bytes, self.at)
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
                Some(byte) if byte.is_ascii_hexdigit() => self.at += 1,
                Some(_) => return Err(error(JsonErrorKind::BadEscape, backslash)),
                None => return Err(self.unexpected()),
            }
        }
        Ok(())
    }

    /// A number, from its first digit on.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<Scalar, JsonError> {
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

    pub(super) fn word(&mut self) -> Result<(), JsonError> {
        let words: [&[u8]; 6] = [
            b"true",
            b"false",
            b"null",
            b"NaN",
            b"Infinity",
            b"-Infinity",
        ];
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        if words.into_iter().any(|word| word.starts_with(rest)) {
            self.at = self.bytes.len();
        }
        Err(self.unexpected())
    }

    /// The error for what stands here, or does not.
    pub(super) fn unexpected(&self) -> JsonError {
        let kind = match self.peek() {
            Some(_) => JsonErrorKind::UnexpectedByte,
            None => JsonErrorKind::UnexpectedEnd,
        };
        error(kind, self.at)
    }
}
