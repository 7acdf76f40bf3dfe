use alloc::boxed::Box;
use core::fmt;

use super::bytes::is_token;
use super::prefix::CookiePrefix;

/// The name of a session cookie: an RFC 9110 token of 1 to 255 bytes.
///
/// Names are compared byte by byte. A name of this type is always safe to write into a header.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CookieName(Box<str>);

impl CookieName {
    /// Longest name: its length is one byte of what the envelope authenticates.
    pub const MAX_BYTES: usize = 255;

    /// Checks a configured name.
    ///
    /// # Errors
    /// If the name is empty, too long, no token, begins with `$`, or spells a prefix such as
    /// `__Host-` in another case.
    pub fn new(name: &str) -> Result<Self, CookieNameError> {
        if name.is_empty() {
            return Err(CookieNameError::Empty);
        }
        if name.len() > Self::MAX_BYTES {
            return Err(CookieNameError::TooLong { bytes: name.len() });
        }
        if let Some((at, byte)) = name.bytes().enumerate().find(|(_, o)| !is_token(*o)) {
            return Err(CookieNameError::NotToken { at, byte });
        }
        if name.starts_with('$') {
            return Err(CookieNameError::Dollar);
        }
        // Browsers would enforce the prefix, and servers would not see it: the name is a mistake.
        if let Some(prefix) = CookiePrefix::of(name.as_bytes())
            && !name.starts_with(prefix.as_str())
        {
            return Err(CookieNameError::PrefixCase { prefix });
        }
        Ok(Self(name.into()))
    }

    /// The name as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix whose rules browsers enforce on this name.
    #[must_use]
    pub fn prefix(&self) -> Option<CookiePrefix> {
        CookiePrefix::of(self.0.as_bytes())
    }
}

impl fmt::Display for CookieName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a configured cookie name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieNameError {
    /// The name is empty. Browsers would read the value as a nameless cookie.
    Empty,
    /// The name is longer than [`CookieName::MAX_BYTES`].
    TooLong {
        /// Length given.
        bytes: usize,
    },
    /// A byte is not allowed in an RFC 9110 token.
    NotToken {
        /// Position of the first such byte, from 0.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// The name begins with `$`: RFC 2965 reserves such names, and Java servers hide them.
    Dollar,
    /// The name begins like a prefix, in another case.
    PrefixCase {
        /// The prefix meant.
        prefix: CookiePrefix,
    },
}

impl fmt::Display for CookieNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("cookie name is empty"),
            Self::TooLong { bytes } => write!(
                f,
                "cookie name has {bytes} bytes, at most {} are allowed",
                CookieName::MAX_BYTES
            ),
            Self::NotToken { at, byte } => write!(
                f,
                "byte 0x{byte:02x} at position {at} is not allowed in a cookie name"
            ),
            Self::Dollar => f.write_str("cookie names beginning with $ are reserved (RFC 2965)"),
            Self::PrefixCase { prefix } => write!(
                f,
                "browsers treat this cookie name as {0}: write {0} in exactly that case",
                prefix.as_str()
            ),
        }
    }
}

impl core::error::Error for CookieNameError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    #[test]
    fn tokens_are_names_and_nothing_else_is() {
        for byte in 0..=0x7f_u8 {
            let name = String::from_utf8([b'a', byte, b'b'].to_vec()).unwrap();
            let tchar = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(CookieName::new(&name).is_ok(), tchar, "{byte:#x}");
        }
        assert_eq!(
            CookieName::new("naïve"),
            Err(CookieNameError::NotToken { at: 2, byte: 0xc3 })
        );
    }

    #[test]
    fn length_is_one_to_255() {
        assert_eq!(CookieName::new(""), Err(CookieNameError::Empty));
        assert!(CookieName::new(&"n".repeat(255)).is_ok());
        assert_eq!(
            CookieName::new(&"n".repeat(256)),
            Err(CookieNameError::TooLong { bytes: 256 })
        );
    }

    #[test]
    fn a_prefix_in_another_case_is_refused_with_the_reason() {
        for name in [
            "__host-x",
            "__HOST-x",
            "__secure-x",
            "__http-x",
            "__Host-http-x",
        ] {
            let error = CookieName::new(name).unwrap_err();
            assert!(
                matches!(error, CookieNameError::PrefixCase { .. }),
                "{name}"
            );
            assert!(error.to_string().contains("exactly that case"));
        }
        for name in [
            "__Host-x",
            "__Secure-x",
            "__Http-x",
            "__Host-Http-x",
            "host-x",
        ] {
            assert!(CookieName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn reserved_dollar_names_are_refused() {
        assert_eq!(CookieName::new("$Version"), Err(CookieNameError::Dollar));
        assert!(CookieName::new("a$").is_ok());
    }
}
