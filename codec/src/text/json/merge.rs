//! JSON Merge Patch (RFC 7396) on texts: numbers keep their digits, keys their order, and what is not
//! touched its spelling.
//!
//! The result is written once, from the two texts. Beside it there are lists of the patch's
//! members, of the levels that are open; no text is copied for a level of nesting.

use alloc::{string::String, vec::Vec};
use core::{cmp::Ordering, mem, ops::Range};

use super::grammar::{Container, Scalar, Spelling, Visitor, walk};
use super::members::{Member, Span};
use super::string::{compare, rewrite_content};
use super::{DEPTH_LIMIT, object_members, write_canonical};
use crate::text::order::sort;

/// Writes an object as a patch changes it, member by member.
pub(crate) struct MergePatch<'a, 'o> {
    changes: Changes<'a>,
    out: &'o mut String,
}

impl<'a, 'o> MergePatch<'a, 'o> {
    /// Begins the object. `members` are those of the patch; their spans are of `text`, which is JSON.
    pub(crate) fn new(text: &'a str, members: Vec<Member>, out: &'o mut String) -> Self {
        out.push('{');
        let changes = Changes::of_members(text, members);
        Self { changes, out }
    }

    /// The object's next member. Its key occurs once, and its value is JSON.
    pub(crate) fn member(&mut self, key: &str, value: &str) {
        match self.changes.take(key) {
            Change::None => {
                write_key(key, self.out);
                self.out.push_str(value);
            }
            Change::Removed | Change::Taken => {}
            Change::Object(change) if value.starts_with('{') => {
                write_key(key, self.out);
                write_changed(value, change, self.out);
            }
            Change::Object(new) | Change::Other(new) => write_new(key, new, self.out),
        }
    }

    /// Adds what the patch adds, and ends the object.
    pub(crate) fn finish(self) {
        self.changes.write_rest(self.out);
    }
}

/// An object as an object changes it.
fn write_changed(target: &str, change: &str, out: &mut String) {
    let before = out.len();
    if write_unless_repeated(target, change, out) {
        return;
    }
    // The same change of each of them would multiply the patch. Python's spelling has each key once.
    out.truncate(before);
    let mut once = String::new();
    if write_canonical(target, DEPTH_LIMIT, &mut once).is_ok() {
        write_unless_repeated(&once, change, out);
    }
}

/// `false`, with something in `out`, if a key that is changed occurs twice in its object.
fn write_unless_repeated(target: &str, change: &str, out: &mut String) -> bool {
    let mut merger = Merger {
        target,
        out,
        open: Vec::new(),
        // As if the target were a member's value.
        member: Doing::Changing { key: None, change },
        repeated: false,
    };
    // It was checked when it was read.
    let _ = walk(target, DEPTH_LIMIT, &mut merger);
    !merger.repeated
}

/// Follows the target as far as the patch has objects in the same places.
struct Merger<'a, 'o> {
    target: &'a str,
    out: &'o mut String,
    /// What changes each of the objects around.
    open: Vec<Changes<'a>>,
    /// What is done with the member that is being read, of the innermost of them.
    member: Doing<'a>,
    repeated: bool,
}

/// See [`Merger::member`].
enum Doing<'a> {
    /// Its key is written; its value, which begins here, is taken over.
    Keeping(usize),
    /// An object meets it.
    Changing {
        key: Option<Range<usize>>,
        change: &'a str,
    },
    /// Nothing more of it counts.
    Skipping,
}

impl Merger<'_, '_> {
    fn is_member(&self, depth: u16) -> bool {
        usize::from(depth) == self.open.len()
    }

    fn end_value(&mut self, end: usize) {
        match mem::replace(&mut self.member, Doing::Skipping) {
            Doing::Keeping(start) => {
                let value = self.target.get(start..end).unwrap_or_default();
                self.out.push_str(value);
            }
            Doing::Changing { key, change } => {
                let key = key.and_then(|key| self.target.get(key));
                write_new(key.unwrap_or_default(), change, self.out);
            }
            Doing::Skipping => {}
        }
    }
}

impl Visitor for Merger<'_, '_> {
    const TELLS_PLAIN: bool = false;

    fn open(&mut self, container: Container, at: usize, depth: u16) {
        if !self.is_member(depth) {
            return;
        }
        match &mut self.member {
            Doing::Keeping(start) => *start = at,
            Doing::Changing { key, change } if container == Container::Object => {
                let changes = Changes::of(change);
                if let Some(key) = key.take() {
                    write_key(self.target.get(key).unwrap_or_default(), self.out);
                }
                self.out.push('{');
                self.open.push(changes);
                self.member = Doing::Skipping;
            }
            Doing::Changing { .. } => self.end_value(at),
            Doing::Skipping => {}
        }
    }

    fn close(&mut self, _: Container, at: usize, depth: u16) {
        if self.is_member(depth) {
            self.end_value(at + 1);
        } else if usize::from(depth) + 1 == self.open.len()
            && let Some(changes) = self.open.pop()
        {
            changes.write_rest(self.out);
            self.member = Doing::Skipping;
        }
    }

    fn punctuation(&mut self, _: usize) {}

