use alloc::string::String;
use core::fmt;

use super::budget::Budget;
use super::bytes::is_cookie_octet;

/// How long a browser keeps a cookie. It is a courtesy to the browser, never a limit on the
/// session: that one is in the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the browser is closed (many restore it afterwards).
    BrowserSession,
    /// That many seconds. More than 400 days count as 400 days, 0 as one second: setting never
    /// removes, [`CookieProfile::remove`](super::CookieProfile::remove) does.
    MaxAge(u64),
}

impl Lifetime {
    /// Browsers cut longer ones to 400 days (RFC 6265bis 5.5).
    pub const MAX_SECONDS: u64 = 400 * 24 * 60 * 60;

    pub(super) fn max_age(self) -> Option<u64> {
        match self {
            Self::BrowserSession => None,
            Self::MaxAge(seconds) => Some(seconds.clamp(1, Self::MAX_SECONDS)),
        }
    }
}

/// The value of a `Set-Cookie` header that stores a session.
/// Made by [`CookieProfile::set`](super::CookieProfile::set) alone.
///
/// It holds a live credential and belongs into the header, nowhere else: `Debug` leaves the value out.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a session that is not sent is lost"]
pub struct ResponseCookie(String);

impl ResponseCookie {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The header value: visible ASCII and spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The cookie's own value, between the name's `=` and the first attribute.
    #[must_use]
    pub fn value(&self) -> &str {
        let pair = self.0.split(';').next().unwrap_or_default();
        pair.split_once('=').map_or("", |(_, value)| value)
    }

    /// The header value, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for ResponseCookie {
    /// Name and attributes, without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.split('=').next().unwrap_or_default();
        let attributes = self.0.split_once(';').map_or("", |(_, rest)| rest);
        write!(f, "ResponseCookie({name}=...;{attributes})")
    }
}

impl fmt::Display for ResponseCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of a `Set-Cookie` header that makes the browser forget a session.
/// Made by [`CookieProfile::remove`](super::CookieProfile::remove) alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a removal that is not sent leaves the session in the browser"]
pub struct RemovalCookie(String);

impl RemovalCookie {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The header value: visible ASCII and spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The header value, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for RemovalCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a value cannot be sent as a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieValueError {
    /// Name and value together exceed 4096 bytes: browsers would ignore the cookie.
    TooLong {
        /// Bytes of name and value.
        bytes: usize,
    },
    /// A byte that is no `cookie-octet` (RFC 6265bis 4.1.1).
    Byte {
        /// Its position in the value, from 0.
        at: usize,
    },
}

impl CookieValueError {
    pub(super) fn check(value: &str, bytes: usize) -> Result<(), Self> {
        if bytes > Budget::MAX.bytes() {
            return Err(Self::TooLong { bytes });
        }
        // Without an early exit the compiler looks at many bytes at once; the position is for
        // the error only.
        if value.bytes().fold(true, |all, o| all & is_cookie_octet(o)) {
            return Ok(());
        }
        let at = value.bytes().position(|byte| !is_cookie_octet(byte));
        Err(Self::Byte {
            at: at.unwrap_or(0),
        })
    }
}

impl fmt::Display for CookieValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(
                f,
                "cookie of {bytes} bytes (name and value), browsers keep {}",
                Budget::MAX.bytes()
            ),
            Self::Byte { at } => {
                write!(f, "the byte at {at} is not allowed in a cookie value")
            }
        }
    }
}

impl core::error::Error for CookieValueError {}
