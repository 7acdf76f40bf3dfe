use alloc::vec::Vec;
use core::fmt;

use memchr::memchr;

use super::bytes::{split_pair, trim};
use super::look_alike;
use super::name::CookieName;

/// The `Cookie` header of a request, read in place: linear time, no allocation.
///
/// Several `Cookie` fields (HTTP/2 splits them) are joined with `; ` by the caller, never with a
/// comma (RFC 9113 8.2.3). Bytes are taken as they are, 0x80 and above included.
///
/// No `Debug`: the header holds live credentials.
#[derive(Clone, Copy)]
pub struct CookieHeader<'a>(&'a [u8]);

impl<'a> CookieHeader<'a> {
    /// Longest header read: all request header fields together may take this much at the edge.
    pub const MAX_BYTES: usize = 128 * 1024;

    /// Takes the field value.
    ///
    /// # Errors
    /// If it is longer than [`Self::MAX_BYTES`]; nothing of it is then looked at.
    pub const fn new(bytes: &'a [u8]) -> Result<Self, HeaderTooLong> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(HeaderTooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The cookies in the order sent, empty chunks left out.
    pub fn cookies(self) -> impl Iterator<Item = RequestCookie<'a>> + Clone {
        self.chunks().map(RequestCookie::read)
    }

    /// The values of every cookie with exactly this name, byte by byte.
    ///
    /// More than one is possible: another path, or planted by a sibling host. The order says
    /// nothing (RFC 6265bis 5.8.3), so judge them all.
    pub fn values(self, name: &CookieName) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.cookies()
            .filter(move |cookie| cookie.name == name.as_str().as_bytes())
            .map(|cookie| cookie.value)
    }

    /// The cookies in the order sent, each with how it relates to `name`: what
    /// [`write_without`](Self::write_without) takes out is not [`Relation::Other`].
    pub fn related(
        self,
        name: &CookieName,
    ) -> impl Iterator<Item = (RequestCookie<'a>, Relation)> + Clone {
        self.chunks().map(move |chunk| {
            let cookie = RequestCookie::read(chunk);
            let relation = if cookie.name == name.as_str().as_bytes() {
                Relation::Same
            } else if look_alike::is_suspect(chunk, &[name]) {
                Relation::LookAlike
            } else {
                Relation::Other
            };
            (cookie, relation)
        })
    }

    /// Appends every cookie to `out` except those in `ours` and those that some origin's parser
    /// could take for one of `ours` (the rules stand in `look_alike.rs`).
    ///
    /// Kept cookies keep their bytes and order and are separated by `; `. If `out` already
    /// holds cookies, a separator is put after them: write the session's own cookie first, so
    /// that nothing a client sends can stand before it. At most one allocation.
    pub fn write_without(self, ours: &[&CookieName], out: &mut Vec<u8>) {
        // The worst case, `a;b;c`, grows by one byte for every two.
        out.reserve(self.0.len() + self.0.len() / 2 + SEPARATOR.len());
        for chunk in self.chunks() {
            if look_alike::is_suspect(chunk, ours) {
                continue;
            }
            if !out.is_empty() {
                out.extend_from_slice(SEPARATOR);
            }
            out.extend_from_slice(chunk);
        }
    }

    /// Whether none of the cookies is one of `ours`, or could be taken for one: then
    /// [`write_without`](Self::write_without) would keep them all, and the header can stay as it is.
    #[must_use]
    pub fn is_free_of(self, ours: &[&CookieName]) -> bool {
        !self
            .chunks()
            .any(|chunk| look_alike::is_suspect(chunk, ours))
    }

    fn chunks(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        let mut rest = Some(self.0);
        core::iter::from_fn(move || {
            let bytes = rest?;
            let end = memchr(b';', bytes).unwrap_or(bytes.len());
            rest = bytes.get(end + 1..);
            bytes.get(..end)
        })
        .map(trim)
        .filter(|chunk| !chunk.is_empty())
    }
}

/// One cookie of a request: bytes as sent, never decoded, never unquoted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestCookie<'a> {
    /// The name, empty if the chunk had no `=` or nothing before it.
    pub name: &'a [u8],
    /// What follows the first `=`; the whole chunk if there was none (RFC 6265bis 5.6).
    pub value: &'a [u8],
}

impl<'a> RequestCookie<'a> {
    /// Longest session cookie worth decoding: four times what a browser stores. The caller
    /// judges by it before any cryptography.
    pub const MAX_VALUE_BYTES: usize = 16 * 1024;

    /// Different values under one name that are looked at; with more, none is. Two from two paths
    /// happen, more only where somebody plants them, and each costs a decryption.
    pub const MAX_COPIES: usize = 4;

    fn read(chunk: &'a [u8]) -> Self {
        let (name, value) = split_pair(chunk);
        Self {
            name: name.unwrap_or(&[]),
            value,
        }
    }
}

/// How a cookie of a request relates to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It has this name, byte by byte.
    Same,
    /// It has another name, which some server's parser could take for this one.
    LookAlike,
    /// Nobody takes it for this one.
    Other,
}

impl Relation {
    /// A stable name, of `a-z` and `_`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::LookAlike => "look_alike",
            Self::Other => "other",
        }
    }
}

/// A `Cookie` header above [`CookieHeader::MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderTooLong {
    /// Its length.
    pub bytes: usize,
}

impl fmt::Display for HeaderTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Cookie header of {} bytes, at most {} are read",
            self.bytes,
            CookieHeader::MAX_BYTES
        )
    }
}

impl core::error::Error for HeaderTooLong {}

const SEPARATOR: &[u8] = b"; ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_of_ours_would_be_kept_whole() {
        let ours = [
            &CookieName::new("sessionid").unwrap(),
            &CookieName::new("__Host-sessionid").unwrap(),
        ];
        for (text, is_free) in [
            ("", true),
            ("theme=dark", true),
            ("theme=dark;a=\"x y\"; ; lone", true),
            ("theme=sessionid=x", true),
            ("sessionid=x", false),
            ("theme=dark; __Host-sessionid=x", false),
            ("theme=dark; SessionID=x", false),
            ("theme=dark, sessionid=x", false),
            ("$Version=1", false),
        ] {
            let header = CookieHeader::new(text.as_bytes()).unwrap();
            assert_eq!(header.is_free_of(&ours), is_free, "{text}");
            let mut kept = Vec::new();
            header.write_without(&ours, &mut kept);
            let count = |text: &[u8]| CookieHeader::new(text).unwrap().cookies().count();
            assert_eq!(count(&kept) == count(text.as_bytes()), is_free, "{text}");
        }
    }

    #[test]
    fn a_cookie_is_the_one_or_like_it_or_another() {
        let header =
            CookieHeader::new(b"session=a; Session=b; sess%69on=c; x=session; lone").unwrap();
        let name = CookieName::new("session").unwrap();
        let relations: Vec<_> = header
            .related(&name)
            .map(|(_, relation)| relation.label())
            .collect();
        assert_eq!(
            relations,
            ["same", "look_alike", "look_alike", "other", "other"]
        );
    }
}
