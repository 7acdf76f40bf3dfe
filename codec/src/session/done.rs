//! `done = n * (name 8 | content 4 | when u32be)`: requests whose change a session has in it, by the key that
//! their client chose.

use alloc::{format, string::String, vec::Vec};

use crate::{
    atoms::Timestamp,
    crypto::sha256_beginning,
    error::Reason,
    session::{DONE_KEY, SessionData},
    text::{base64url, order::sort},
};

/// Requests that a session remembers, at most: the latest ones. More than a client has under way at
/// once, and so few that a cookie has room for them.
const MOST: usize = 8;
/// Bytes of one.
const LEN: usize = 16;

/// What a request is known by when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestMark {
    name: [u8; 8],
    content: [u8; 4],
}

impl RequestMark {
    /// For how many seconds a session remembers a request.
    pub const SECONDS: u32 = 24 * 3600;

    /// A request of this key, which its client chose, and of this content: whatever else the same
    /// request has the same of.
    #[must_use]
    pub fn new(key: &str, content: &[&[u8]]) -> Self {
        // Their lengths first, so that no two lists of parts are one text.
        let lengths: Vec<u8> = content
            .iter()
            .flat_map(|part| (part.len() as u64).to_be_bytes())
            .collect();
        let mut parts: Vec<&[u8]> = alloc::vec![b"edge-session/v1 request content", &lengths];
        parts.extend(content);
        Self {
            name: sha256_beginning(&[b"edge-session/v1 request key", key.as_bytes()]),
            content: sha256_beginning(&parts),
        }
    }
}

/// Whether a session has the change of a request in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// As far as it remembers, no.
    No,
    /// It has.
    Yes,
    /// It has that of another request with the same key.
    OtherContent,
}

/// The requests that a session remembers, the latest first; at most [`MOST`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done(Vec<(RequestMark, u32)>);

impl Done {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn repeated(&self, mark: &RequestMark, now: Timestamp) -> Repeated {
        let same = |(done, at): &&(RequestMark, u32)| done.name == mark.name && is_recent(*at, now);
        match self.0.iter().find(same) {
            None => Repeated::No,
            Some((done, _)) if done == mark => Repeated::Yes,
            Some(_) => Repeated::OtherContent,
        }
    }

    /// The same with one more, of now.
    pub(crate) fn with(&self, mark: RequestMark, now: Timestamp) -> Self {
        let at = u32::try_from(now.seconds().max(0)).unwrap_or(u32::MAX);
        self.joined(&Self(alloc::vec![(mark, at)]))
    }

    /// What either of them remembers, of each request the latest.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let mut both = [other.0.as_slice(), &self.0].concat();
        sort(&mut both, |(_, a), (_, b)| b.cmp(a));
        let mut joined: Vec<(RequestMark, u32)> = Vec::new();
        for (mark, at) in both {
            if joined.iter().all(|(known, _)| known.name != mark.name) {
                joined.push((mark, at));
            }
        }
        joined.truncate(MOST);
        Self(joined)
    }

    /// The member of a session's JSON that says so, without the braces round it; `None` if nothing
    /// is remembered any more.
    pub(crate) fn member(&self, now: Timestamp) -> Option<String> {
        let recent = self.0.iter().filter(|(_, at)| is_recent(*at, now));
        let mut bytes = Vec::new();
        recent.for_each(|entry| write(entry, &mut bytes));
        if bytes.is_empty() {
            return None;
        }
        let mut text = String::new();
        base64url::encode_into(&bytes, &mut text);
        Some(format!("\"{DONE_KEY}\":\"{text}\""))
    }

    /// What the reserved member of a session says.
    pub(crate) fn of_member(session: &SessionData) -> Result<Self, Reason> {
        let Some(raw) = session.raw_by_raw_key(DONE_KEY) else {
            return Ok(Self::EMPTY);
        };
        let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        let mut bytes = Vec::new();
        base64url::decode(text.unwrap_or(" ").as_bytes(), &mut bytes)
            .map_err(|_| Reason::CorruptBody)?;
        match Self::read(&bytes) {
            Some((done, [])) => Ok(done),
            _ => Err(Reason::CorruptBody),
        }
    }

    /// `n u8 | n * entry`
    pub(crate) fn write_counted(&self, out: &mut Vec<u8>) {
        out.extend(u8::try_from(self.0.len()));
        self.0.iter().for_each(|entry| write(entry, out));
    }

    pub(crate) fn read_counted(text: &[u8]) -> Option<(Self, &[u8])> {
        let (&count, rest) = text.split_first()?;
        let (entries, rest) = rest.split_at_checked(LEN * usize::from(count))?;
        Some((Self::read(entries)?.0, rest))
    }

    /// The entries of a text, and what of it is none.
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let (entries, rest) = text.as_chunks::<LEN>();
        let read = |entry: &[u8; LEN]| {
            let (name, after) = entry.split_first_chunk()?;
            let (content, after) = after.split_first_chunk()?;
            let (at, _) = after.split_first_chunk()?;
            let mark = RequestMark {
                name: *name,
                content: *content,
            };
            Some((mark, u32::from_be_bytes(*at)))
        };
        let done: Vec<_> = entries.iter().map(read).collect::<Option<_>>()?;
        (done.len() <= MOST).then_some((Self(done), rest))
    }
}

