use core::fmt;

use super::attribute::SameSite;
use super::bytes::split_pair;

/// A `Set-Cookie` line of an origin, read as browsers read it (RFC 6265bis 5.6): unknown and
/// unreadable attributes are ignored, of several with one name the last wins.
///
/// The 4096-byte limit of browsers is not applied: the value is not for them. No `Debug`: the
/// value is a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// Name, as sent.
    pub name: &'a [u8],
    /// Value, as sent, but a value of two quotes (Django's deletion) reads as empty.
    pub value: &'a [u8],
    /// `Max-Age` in seconds; zero or less means "delete". Saturates at the ends of `i64`.
    pub max_age: Option<i64>,
    /// `Expires` as sent; `max_age` takes precedence over it.
    pub expires: Option<&'a [u8]>,
    /// `Path`; `None` also for one that does not begin with `/`, where browsers take the
    /// directory of the request.
    pub path: Option<&'a [u8]>,
    /// `Domain` without a leading dot; `None` (also for an empty one) is this host only.
    pub domain: Option<&'a [u8]>,
    /// `SameSite`; `None` also for a value nobody knows.
    pub same_site: Option<SameSite>,
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Partitioned`.
    pub partitioned: bool,
}

impl<'a> SetCookie<'a> {
    /// Longest line read: what all response header fields together may take at the edge.
    pub const MAX_BYTES: usize = 128 * 1024;

    /// Reads one field value. Several `Set-Cookie` fields cannot be joined: read each alone.
    ///
    /// # Errors
    /// If the line is too long, has no name, or holds a control character other than HTAB (for
    /// which browsers ignore the whole line).
    pub fn read(line: &'a [u8]) -> Result<Self, SetCookieError> {
        if line.len() > Self::MAX_BYTES {
            return Err(SetCookieError::TooLong { bytes: line.len() });
        }
        if line.iter().any(|o| o.is_ascii_control() && *o != b'\t') {
            return Err(SetCookieError::Control);
        }
        let mut parts = line.split(|byte| *byte == b';');
        let (name, value) = split_pair(parts.next().unwrap_or(&[]));
        let name = name.filter(|name| !name.is_empty());
        let mut cookie = Self {
            name: name.ok_or(SetCookieError::Nameless)?,
            value: if value == b"\"\"" { &[] } else { value },
            max_age: None,
            expires: None,
            path: None,
            domain: None,
            same_site: None,
            secure: false,
            http_only: false,
            partitioned: false,
        };
        for attribute in parts {
            cookie.apply(attribute);
        }
        Ok(cookie)
    }

    /// Whether the line tells the browser to forget the cookie, as far as that shows without a
    /// clock: a `Max-Age` of zero or less, or an empty value.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        self.value.is_empty() || self.max_age.is_some_and(|seconds| seconds <= 0)
    }

    fn apply(&mut self, attribute: &'a [u8]) {
        let (name, value) = match split_pair(attribute) {
            (Some(name), value) => (name, value),
            (None, name) => (name, &[][..]),
        };
        if value.len() > MAX_ATTRIBUTE_BYTES {
            return;
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("Max-Age") {
            self.max_age = read_max_age(value).or(self.max_age);
        } else if is("Expires") {
            self.expires = Some(value);
        } else if is("Path") {
            self.path = value.starts_with(b"/").then_some(value);
        } else if is("Domain") {
            let bare = value.strip_prefix(b".").unwrap_or(value);
            self.domain = (!bare.is_empty()).then_some(bare);
        } else if is("SameSite") {
            self.same_site = SameSite::read(value);
        } else if is("Secure") {
            self.secure = true;
        } else if is("HttpOnly") {
            self.http_only = true;
        } else if is("Partitioned") {
            self.partitioned = true;
        }
    }
}

/// Seconds, saturating; `None` unless it is digits with at most a minus before them (5.6.2).
fn read_max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_i64, |seconds, digit| {
        let digit = i64::from(digit - b'0');
        let seconds = seconds.saturating_mul(10);
        if negative {
            seconds.saturating_sub(digit)
        } else {
            seconds.saturating_add(digit)
        }
    }))
}

/// A `Set-Cookie` line that sets nothing of use to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetCookieError {
    /// No name before the first `=`, or no `=`.
    Nameless,
    /// Longer than [`SetCookie::MAX_BYTES`].
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A control character is in it.
    Control,
}

impl fmt::Display for SetCookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nameless => f.write_str("Set-Cookie without a cookie name"),
            Self::TooLong { bytes } => write!(
                f,
                "Set-Cookie of {bytes} bytes, at most {} are read",
                SetCookie::MAX_BYTES
            ),
            Self::Control => f.write_str("Set-Cookie with a control character"),
        }
    }
}

impl core::error::Error for SetCookieError {}

/// A longer attribute value is ignored (RFC 6265bis 5.6).
pub(super) const MAX_ATTRIBUTE_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> SetCookie<'_> {
        SetCookie::read(line.as_bytes()).unwrap()
    }

    #[test]
    fn django_sets_and_deletes() {
        let set = read(
            "sessionid=eyJhIjoxfQ:1r31eq:sig; expires=Tue, 28 Nov 2023 22:13:30 GMT; HttpOnly; \
             Max-Age=1209600; Path=/; SameSite=Lax; Secure",
        );
        assert_eq!(set.name, b"sessionid");
        assert_eq!(set.value, b"eyJhIjoxfQ:1r31eq:sig");
        assert_eq!(set.max_age, Some(1_209_600));
        assert_eq!(set.expires, Some(&b"Tue, 28 Nov 2023 22:13:30 GMT"[..]));
        assert_eq!(set.path, Some(&b"/"[..]));
        assert_eq!(set.same_site, Some(SameSite::Lax));
        assert!(set.secure && set.http_only && !set.partitioned);
        assert!(!set.is_removal());

        let deleted = read(
            "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax",
        );
        assert_eq!(deleted.value, b"");
        assert!(deleted.is_removal());
    }

    #[test]
    fn later_attributes_win_and_junk_does_not_count() {
        let cookie = read("a=b; path=/x; Path=/y; max-age=5; MAX-AGE=7; Max-Age=seven; Max-Age=");
        assert_eq!((cookie.path, cookie.max_age), (Some(&b"/y"[..]), Some(7)));
        assert_eq!(read("a=b; Path=/x; Path=relative").path, None);
        assert_eq!(
            read("a=b; Domain=.a.example").domain,
            Some(&b"a.example"[..])
        );
        assert_eq!(read("a=b; Domain=a.example; Domain=").domain, None);
        assert_eq!(read("a=b; SameSite=Strict; SameSite=odd").same_site, None);
        assert!(read("a=b;  secure = no ; HTTPONLY;partitioned").secure);
        let long = alloc::format!("a=b; Path=/x; Path=/{}", "y".repeat(1024));
        assert_eq!(read(&long).path, Some(&b"/x"[..]));
    }

    #[test]
    fn max_age_saturates() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", Some(i64::MAX)),
            ("99999999999999999999999999", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("-99999999999999999999999999", Some(i64::MIN)),
            ("0000000000000000000000000000060", Some(60)),
            ("+5", None),
            ("5 5", None),
            ("5.5", None),
            ("-", None),
            ("--5", None),
            ("1e3", None),
            ("", None),
        ] {
            assert_eq!(read_max_age(text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn values_are_left_alone() {
        assert_eq!(read("a=\"b c\"").value, b"\"b c\"");
        assert_eq!(read(" a =\t%41=, ; x").value, b"%41=,");
        assert_eq!(read("a=").value, b"");
        assert_eq!(read("a=\"").value, b"\"");
    }

    #[test]
    fn refusals() {
        let error = |line: &[u8]| SetCookie::read(line).err();
        for line in [&b""[..], b"a", b"=a", b" = a; Path=/", b"; a=b", b";"] {
            assert_eq!(error(line), Some(SetCookieError::Nameless));
        }
        for byte in (0..=0x1f_u8).chain([0x7f]).filter(|byte| *byte != b'\t') {
            assert_eq!(error(&[b'a', b'=', byte]), Some(SetCookieError::Control));
        }
        let mut line = alloc::vec![b'v'; SetCookie::MAX_BYTES];
        line[1] = b'=';
        assert_eq!(error(&line), None);
        line.push(b'v');
        let bytes = line.len();
        assert_eq!(error(&line), Some(SetCookieError::TooLong { bytes }));
    }
}
