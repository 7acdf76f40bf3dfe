use core::fmt;

use crate::atoms::KeyId;

/// Why a cookie or a record was not accepted.
///
/// For counters and logs of the operator. Whoever sent the cookie learns nothing of it: every
/// reason has the same answer outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Longer than the cap for its kind; refused before any cryptography.
    TooLong,
    /// More different copies of the cookie than are looked at.
    TooManyCopies,
    /// Not an envelope: not canonical base64url, or parts are missing.
    Malformed,
    /// A sealed envelope of a version this release does not know.
    UnknownVersion,
    /// A sealed envelope under a key that is not in the ring.
    UnknownKey(KeyId),
    /// A sealed envelope under a key of the ring whose end has passed.
    RetiredKey(KeyId),
    /// Signature or tag do not verify: altered, or made with another key, name or audience.
    Forged,
    /// The idle limit has passed since the cookie was issued.
    Expired,
    /// The absolute limit has passed since the session was created.
    TooOld,
    /// Issued further ahead of our clock than the allowed skew.
    FromTheFuture,
    /// Authentic, but ended before its time: logged out, or the user was.
    Revoked,
    /// Authentic, but the configuration does not accept this envelope (any more).
    NotAccepted,
    /// Authentic, but it would inflate beyond the limit.
    TooLarge,
    /// Authentic, but compressed with a dictionary that is not configured.
    UnknownDictionary(u8),
    /// Authentic, but the content is not what an envelope of its kind holds.
    CorruptBody,
    /// A record that is not the one its ticket names: stale, swapped or rolled back.
    WrongRecord,
}

impl Reason {
    /// A stable name for counters, of `a-z` and `_`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooManyCopies => "too_many_copies",
            Self::Malformed => "malformed",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownKey(_) => "unknown_key",
            Self::RetiredKey(_) => "retired_key",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::TooOld => "too_old",
            Self::FromTheFuture => "from_the_future",
            Self::Revoked => "revoked",
            Self::NotAccepted => "not_accepted",
            Self::TooLarge => "too_large",
            Self::UnknownDictionary(_) => "unknown_dictionary",
            Self::CorruptBody => "corrupt_body",
            Self::WrongRecord => "wrong_record",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(id) => write!(f, "unknown_key {id}"),
            Self::RetiredKey(id) => write!(f, "retired_key {id}"),
            Self::UnknownDictionary(id) => write!(f, "unknown_dictionary {id}"),
            other => f.write_str(other.label()),
        }
    }
}

impl core::error::Error for Reason {}
