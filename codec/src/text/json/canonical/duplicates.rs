//! Keys that occur more than once in an object: the last value stands at the first one's place. Where
//! it is asked for, keys are put in order in the same go.
//!
//! Objects are written with all their members. Those that hold a duplicate, or whose keys should
//! stand in another order, are noted, and only if there is one the written text is put together again, once, from the parts that stay: so neither
//! many keys nor deep nesting costs more than sorting does.

use crate::text::order::sort;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use super::super::string;

/// Up to so many keys are compared each with each, which needs no sorting: 120 comparisons of
/// lengths at most.
const FEW: usize = 16;

/// 2^64 divided by the golden ratio, as in Fibonacci hashing.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is known of the objects written so far. Positions are bytes of the written text.
#[derive(Default)]
pub(super) struct Duplicates {
    /// The objects around the current place, outermost first.
    open: Vec<Open>,
    /// The keys of these objects, with their quotes.
    keys: Vec<Range<usize>>,
    /// Whether keys are to stand in the order of their code points.
    sort: bool,
    /// The closed objects that hold duplicates or another order, inner before outer.
    edits: Vec<Edit>,
    /// The members that stay of those.
    kept: Vec<Kept>,
}

/// An object that is being written.
struct Open {
    /// After its `{`.
    start: usize,
    /// Where in `keys` its own begin.
    first_key: usize,
    /// The [`mark`]s of its keys.
    marks: u64,
    /// Whether two keys have the same mark.
    suspect: bool,
}

/// An object that holds duplicates, or keys in another order.
#[derive(Clone)]
struct Edit {
    /// After its `{`.
    start: usize,
    /// Before its `}`.
    end: usize,
    /// Its part of `kept`.
    members: Range<usize>,
}

#[derive(Clone)]
struct Kept {
    key: Range<usize>,
    value: Range<usize>,
}

impl Duplicates {
    /// Also puts keys in order.
    #[cfg(feature = "flask")]
    pub(super) fn sorting() -> Self {
        Self {
            sort: true,
            ..Self::default()
        }
    }

    /// An object's `{` will be at `at`.
    #[inline(always)]
    pub(super) fn open(&mut self, at: usize) {
        self.open.push(Open {
            start: at + 1,
            first_key: self.keys.len(),
            marks: 0,
            suspect: false,
        });
    }

    /// A key, with its quotes, of the innermost object; `bytes` if it is written as it is spelled.
    #[inline(always)]
    pub(super) fn key(&mut self, key: Range<usize>, bytes: Option<&[u8]>) {
        self.keys.push(key);
        if let Some(object) = self.open.last_mut() {
            // A key that is spelled in another way may be equal to any.
            let mark = bytes.map_or(u64::MAX, mark);
            object.suspect |= object.marks & mark != 0;
            object.marks |= mark;
        }
    }

