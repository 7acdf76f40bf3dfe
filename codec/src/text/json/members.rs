//! The members of a top-level object, found but not read.

use alloc::vec::Vec;
use core::ops::Range;

use super::grammar::{Container, Scalar, Spelling, Visitor, walk};
use super::{JsonError, JsonErrorKind};

/// Some bytes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
}

impl Span {
    /// The part of `text` that the span is of; empty if it is not a span of this text.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The key as it is spelled between its quotes; see [`unescape`](super::unescape).
    pub(crate) key: Span,
    /// The value's JSON text, without white space round it.
    pub(crate) value: Span,
}

/// See [`object_members`](super::object_members).
pub(super) fn collect(text: &str, depth: u16, members: &mut Vec<Member>) -> Result<(), JsonError> {
    let before = members.len();
    let mut collector = Collector {
        members,
        key: Span { start: 0, end: 0 },
        value_start: 0,
        object: false,
    };
    let outcome = match walk(text, depth, &mut collector) {
        Ok(()) if !collector.object => Err(JsonError {
            kind: JsonErrorKind::NotAnObject,
            at: 0,
        }),
        outcome => outcome,
    };
    if outcome.is_err() {
        members.truncate(before);
    }
    outcome
}

struct Collector<'a> {
    members: &'a mut Vec<Member>,
    /// Of the member that is being read.
    key: Span,
    value_start: usize,
    /// Whether the top-level value is an object.
    object: bool,
}

impl Collector<'_> {
    #[inline(always)]
    fn push(&mut self, value: Range<usize>) {
        self.members.push(Member {
            key: self.key,
            value: span(value),
        });
    }
}

impl Visitor for Collector<'_> {
    const TELLS_PLAIN: bool = false;

    #[inline(always)]
    fn open(&mut self, container: Container, at: usize, depth: u16) {
        match depth {
            0 => self.object = container == Container::Object,
            1 => self.value_start = at,
            _ => {}
        }
    }

    #[inline(always)]
    fn close(&mut self, _: Container, at: usize, depth: u16) {
        if depth == 1 && self.object {
            self.push(self.value_start..at + 1);
        }
    }

    #[inline(always)]
    fn punctuation(&mut self, _: usize) {}

    #[inline(always)]
    fn key(&mut self, quoted: Range<usize>, _: Spelling, depth: u16) {
        if depth == 1 {
            self.key = span(quoted.start + 1..quoted.end - 1);
        }
    }

    #[inline(always)]
    fn scalar(&mut self, _: Scalar, range: Range<usize>, depth: u16) {
        if depth == 1 && self.object {
            self.push(range);
        }
    }
}

/// The walk refuses texts whose bytes cannot be counted in 32 bits.
#[inline(always)]
fn span(range: Range<usize>) -> Span {
    Span {
        start: range.start as u32,
        end: range.end as u32,
    }
}
