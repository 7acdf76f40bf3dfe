//! A session: a JSON object whose key order is kept, looked at lazily.
//!
//! Only the top level is split; values stay JSON text until somebody asks for one. Most requests
//! read one key of a session, and policy needs keys and lengths only.

mod merge_patch;
mod overlay;
mod three_way;
mod value_error;

use core::ops::Range;

use alloc::{borrow::Cow, collections::BTreeMap, string::String, vec::Vec};

use serde::{Serialize, de::DeserializeOwned};

use crate::text::{
    index::TextIndex,
    json::{self, JsonError, Member, Span},
    order::sort,
};

pub use three_way::Merged;
pub(crate) use three_way::is_same_value;
pub use value_error::ValueError;

/// A session's keys and values, in order.
///
/// All text lives in one buffer; a change appends to it, so that opening a session allocates for
/// the text and the list of members and for nothing else.
#[derive(Debug, Clone, Default)]
pub struct SessionData {
    text: String,
    members: Vec<Member>,
    depth: Depth,
}

#[derive(Debug, Clone, Copy)]
struct Depth(u16);

impl Default for Depth {
    fn default() -> Self {
        Self(json::DEPTH_LIMIT)
    }
}

impl SessionData {
    /// A session without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a JSON object as Python's `json.loads` does: of repeated keys the last value counts,
    /// at the first one's place; `NaN`, infinities, big integers and lone surrogates are kept.
    ///
    /// # Errors
    /// [`JsonError`] with the byte where the text is not JSON, not an object, or nested deeper
    /// than 1000 levels.
    pub fn from_json(text: impl Into<String>) -> Result<Self, JsonError> {
        Self::from_json_within(text.into(), json::DEPTH_LIMIT)
    }

    /// As [`Self::from_json`], with a limit on nesting: objects and arrays may lie `depth` levels
    /// deep, the top-level one counted, and never more than 1000.
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn from_json_within(text: String, depth: u16) -> Result<Self, JsonError> {
        let mut session = Self {
            text,
            depth: Depth(depth),
            ..Self::default()
        };
        json::object_members(&session.text, depth, &mut session.members)?;
        session.canonicalize_keys();
        session.keep_last_duplicates();
        Ok(session)
    }

    /// The number of keys.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether `key` is present.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The JSON text of a value; `None` if the key is absent.
    #[must_use]
    pub fn raw(&self, key: &str) -> Option<&str> {
        let index = self.position(key)?;
        Some(self.raw_value(index))
    }

    /// A value, parsed; `None` if the key is absent.
    ///
    /// # Errors
    /// [`ValueError`] if it is not a `T`, or not what strict JSON can say (`NaN`, an infinity, a
    /// lone surrogate): take [`Self::raw`] then.
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ValueError> {
        self.raw(key)
            .map(|raw| serde_json::from_str(raw).map_err(ValueError::of))
            .transpose()
    }

    /// Sets a value at its key's place, or at the end if the key is new.
    ///
    /// # Errors
    /// [`ValueError`] if the value has no JSON form.
    pub fn insert<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<(), ValueError> {
        let raw = serde_json::to_string(value).map_err(ValueError::of)?;
        self.put(key, &raw);
        Ok(())
    }

    /// Sets a value given as JSON text.
    ///
    /// # Errors
    /// [`JsonError`] if the text is not one JSON value.
    pub fn insert_raw(&mut self, key: &str, json: &str) -> Result<(), JsonError> {
        json::validate(json, self.depth.0)?;
        self.put(key, json);
        Ok(())
    }

