//! Which cookies could pass for ours in somebody else's parser.
//!
//! We compare names byte by byte; the origin may not. A sibling host, or a script, plants a
//! cookie whose name browsers take for another one, and the origin's parser turns it into the
//! session cookie. So these never reach an origin:
//!
//! | sent | read as `sessionid` by | known as |
//! | --- | --- | --- |
//! | `SessionID=` | servers that ignore case | why browsers check prefixes without case |
//! | U+2000 `sessionid=`, also U+0085, U+00A0, VT | Django's `.strip()`, ASP.NET | "Cookie Chaos", 2025 |
//! | `sess\xffionid=` | readers that skip invalid UTF-8 | the same |
//! | `"sessionid"=`, `$sessionid=` | Java servers in RFC 2965 mode | the same |
//! | `sessionid\0x=` | C strings | |
//! | `%73essionid=` | Rack CVE-2020-8184, Ruby cgi CVE-2021-41819 | decoded names |
//! | `session.id=` for `session_id` | PHP CVE-2022-31629 | `.`, `[` and blanks become `_` |
//! | `=sessionid=x` | Werkzeug CVE-2023-23934 | nameless forms |
//! | `sessionid` without `=` | readers that give it an empty value | the same |
//! | `a=b sessionid=x`, `a=b,sessionid=x` | Python's `SimpleCookie`; RFC 2109 readers, old Rack | blank or comma as separator |
//! | `x[sessionid=x`, `a=b\sessionid=x`, `x"sessionid=x` | WebOb (Pyramid, TurboGears) | pairs found anywhere, behind whatever no name can hold |
//! | `a, sessionid` | aiohttp | the same, an empty value |
//!
//! `$Version` goes too, whatever the session's name: it is no cookie of anyone but switches Java
//! servers to RFC 2965, where a quoted value may swallow the cookies after it.
//!
//! Everything errs to one side: a cookie that only resembles ours is of no use to the origin.

use memchr::memchr;

use super::bytes::is_token;
use super::name::CookieName;

/// Whether `chunk` (trimmed, between two `;`) is one of `ours`, or may be read as one.
/// Time linear in the chunk for each of `ours`.
pub(super) fn is_suspect(chunk: &[u8], ours: &[&CookieName]) -> bool {
    let begins_like_one = || {
        let first = LooseName::new(chunk, Reading::Skipping).next();
        may_begin(first, ours)
    };
    let is_one = |reading| names_one(chunk, ours, reading, Ending::Any);
    switches_to_legacy(chunk)
        || is_exactly(chunk, ours)
        || (begins_like_one() && Reading::ALL.into_iter().any(is_one))
        || hides_one(chunk, ours)
}

/// A name may itself read as another one (`%aA` loses its first bytes), so the plain reading
/// comes first.
fn is_exactly(chunk: &[u8], ours: &[&CookieName]) -> bool {
    let name = chunk.split(|&byte| byte == b'=').next().unwrap_or(&[]);
    let name = name.trim_ascii_end();
    ours.iter().any(|ours| ours.as_str().as_bytes() == name)
}

/// Whether what begins with `first` can be read as one of `ours`: nearly all cookies of others
/// differ here.
fn may_begin(first: Option<u8>, ours: &[&CookieName]) -> bool {
    // One reading makes `_` of the first two and skips the third.
    matches!(first, Some(b'.' | b'[' | b'+'))
        || ours
            .iter()
            .any(|name| match name.as_str().as_bytes().first() {
                Some(ours) if ours.is_ascii_alphanumeric() || *ours == b'_' => {
                    first == Some(ours.to_ascii_lowercase())
                }
                _ => true,
            })
}

fn switches_to_legacy(chunk: &[u8]) -> bool {
    chunk.starts_with(b"$")
        && LooseName::new(chunk, Reading::Skipping).eq(b"version".iter().copied())
}

