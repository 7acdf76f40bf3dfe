//! Which cookies could pass for ours in somebody else's parser.
//!
//! We compare names octet by octet; the origin may not. A sibling host, or a script, plants a
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
//!
//! `$Version` goes too, whatever the session's name: it is no cookie of anyone but switches Java
//! servers to RFC 2965, where a quoted value may swallow the cookies after it.
//!
//! Everything errs to one side: a cookie that only resembles ours is of no use to the origin.

use super::name::CookieName;

/// Whether `chunk` (trimmed, between two `;`) is one of `ours`, or may be read as one.
/// Time linear in the chunk for each of `ours`.
pub(super) fn is_suspect(chunk: &[u8], ours: &[&CookieName]) -> bool {
    let claims = |text: &[u8]| {
        let first = LooseName::new(text, Reading::Skipping).next();
        ours.iter()
            .map(|name| name.as_str().as_bytes())
            .any(|name| may_begin(first, name) && may_be_read_as(text, name))
    };
    switches_to_legacy(chunk)
        || is_exactly(chunk, ours)
        || claims(chunk)
        || hidden_pairs(chunk).any(claims)
}

/// A name may itself read as another one (`%aA` loses its first octets), so the plain reading
/// comes first.
fn is_exactly(chunk: &[u8], ours: &[&CookieName]) -> bool {
    let name = chunk.split(|&octet| octet == b'=').next().unwrap_or(&[]);
    let name = name.trim_ascii_end();
    ours.iter().any(|ours| ours.as_str().as_bytes() == name)
}

/// Whether a chunk whose first octet reads so can be read as `name`: nearly all cookies of others
/// differ here.
fn may_begin(first: Option<u8>, name: &[u8]) -> bool {
    match name.first() {
        Some(ours) if ours.is_ascii_alphanumeric() || *ours == b'_' => {
            // The other reading makes `_` of the first two and skips the third.
            first == Some(ours.to_ascii_lowercase()) || matches!(first, Some(b'.' | b'[' | b'+'))
        }
        _ => true,
    }
}

fn may_be_read_as(chunk: &[u8], name: &[u8]) -> bool {
    [Reading::Skipping, Reading::Php]
        .into_iter()
        .any(|reading| LooseName::new(chunk, reading).eq(LooseName::new(name, reading)))
}

fn switches_to_legacy(chunk: &[u8]) -> bool {
    chunk.starts_with(b"$")
        && LooseName::new(chunk, Reading::Skipping).eq(b"version".iter().copied())
}

/// Text behind a blank or comma inside `chunk` that some readers take for a further cookie.
fn hidden_pairs(chunk: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Most values have none: one look at all octets at once is quicker than one by one.
    let any = chunk
        .iter()
        .fold(false, |any, octet| any | is_separator(octet));
    let mut rest = any.then_some(chunk).and_then(after_separator);
    core::iter::from_fn(move || {
        loop {
            let from = rest?;
            rest = after_separator(from);
            let part = from.split(is_separator).next().unwrap_or(&[]);
            // Nothing is set without a `=`, which blanks may precede.
            let behind = from.get(part.len()..).unwrap_or(&[]).trim_ascii_start();
            if !part.is_empty() && (part.contains(&b'=') || behind.starts_with(b"=")) {
                return Some(part);
            }
        }
    })
}

fn after_separator(octets: &[u8]) -> Option<&[u8]> {
    let at = octets.iter().position(is_separator)?;
    octets.get(at + 1..)
}

fn is_separator(octet: &u8) -> bool {
    matches!(octet, b',' | b' ' | b'\t'..=b'\r')
}

/// How a lenient parser treats odd octets of a name.
#[derive(Clone, Copy)]
enum Reading {
    /// Skips what is not part of a proper name.
    Skipping,
    /// Skips leading blanks, then turns `.`, `[`, `+` and blanks into `_`.
    Php,
}

/// The name of a chunk as lenient parsers see it: percent-decoded, lower case, odd octets
/// skipped, up to the first `=` that follows something.
struct LooseName<'a> {
    rest: &'a [u8],
    begun: bool,
    reading: Reading,
}

impl<'a> LooseName<'a> {
    const fn new(chunk: &'a [u8], reading: Reading) -> Self {
        Self {
            rest: chunk,
            begun: false,
            reading,
        }
    }

    fn next_decoded(&mut self) -> Option<u8> {
        if let [b'%', high, low, rest @ ..] = self.rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.rest = rest;
            return Some(high << 4 | low);
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }
}

impl Iterator for LooseName<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let octet = self.next_decoded()?;
            let seen = match (octet, self.reading) {
                (b'=' | 0, _) if self.begun => {
                    self.rest = &[];
                    return None;
                }
                (b'.' | b'[', Reading::Php) => b'_',
                (b' ' | b'+', Reading::Php) if self.begun => b'_',
                (b'+', Reading::Php) => continue,
                (b'=' | b'"' | b'\'' | b'$' | 0x00..=0x20 | 0x7f..=0xff, _) => continue,
                _ => octet.to_ascii_lowercase(),
            };
            self.begun = true;
            return Some(seen);
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