    /// Removes a key; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(index) = self.position(key) else {
            return false;
        };
        self.members.remove(index);
        true
    }

    /// Adds a member that is not there yet, both in raw form.
    fn push_raw(&mut self, raw_key: &str, raw_value: &str) {
        let (key, value) = (self.append(raw_key), self.append(raw_value));
        self.members.push(Member { key, value });
    }

    /// Takes out a key, given in its raw form, that is not the application's (any more), and says
    /// where it stood and what its value was.
    pub(crate) fn take(&mut self, raw_key: &str) -> Option<(usize, String)> {
        let index = self.raw_position(raw_key)?;
        let value = self.raw_value(index).into();
        self.members.remove(index);
        Some((index, value))
    }

    /// Where each key stands, by its raw form.
    pub(crate) fn raw_keys(&self) -> TextIndex<'_> {
        TextIndex::new(self.raw_members().map(|(key, _)| key))
    }

    /// Takes out all of these keys, given in their raw form, and says where each stood among all.
    pub(crate) fn take_all(&mut self, raw_keys: &TextIndex<'_>) -> Vec<(usize, String)> {
        let mut taken = Vec::new();
        let mut index = 0;
        let Self { text, members, .. } = self;
        members.retain(|member| {
            let key = member.key.of(text);
            let is_taken = raw_keys.contains(key);
            if is_taken {
                taken.push((index, key.into()));
            }
            index += 1;
            !is_taken
        });
        taken
    }

    /// Puts keys that [`take_all`](Self::take_all) took out back to where they stood, without their
    /// values.
    pub(crate) fn put_back_all(&mut self, taken: &[(usize, String)]) {
        let mut kept = core::mem::take(&mut self.members).into_iter();
        for (index, raw_key) in taken {
            while self.members.len() < *index
                && let Some(member) = kept.next()
            {
                self.members.push(member);
            }
            let key = self.append(raw_key);
            let value = self.append("null");
            self.members.push(Member { key, value });
        }
        self.members.extend(kept);
    }

    /// A value by the raw form of its key.
    pub(crate) fn raw_by_raw_key(&self, raw_key: &str) -> Option<&str> {
        self.raw_position(raw_key)
            .map(|index| self.raw_value(index))
    }

    fn raw_position(&self, raw_key: &str) -> Option<usize> {
        (0..self.len()).find(|&index| self.raw_key(index) == raw_key)
    }

    /// The keys in order. A key with a lone surrogate, which Rust text cannot hold, shows as its
    /// JSON escapes.
    pub fn keys(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len()).map(|index| {
            let raw = self.raw_key(index);
            json::unescape(raw).unwrap_or(Cow::Borrowed(raw))
        })
    }

    /// Keys and values in order, both as JSON text: a key as it stands between its quotes, in the
    /// one spelling Python writes, so that equal keys are equal texts.
    pub fn raw_members(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).map(|index| (self.raw_key(index), self.raw_value(index)))
    }

    /// The whole session as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    /// Appends what [`Self::to_json`] gives.
    pub fn write_json(&self, json: &mut String) {
        json.reserve(self.text.len());
        self.write_members(|_| true, json);
    }

    /// Appends a JSON object of the members that `chosen` picks by index, in order.
    pub(crate) fn write_members(&self, chosen: impl Fn(usize) -> bool, json: &mut String) {
        json.push('{');
        let mut separator = "";
        for index in (0..self.len()).filter(|&index| chosen(index)) {
            json.push_str(separator);
            json.push('"');
            json.push_str(self.raw_key(index));
            json.push_str("\":");
            json.push_str(self.raw_value(index));
            separator = ",";
        }
        json.push('}');
    }

    /// Puts such an object in the place of `json`.
    pub(crate) fn write_only(&self, chosen: impl Fn(usize) -> bool, json: &mut String) {
        json.clear();
        self.write_members(chosen, json);
    }

    /// A key as it stands between its quotes, with Python's escapes.
    pub(crate) fn raw_key(&self, index: usize) -> &str {
        self.members[index].key.of(&self.text)
    }

    pub(crate) fn raw_value(&self, index: usize) -> &str {
        self.members[index].value.of(&self.text)
    }

    /// Bytes that a member takes in JSON, with its quotes, colon and comma.
    pub(crate) fn member_len(&self, index: usize) -> usize {
        self.raw_key(index).len() + self.raw_value(index).len() + r#""":,"#.len()
    }

    /// The text that [`Self::member_ranges`] are of.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where a member's key and value stand.
    pub(crate) fn member_ranges(&self, index: usize) -> [Range<usize>; 2] {
        let Member { key, value } = self.members[index];
        [key, value].map(|span| span.start as usize..span.end as usize)
    }

    /// Puts spilled members back among these, each at the position it was taken from.
    pub(crate) fn merge(&mut self, spilled: &Self, positions: &[u16]) {
        let offset = self.text.len();
        // Once a session: room for more than that would be held for as long as the session is.
        self.text.reserve_exact(spilled.text.len());
        self.text.push_str(&spilled.text);
        let mut kept = core::mem::take(&mut self.members).into_iter();
        let moved = spilled.members.iter().map(|member| Member {
            key: moved(member.key, offset),
            value: moved(member.value, offset),
        });
        for (index, member) in moved.enumerate() {
            let position = positions.get(index).map_or(usize::MAX, |&p| usize::from(p));
            while self.members.len() < position
                && let Some(kept) = kept.next()
            {
                self.members.push(kept);
            }
            self.members.push(member);
        }
        self.members.extend(kept);
        self.keep_last_duplicates();
    }

    fn position(&self, key: &str) -> Option<usize> {
        // Most keys need no escape and are compared as they are.
        self.raw_position(&raw_form(key))
    }

    fn put(&mut self, key: &str, raw: &str) {
        let value = self.append(raw);
        match self.position(key) {
            Some(index) => self.members[index].value = value,
            None => {
                let key = self.append(&raw_form(key));
                self.members.push(Member { key, value });
            }
        }
    }

    fn append(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        span(start, self.text.len())
    }

    /// Gives every key the one spelling Python writes, so that keys compare as text.
    fn canonicalize_keys(&mut self) {
        for index in 0..self.len() {
            let raw = self.raw_key(index);
            if raw.bytes().all(is_plain) {
                continue;
            }
            let mut canonical = String::with_capacity(raw.len() + 2);
            let quoted = alloc::format!("\"{raw}\"");
            if json::write_canonical(&quoted, self.depth.0, &mut canonical).is_ok() {
                self.members[index].key = self.append(&canonical[1..canonical.len() - 1]);
            }
        }
    }

    /// Of repeated keys the last value counts, at the first one's place.
    fn keep_last_duplicates(&mut self) {
        // A handful of keys is compared pairwise; more would be quadratic, so they are sorted.
        const FEW: usize = 16;
        let repeated = if self.len() <= FEW {
            (1..self.len())
                .any(|index| (0..index).any(|earlier| self.raw_key(earlier) == self.raw_key(index)))
        } else {
            let mut keys: Vec<&str> = (0..self.len()).map(|i| self.raw_key(i)).collect();
            sort(&mut keys, |a, b| a.cmp(b));
            keys.windows(2).any(|pair| pair[0] == pair[1])
        };
        if !repeated {
            return;
        }
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kept: Vec<Member> = Vec::with_capacity(self.len());
        for member in &self.members {
            match first.entry(member.key.of(&self.text)) {
                alloc::collections::btree_map::Entry::Occupied(at) => {
                    kept[*at.get()].value = member.value;
                }
                alloc::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(kept.len());
                    kept.push(*member);
                }
            }
        }
        self.members = kept;
    }
}