/// Whether `text` begins with one of `ours` as `reading` has it.
fn names_one(text: &[u8], ours: &[&CookieName], reading: Reading, ending: Ending) -> bool {
    ours.iter().any(|name| {
        let mut wanted = LooseName::new(name.as_str().as_bytes(), reading);
        let mut seen = LooseName::new(text, reading);
        match ending {
            Ending::Any => seen.eq(wanted),
            Ending::Sign => seen.by_ref().eq(wanted) && seen.is_signed,
            Ending::Separator => {
                wanted.all(|byte| seen.next() == Some(byte))
                    && seen.rest.first().is_none_or(is_separator)
            }
        }
    })
}

/// What has to follow a name.
#[derive(Clone, Copy)]
enum Ending {
    /// `=`, or nothing.
    Any,
    /// `=`: nothing is set without.
    Sign,
    /// Nothing, or what separates.
    Separator,
}

/// Whether a reader that finds cookies anywhere in `chunk`, behind whatever no name can hold,
/// finds one of `ours`.
///
/// A name is looked for once in each run of what separates and what a reading skips, at its end:
/// from anywhere else in the run it reads the same. So however long the runs are, each is
/// walked at most as often as a name is long.
fn hides_one(chunk: &[u8], ours: &[&CookieName]) -> bool {
    let ending = match memchr(b'=', chunk) {
        Some(_) => Ending::Sign,
        None => Ending::Separator,
    };
    // Which readings have seen no name since the last separator.
    let mut open = [false; Reading::ALL.len()];
    let mut rest = chunk;
    loop {
        if !open.contains(&true) {
            // An escape holds no separator, so none is cut in two here.
            let Some(after) = after_separator(rest) else {
                return false;
            };
            rest = after;
            open = [true; Reading::ALL.len()];
        }
        let Some((byte, after)) = decoded(rest) else {
            return false;
        };
        if rest.first().is_some_and(is_separator) {
            open = [true; Reading::ALL.len()];
        } else {
            let begins_like_one = may_begin(Some(byte.to_ascii_lowercase()), ours);
            for (open, reading) in open.iter_mut().zip(Reading::ALL) {
                if *open && reading.sees(byte, false).is_some() {
                    *open = false;
                    if begins_like_one && names_one(rest, ours, reading, ending) {
                        return true;
                    }
                }
            }
        }
        rest = after;
    }
}

fn after_separator(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.iter().position(is_separator)?;
    bytes.get(at + 1..)
}

/// No name can hold it. (`=` ends one.)
fn is_separator(byte: &u8) -> bool {
    !is_token(*byte) && *byte != b'='
}

/// The first byte of a text in which `%73` stands for `s`, and what follows it.
fn decoded(text: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'%', high, low, rest @ ..] = text
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
    {
        return Some((high << 4 | low, rest));
    }
    text.split_first().map(|(first, rest)| (*first, rest))
}

/// How a lenient parser treats odd bytes of a name.
#[derive(Clone, Copy)]
enum Reading {
    /// Skips what is not part of a proper name.
    Skipping,
    /// Skips leading blanks, then turns `.`, `[`, `+` and blanks into `_`.
    Php,
}

impl Reading {
    const ALL: [Self; 2] = [Self::Skipping, Self::Php];

    /// What it makes of `byte` in a name, begun or not; `None` if it skips it.
    const fn sees(self, byte: u8, begun: bool) -> Option<u8> {
        match (byte, self) {
            (b'.' | b'[', Self::Php) => Some(b'_'),
            (b' ' | b'+', Self::Php) if begun => Some(b'_'),
            (b'+', Self::Php) => None,
            (b'=' | b'"' | b'\'' | b'$' | 0x00..=0x20 | 0x7f..=0xff, _) => None,
            _ => Some(byte.to_ascii_lowercase()),
        }
    }
}

/// The name of a chunk as lenient parsers see it: percent-decoded, lower case, odd bytes
/// skipped, up to the first `=` that follows something.
struct LooseName<'a> {
    rest: &'a [u8],
    begun: bool,
    /// An `=` has ended it.
    is_signed: bool,
    reading: Reading,
}

impl<'a> LooseName<'a> {
    const fn new(chunk: &'a [u8], reading: Reading) -> Self {
        Self {
            rest: chunk,
            begun: false,
            is_signed: false,
            reading,
        }
    }
}