    fn key(&mut self, quoted: Range<usize>, _: Spelling, depth: u16) {
        if !self.is_member(depth) {
            return;
        }
        let key = quoted.start + 1..quoted.end - 1;
        let name = self.target.get(key.clone()).unwrap_or_default();
        let change = match self.open.last_mut() {
            Some(changes) => changes.take(name),
            None => Change::None,
        };
        self.member = match change {
            Change::None => {
                write_key(name, self.out);
                Doing::Keeping(key.end)
            }
            Change::Object(change) => Doing::Changing {
                key: Some(key),
                change,
            },
            Change::Other(new) => {
                write_new(name, new, self.out);
                Doing::Skipping
            }
            Change::Removed => Doing::Skipping,
            Change::Taken => {
                self.repeated = true;
                Doing::Skipping
            }
        };
    }

    fn scalar(&mut self, _: Scalar, range: Range<usize>, depth: u16) {
        if !self.is_member(depth) {
            return;
        }
        if let Doing::Keeping(start) = &mut self.member {
            *start = range.start;
        }
        self.end_value(range.end);
    }
}

/// The members of an object of the patch that are still to be dealt with.
struct Changes<'a> {
    text: &'a str,
    /// In their order. A value that counts no more has an empty span.
    members: Vec<Member>,
    /// Places in `members`, in the order of their keys, each key once.
    by_key: Vec<u32>,
}

/// What a patch does with a key.
enum Change<'a> {
    /// Nothing.
    None,
    /// It takes it away.
    Removed,
    /// An object changes an object member by member, and replaces everything else.
    Object(&'a str),
    /// Everything else replaces.
    Other(&'a str),
    /// That was asked before.
    Taken,
}

const GONE: Span = Span { start: 0, end: 0 };

impl<'a> Changes<'a> {
    /// Those of an object that was checked when it was read.
    fn of(object: &'a str) -> Self {
        let mut members = Vec::new();
        let _ = object_members(object, DEPTH_LIMIT, &mut members);
        Self::of_members(object, members)
    }

    fn of_members(text: &'a str, mut members: Vec<Member>) -> Self {
        let key = |members: &[Member], at: u32| members.get(at as usize).map(|it| it.key.of(text));
        let mut by_key: Vec<u32> = (0..).take(members.len()).collect();
        sort(&mut by_key, |&a, &b| {
            let keys = key(&members, a).zip(key(&members, b));
            keys.map_or(Ordering::Equal, |(a, b)| compare(a, b))
                .then(a.cmp(&b))
        });
        // Of repeated keys the last value counts, at the first one's place.
        by_key.dedup_by(|later, first| {
            let keys = key(&members, *later).zip(key(&members, *first));
            let is_same = keys.is_some_and(|(a, b)| compare(a, b).is_eq());
            if is_same && let Some(later) = members.get_mut(*later as usize) {
                let value = mem::replace(&mut later.value, GONE);
                if let Some(first) = members.get_mut(*first as usize) {
                    first.value = value;
                }
            }
            is_same
        });
        Self {
            text,
            members,
            by_key,
        }
    }

    /// What happens to a key; told once.
    fn take(&mut self, key: &str) -> Change<'a> {
        let text = self.text;
        let found = self.by_key.binary_search_by(|&at| {
            let member = self.members.get(at as usize);
            member.map_or(Ordering::Equal, |it| compare(it.key.of(text), key))
        });
        let place = found.ok().and_then(|at| self.by_key.get(at));
        match place.and_then(|&at| self.members.get_mut(at as usize)) {
            None => Change::None,
            Some(member) => change(mem::replace(&mut member.value, GONE).of(text)),
        }
    }

    /// Writes what was not taken, without the nulls in it, and ends the object.
    fn write_rest(self, out: &mut String) {
        let mut open = Vec::from([(self, 0)]);
        while let Some((changes, next)) = open.last_mut() {
            let Some(member) = changes.members.get(*next) else {
                out.push('}');
                open.pop();
                continue;
            };
            *next += 1;
            let key = member.key.of(changes.text);
            match change(member.value.of(changes.text)) {
                Change::Object(object) => {
                    write_key(key, out);
                    out.push('{');
                    open.push((Changes::of(object), 0));
                }
                Change::Other(value) => {
                    write_key(key, out);
                    out.push_str(value);
                }
                Change::None | Change::Removed | Change::Taken => {}
            }
        }
    }
}

fn change(value: &str) -> Change<'_> {
    match value {
        "" => Change::Taken,
        "null" => Change::Removed,
        object if object.starts_with('{') => Change::Object(object),
        other => Change::Other(other),
    }
}

/// A member that the patch makes, or makes anew.
fn write_new(key: &str, new: &str, out: &mut String) {
    write_key(key, out);
    if new.starts_with('{') {
        out.push('{');
        Changes::of(new).write_rest(out);
    } else {
        out.push_str(new);
    }
}

/// Before it a comma, unless it is the object's first.
fn write_key(raw: &str, out: &mut String) {
    out.push_str(if out.ends_with('{') { "\"" } else { ",\"" });
    rewrite_content(raw, out);
    out.push_str("\":");
}