fn write((RequestMark { name, content }, at): &(RequestMark, u32), out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(content);
    out.extend_from_slice(&at.to_be_bytes());
}

fn is_recent(at: u32, now: Timestamp) -> bool {
    now.seconds().saturating_sub(i64::from(at)) < i64::from(RequestMark::SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn mark(number: u32) -> RequestMark {
        RequestMark::new(&format!("key {number}"), &[b"PATCH", b"{}"])
    }

    #[test]
    fn a_request_is_known_by_its_key_and_its_content() {
        let done = Done::EMPTY.with(mark(1), at(0));
        assert_eq!(done.repeated(&mark(1), at(5)), Repeated::Yes);
        assert_eq!(done.repeated(&mark(2), at(5)), Repeated::No);
        for content in [&[&b"PUT"[..], b"{}"][..], &[b"PATC", b"H{}"], &[]] {
            let other = RequestMark::new("key 1", content);
            assert_eq!(done.repeated(&other, at(5)), Repeated::OtherContent);
        }
    }

    #[test]
    fn it_is_remembered_for_a_day_and_until_eight_others_came() {
        let mut done = Done::EMPTY.with(mark(0), at(0));
        let day = i64::from(RequestMark::SECONDS);
        assert_eq!(done.repeated(&mark(0), at(day - 1)), Repeated::Yes);
        assert_eq!(done.repeated(&mark(0), at(day)), Repeated::No);
        assert!(done.member(at(day - 1)).is_some());
        assert_eq!(done.member(at(day)), None);
        for number in 1..=8 {
            assert_eq!(done.repeated(&mark(0), at(9)), Repeated::Yes);
            done = done.with(mark(number), at(i64::from(number)));
        }
        assert_eq!(done.repeated(&mark(0), at(9)), Repeated::No);
        assert_eq!(done.repeated(&mark(1), at(9)), Repeated::Yes);
        // A clock that was set back forgets nothing.
        assert_eq!(done.repeated(&mark(1), at(-100_000)), Repeated::Yes);
    }

    #[test]
    fn of_two_the_latest_are_kept_and_none_twice() {
        let some = |numbers: [u32; 6]| {
            numbers.iter().fold(Done::EMPTY, |done, number| {
                done.with(mark(*number), at(i64::from(*number)))
            })
        };
        let both = some([1, 2, 3, 4, 5, 6]).joined(&some([5, 6, 7, 8, 9, 10]));
        let kept = (0..12).filter(|number| both.repeated(&mark(*number), at(0)) == Repeated::Yes);
        assert_eq!(kept.collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(both.0.len(), MOST);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let done = Done::EMPTY.with(mark(1), at(0)).with(mark(2), at(1));
        let json = |member: &str| SessionData::from_json(format!("{{{member}}}")).unwrap();
        let session = json(&done.member(at(1)).unwrap());
        assert_eq!(Done::of_member(&session), Ok(done.clone()));
        assert_eq!(Done::of_member(&json(r#""a":1"#)), Ok(Done::EMPTY));
        for value in [
            String::from("1"),
            String::from("\"\\u0041\""),
            String::from("\"AAAA\""),
            format!("\"{}\"", "A".repeat(192)),
        ] {
            let session = json(&format!("\"{DONE_KEY}\":{value}"));
            assert_eq!(
                Done::of_member(&session),
                Err(Reason::CorruptBody),
                "{value}"
            );
        }
        let mut counted = Vec::new();
        done.write_counted(&mut counted);
        counted.push(7);
        assert_eq!(Done::read_counted(&counted), Some((done, &[7][..])));
        assert_eq!(Done::read_counted(&counted[..20]), None);
    }
}