    /// The innermost object's `}` will be at `at`. `written` gives the text written up to there.
    #[inline(always)]
    pub(super) fn close<'a>(&mut self, at: usize, written: impl FnOnce() -> &'a String) {
        let Some(object) = self.open.pop() else {
            return;
        };
        let Open {
            start, first_key, ..
        } = object;
        let keys = self.keys.get(first_key..).unwrap_or_default();
        if object.suspect || self.sort {
            let written = written();
            let repeated = object.suspect
                && match keys.len() {
                    ..=FEW => any_repeated(keys, written.as_bytes()),
                    _ => any_repeated_sorted(keys, written.as_bytes()),
                };
            if repeated || self.sort && !keys.is_sorted_by(|a, b| order(written, a, b).is_le()) {
                self.note(start..at, first_key, written);
            }
        }
        self.keys.truncate(first_key);
    }

    /// Notes what stays of an object with duplicates, in the order in which it is to stand.
    #[cold]
    fn note(&mut self, object: Range<usize>, first_key: usize, text: &str) {
        let written = text.as_bytes();
        let keys = self.keys.get(first_key..).unwrap_or_default();
        let ends = keys
            .iter()
            .skip(1)
            .map(|next| next.start - 1)
            .chain([object.end]);
        let members: Vec<Kept> = keys
            .iter()
            .zip(ends)
            .map(|(key, end)| Kept {
                key: key.clone(),
                value: key.end + 1..end,
            })
            .collect();
        let mut by_key: Vec<&Kept> = members.iter().collect();
        // Stable: equal keys stay in the order of the text.
        sort(&mut by_key, |a, b| {
            bytes(written, &a.key).cmp(bytes(written, &b.key))
        });
        let mut kept: Vec<Kept> = by_key
            .chunk_by(|a, b| bytes(written, &a.key) == bytes(written, &b.key))
            .filter_map(|same| Some((same.first()?, same.last()?)))
            .map(|(first, last)| Kept {
                key: first.key.clone(),
                value: last.value.clone(),
            })
            .collect();
        if self.sort {
            sort(&mut kept, |a, b| order(text, &a.key, &b.key));
        } else {
            sort(&mut kept, |a, b| a.key.start.cmp(&b.key.start));
        }
        let first = self.kept.len();
        self.kept.append(&mut kept);
        let Range { start, end } = object;
        self.edits.push(Edit {
            start,
            end,
            members: first..self.kept.len(),
        });
    }

    /// Takes the duplicates out of `out`, the written text, which began at `from`.
    #[inline(always)]
    pub(super) fn take_out(self, from: usize, out: &mut String) {
        if !self.edits.is_empty() {
            self.put_together(from, out);
        }
    }

    #[cold]
    fn put_together(mut self, from: usize, out: &mut String) {
        sort(&mut self.edits, |a, b| a.start.cmp(&b.start));
        let written = core::mem::take(out);
        out.reserve(written.len());
        out.push_str(written.get(..from).unwrap_or_default());
        // What is still to be written, last part first: at most three parts for each level.
        let mut parts = Vec::from([Part::Text(from..written.len())]);
        while let Some(part) = parts.pop() {
            match part {
                Part::Text(range) => {
                    let next = self.edits.partition_point(|edit| edit.start < range.start);
                    let end = match self.edits.get(next).filter(|edit| edit.start < range.end) {
                        None => range.end,
                        Some(edit) => {
                            parts.push(Part::Text(edit.end..range.end));
                            parts.push(Part::Members(edit.members.clone()));
                            edit.start
                        }
                    };
                    out.push_str(written.get(range.start..end).unwrap_or_default());
                }
                Part::Members(mut members) => {
                    let Some(member) = members.next().and_then(|at| self.kept.get(at)) else {
                        continue;
                    };
                    out.push_str(written.get(member.key.clone()).unwrap_or_default());
                    out.push(':');
                    if !members.is_empty() {
                        parts.push(Part::Members(members));
                        parts.push(Part::Comma);
                    }
                    parts.push(Part::Text(member.value.clone()));
                }
                Part::Comma => out.push(','),
            }
        }
    }
}

enum Part {
    Text(Range<usize>),
    Members(Range<usize>),
    Comma,
}

/// One bit of 64, the same for equal keys: with the few keys that objects mostly have, looking at
/// marks alone mostly shows that no key is repeated.
#[inline(always)]
fn mark(quoted: &[u8]) -> u64 {
    let byte = |at: usize| u64::from(quoted.get(at).copied().unwrap_or_default());
    let len = quoted.len();
    // First, middle, last but one and last, so that `name` and `note` differ, and `item1`, `item2`.
    let bytes = [1, len / 2, len.wrapping_sub(3), len.wrapping_sub(2)].map(byte);
    let mixed = bytes.into_iter().fold(len as u64, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(byte)
    });
    // Multiplication spreads upwards: the highest six bits know all of the others.
    1 << (mixed.wrapping_mul(SPREAD) >> 58)
}

#[inline(always)]
fn any_repeated(keys: &[Range<usize>], written: &[u8]) -> bool {
    keys.iter().enumerate().any(|(count, key)| {
        keys.iter()
            .take(count)
            .any(|other| other.len() == key.len() && bytes(written, other) == bytes(written, key))
    })
}

#[cold]
fn any_repeated_sorted(keys: &[Range<usize>], written: &[u8]) -> bool {
    let mut keys: Vec<&[u8]> = keys.iter().map(|key| bytes(written, key)).collect();
    sort(&mut keys, |a, b| {
        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
    });
    keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

/// The order of two keys, which are given with their quotes.
fn order(written: &str, a: &Range<usize>, b: &Range<usize>) -> Ordering {
    let content = |key: &Range<usize>| written.get(key.start + 1..key.end - 1).unwrap_or_default();
    string::compare(content(a), content(b))
}

#[inline(always)]
fn bytes<'a>(written: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    written.get(range.clone()).unwrap_or_default()
}
