//! Writing a text again as Python would.

use alloc::string::String;
use core::ops::Range;

use super::JsonError;
use super::grammar::{Container, Scalar, Spelling, Visitor, walk};
use super::number::{is_shortest, write_float, write_integer};
use super::string::rewrite_content;

mod duplicates;

use duplicates::Duplicates;

/// See [`write_canonical`](super::write_canonical).
pub(super) fn write(text: &str, depth: u16, out: &mut String) -> Result<(), JsonError> {
    write_with(Duplicates::default(), text, depth, out)
}

/// See [`write_sorted`](super::write_sorted).
#[cfg(feature = "flask")]
pub(super) fn write_sorted(text: &str, depth: u16, out: &mut String) -> Result<(), JsonError> {
    write_with(Duplicates::sorting(), text, depth, out)
}

#[inline(always)]
fn write_with(
    duplicates: Duplicates,
    text: &str,
    depth: u16,
    out: &mut String,
) -> Result<(), JsonError> {
    let before = out.len();
    out.reserve(text.len());
    let mut writer = Writer {
        text,
        copy: 0..0,
        out,
        duplicates,
    };
    let outcome = walk(text, depth, &mut writer);
    writer.flush();
    let Writer { duplicates, .. } = writer;
    match outcome {
        Ok(()) => duplicates.take_out(before, out),
        Err(_) => out.truncate(before),
    }
    outcome
}

/// Writes each part that differs, and copies what lies between in one go: a text that is as Python
/// writes it is copied whole.
struct Writer<'a> {
    text: &'a str,
    /// The bytes of the text that come next in `out`.
    copy: Range<usize>,
    out: &'a mut String,
    duplicates: Duplicates,
}

impl Writer<'_> {
    #[inline(always)]
    fn same(&mut self, part: Range<usize>) {
        if part.start == self.copy.end {
            self.copy.end = part.end;
        } else {
            self.flush();
            self.copy = part;
        }
    }

    fn flush(&mut self) {
        flushed(self.text, &mut self.copy, self.out);
    }

    /// Where in `out` the next part will be.
    #[inline(always)]
    fn position(&self) -> usize {
        self.out.len() + self.copy.len()
    }

    #[inline(always)]
    fn string(&mut self, quoted: Range<usize>, spelling: Spelling) {
        match spelling {
            Spelling::Plain => self.same(quoted),
            Spelling::Other => self.respell(quoted),
        }
    }

    #[cold]
    fn respell(&mut self, quoted: Range<usize>) {
        let content = quoted.start + 1..quoted.end - 1;
        self.same(quoted.start..content.start);
        self.flush();
        rewrite_content(self.text.get(content.clone()).unwrap_or_default(), self.out);
        self.copy = content.end..content.end;
        self.same(content.end..quoted.end);
    }
}

fn flushed<'a>(text: &str, copy: &mut Range<usize>, out: &'a mut String) -> &'a String {
    out.push_str(text.get(copy.clone()).unwrap_or_default());
    copy.start = copy.end;
    out
}

impl Visitor for Writer<'_> {
    const TELLS_PLAIN: bool = true;

    #[inline(always)]
    fn open(&mut self, container: Container, at: usize, _: u16) {
        if container == Container::Object {
            self.duplicates.open(self.position());
        }
        self.same(at..at + 1);
    }

    #[inline(always)]
    fn close(&mut self, container: Container, at: usize, _: u16) {
        if container == Container::Object {
            let Self {
                text,
                copy,
                out,
                duplicates,
            } = self;
            let position = out.len() + copy.len();
            duplicates.close(position, || flushed(text, copy, out));
        }
        self.same(at..at + 1);
    }

    #[inline(always)]
    fn punctuation(&mut self, at: usize) {
        self.same(at..at + 1);
    }

    #[inline(always)]
    fn key(&mut self, quoted: Range<usize>, spelling: Spelling, _: u16) {
        let bytes = match spelling {
            Spelling::Plain => self.text.as_bytes().get(quoted.clone()),
            Spelling::Other => None,
        };
        let start = self.position();
        self.string(quoted, spelling);
        self.duplicates.key(start..self.position(), bytes);
    }

    #[inline(always)]
    fn scalar(&mut self, scalar: Scalar, range: Range<usize>, _: u16) {
        let text = self.text.get(range.clone()).unwrap_or_default();
        match scalar {
            Scalar::String(spelling) => self.string(range, spelling),
            Scalar::Integer if text != "-0" => self.same(range),
            Scalar::Integer => {
                self.flush();
                write_integer(text, self.out);
                self.copy = range.end..range.end;
            }
            Scalar::Float if is_shortest(text) => self.same(range),
            Scalar::Float => {
                self.flush();
                write_float(text, self.out);
                self.copy = range.end..range.end;
            }
            Scalar::Word => self.same(range),
        }
    }
}