impl PartialEq for SessionData {
    /// Same keys and values, as written, in the same order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (0..self.len()).all(|index| {
                self.raw_key(index) == other.raw_key(index)
                    && self.raw_value(index) == other.raw_value(index)
            })
    }
}

/// A text beyond 4 GiB does not exist here (records end at their limit, 32-bit WASM sooner);
/// saturating keeps an impossible span empty instead of wrong.
fn span(start: usize, end: usize) -> Span {
    Span {
        start: u32::try_from(start).unwrap_or(u32::MAX),
        end: u32::try_from(end).unwrap_or(u32::MAX),
    }
}

fn moved(of: Span, offset: usize) -> Span {
    span(of.start as usize + offset, of.end as usize + offset)
}

/// A byte that Python's `json.dumps` writes as itself inside a string.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// A key as it stands between its quotes.
pub(crate) fn raw_form(key: &str) -> Cow<'_, str> {
    if key.bytes().all(is_plain) {
        return Cow::Borrowed(key);
    }
    let mut quoted = String::with_capacity(key.len() + 8);
    json::write_string(key, &mut quoted);
    Cow::Owned(quoted[1..quoted.len() - 1].into())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn session(text: &str) -> SessionData {
        SessionData::from_json(text).unwrap()
    }

    #[test]
    fn order_is_kept_through_changes() {
        let mut session = session(r#"{"b": 1, "a": [1, 2], "c": {"d": null}}"#);
        session.insert("a", "new").unwrap();
        session.insert("e", &1.5).unwrap();
        assert!(session.remove("c"));
        assert!(!session.remove("c"));
        assert_eq!(session.to_json(), r#"{"b":1,"a":"new","e":1.5}"#);
    }

    #[test]
    fn the_last_of_repeated_keys_counts_at_the_first_place() {
        assert_eq!(
            session(r#"{"a":1,"b":2,"a":3}"#).to_json(),
            r#"{"a":3,"b":2}"#
        );
        assert_eq!(
            session(r#"{"\u0061":1,"b":2,"a":3}"#).to_json(),
            r#"{"a":3,"b":2}"#
        );
        let many: Vec<String> = (0..100)
            .map(|i| alloc::format!(r#""{}":{i}"#, i % 50))
            .collect();
        let text = alloc::format!("{{{}}}", many.join(","));
        let read = session(&text);
        assert_eq!((read.len(), read.raw("7")), (50, Some("57")));
    }

    #[test]
    fn keys_are_found_in_any_spelling() {
        let session = session(r#"{"caf\u00E9":1,"q\"":2,"\ud83c\udf6a":3,"raw é":4}"#);
        assert_eq!(session.raw("café"), Some("1"));
        assert_eq!(session.raw("q\""), Some("2"));
        assert_eq!(session.raw("🍪"), Some("3"));
        assert_eq!(session.raw("raw é"), Some("4"));
        assert_eq!(
            session.keys().map(|k| k.to_string()).collect::<Vec<_>>(),
            ["café", "q\"", "🍪", "raw é"]
        );
    }

    #[test]
    fn values_are_parsed_when_asked_for() {
        let session = session(r#"{"n":41,"nan":NaN,"text":"x"}"#);
        assert_eq!(session.value::<u32>("n").unwrap(), Some(41));
        assert_eq!(session.value::<u32>("absent").unwrap(), None);
        assert!(session.value::<u32>("text").is_err());
        assert!(session.value::<f64>("nan").is_err());
        assert_eq!(session.raw("nan"), Some("NaN"));
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for text in ["", "[]", "1", "{", r#"{"a"}"#, r#"{"a":1}x"#] {
            assert!(SessionData::from_json(text).is_err(), "{text}");
        }
        assert!(SessionData::new().insert_raw("a", "{]").is_err());
    }

    #[test]
    fn merged_members_return_to_their_places() {
        let whole = session(r#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#);
        for kept in 0..32u32 {
            let is_kept = |index: usize| kept & (1 << index) != 0;
            let (mut inline, mut spilled) = (String::new(), String::new());
            whole.write_members(is_kept, &mut inline);
            whole.write_members(|index| !is_kept(index), &mut spilled);
            let positions: Vec<u16> = (0..5).filter(|&i| !is_kept(i)).map(|i| i as u16).collect();
            let mut merged = session(&inline);
            merged.merge(&session(&spilled), &positions);
            assert_eq!(merged, whole, "{kept:05b}");
        }
    }
}