impl Iterator for LooseName<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let (byte, rest) = decoded(self.rest)?;
            self.rest = rest;
            // C strings end at a zero.
            if self.begun && matches!(byte, b'=' | 0) {
                self.rest = &[];
                self.is_signed = true;
                return None;
            }
            if let Some(seen) = self.reading.sees(byte, self.begun) {
                self.begun = true;
                return Some(seen);
            }
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspect(chunk: &[u8], name: &str) -> bool {
        is_suspect(chunk, &[&CookieName::new(name).unwrap()])
    }

    #[test]
    fn everything_in_the_table_is_suspect() {
        for chunk in [
            &b"sessionid=x"[..],
            b"SessionID=x",
            b"\xe2\x80\x80sessionid=x",
            b"sessionid\xc2\x85=x",
            b"\xa0sessionid=x",
            b"\x0bsessionid=x",
            b"sess\xffionid=x",
            b"\"sessionid\"=x",
            b"'sessionid=x",
            b"$sessionid=x",
            b"sessionid\0rest=x",
            b"%73essionid=x",
            b"sessioni%44=x",
            b"%20sessionid=x",
            b"%3Dsessionid=x",
            b"sessionid%3Dx=y",
            b"=sessionid=x",
            b"== sessionid=x",
            b"=\xe2\x80\x80sessionid=x",
            b"sessionid",
            b"=sessionid",
            b"a=b sessionid=x",
            b"a=b,sessionid=x",
            b"a=b,\tSESSIONID =x",
            b"a=\"b sessionid=x\"",
            b"a=b sess\xffionid=x",
            b"a=b sessionid\0x=y",
            b"a=b, %20%73essionid =x",
            b"a=b \"sessionid\"=x",
            b"x[sessionid=x",
            b"x\\sessionid=x",
            b"x\"sessionid=x",
            b"a=b/sessionid=x",
            b"a=b\xa0=SessionID\t=x",
            b"a=b, =,=sessionid=x",
            b"a, sessionid",
            b"a, sessionid b",
            b"$Version=1",
            b"$version=\"1\"",
        ] {
            assert!(suspect(chunk, "sessionid"), "{}", chunk.escape_ascii());
        }
        for chunk in [
            &b"%5F_Host-x=1"[..],
            b"..Host-x=1",
            b"[[Host-x=1",
            b"_.Host-x=1",
            b"_%20Host-x=1",
            b"__HOST-X=1",
            b"_+Host-x=1",
            b"\xe2\x80\x80__Host-x=1",
            b"=__Host-x=1",
        ] {
            assert!(suspect(chunk, "__Host-x"), "{}", chunk.escape_ascii());
        }
        assert!(suspect(b"edge_session=1", "edge.session"));
        assert!(suspect(b"+edge.session=1", "edge_session"));
        assert!(suspect(b".x=1", "'_x"));
        assert!(suspect(b"a,++edge.session=1", "edge_session"));
    }

    #[test]
    fn a_name_that_reads_as_another_is_still_itself() {
        assert!(suspect(b"%aA=x", "%aA"));
        assert!(suspect(b"%aA =x", "%aA"));
    }

    #[test]
    fn neighbours_are_not() {
        for chunk in [
            &b"theme=sessionid"[..],
            b"theme=sessionid=x",
            b"sessionid2=x",
            b"xsessionid=x",
            b"session=id",
            b"session_id=x",
            b"sessioni=d",
            b"sessionid%2=x",
            b"csrftoken=sessionid",
            b"a=b sessionid",
            b"a=b sessionid c=d",
            b"a=b,c=sessionid",
            b"a=b,sessionid,=x",
            b"a=b[c]sessionid(=x",
            b"a sessionids b",
            b"a=%2Fsessionid=x",
            b"version=1",
            b"$Versions=1",
            b"=",
            b"\xff",
            b"%",
        ] {
            assert!(!suspect(chunk, "sessionid"), "{}", chunk.escape_ascii());
        }
    }

    #[test]
    fn without_a_name_of_ours_only_the_legacy_switch_is() {
        assert!(!is_suspect(b"sessionid=x", &[]));
        assert!(is_suspect(b"$Version=1", &[]));
    }
}
