use core::fmt;

use crate::cookie::name::CookieNameError;
use crate::cookie::prefix::CookiePrefix;
use crate::cookie::set_cookie::MAX_ATTRIBUTE_BYTES;

/// Why a cookie profile is refused. All of these are mistakes in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieProfileError {
    /// The name is not one.
    Name(CookieNameError),
    /// Browsers refuse this prefix without `Secure`.
    PrefixNeedsSecure {
        /// The name's prefix.
        prefix: CookiePrefix,
    },
    /// Browsers refuse this prefix without `HttpOnly`.
    PrefixNeedsHttpOnly {
        /// The name's prefix.
        prefix: CookiePrefix,
    },
    /// Browsers refuse this prefix with another path than `/`.
    PrefixNeedsRootPath {
        /// The name's prefix.
        prefix: CookiePrefix,
    },
    /// Browsers refuse this prefix with a `Domain`.
    PrefixForbidsDomain {
        /// The name's prefix.
        prefix: CookiePrefix,
    },
    /// Browsers refuse `SameSite=None` without `Secure`.
    SameSiteNoneNeedsSecure,
    /// Browsers refuse `Partitioned` without `Secure`.
    PartitionedNeedsSecure,
    /// The path does not begin with `/`.
    PathNotAbsolute,
    /// The path is so long that browsers ignore it.
    PathTooLong {
        /// Length given.
        bytes: usize,
    },
    /// The path holds something else than visible ASCII, or a `;`.
    PathByte {
        /// The first such byte.
        byte: u8,
    },
    /// The domain is no plain host name.
    DomainNotHostName,
}

impl From<CookieNameError> for CookieProfileError {
    fn from(error: CookieNameError) -> Self {
        Self::Name(error)
    }
}

impl fmt::Display for CookieProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::PrefixNeedsSecure { prefix } => {
                write!(f, "a {} cookie must be secure", prefix.as_str())
            }
            Self::PrefixNeedsHttpOnly { prefix } => {
                write!(f, "a {} cookie must be http_only", prefix.as_str())
            }
            Self::PrefixNeedsRootPath { prefix } => {
                write!(f, "a {} cookie must have the path /", prefix.as_str())
            }
            Self::PrefixForbidsDomain { prefix } => {
                write!(f, "a {} cookie must not have a domain", prefix.as_str())
            }
            Self::SameSiteNoneNeedsSecure => {
                f.write_str("a cookie with same_site none must be secure")
            }
            Self::PartitionedNeedsSecure => f.write_str("a partitioned cookie must be secure"),
            Self::PathNotAbsolute => f.write_str("the cookie path must begin with /"),
            Self::PathTooLong { bytes } => write!(
                f,
                "cookie path of {bytes} bytes, browsers read {MAX_ATTRIBUTE_BYTES}"
            ),
            Self::PathByte { byte } => {
                write!(f, "byte 0x{byte:02x} is not allowed in a cookie path")
            }
            Self::DomainNotHostName => f.write_str(
                "the cookie domain must be a host name, without leading dot, port or address",
            ),
        }
    }
}

impl core::error::Error for CookieProfileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            _ => None,
        }
    }
}
