use core::fmt;

/// Why a session could not be sealed. Nothing was written: the last good cookie stays valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The random source failed; without a fresh nonce nothing is sealed.
    Entropy,
    /// The session's JSON has `bytes`, more than the configured `limit` for one record.
    TooLarge {
        /// Length of the JSON text in bytes.
        bytes: usize,
        /// The configured limit in bytes.
        limit: usize,
    },
    /// More top-level keys than a record can order (65,535).
    TooManyKeys,
    /// It does not fit the cookie and no store takes the overflow.
    DoesNotFit {
        /// The budget for cookie name and value, in bytes.
        budget: usize,
    },
    /// Nested deeper than Python reads: an origin could not open it.
    TooDeep,
    /// The configuration has no key for what is to be written.
    NoKey,
    /// A time before 1970 or after 2106 does not fit the format's 32-bit seconds.
    TimeOutOfRange,
}

impl SealError {
    /// A stable name for counters, of `a-z` and `_`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Entropy => "entropy",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyKeys => "too_many_keys",
            Self::DoesNotFit { .. } => "does_not_fit",
            Self::TooDeep => "too_deep",
            Self::NoKey => "no_key",
            Self::TimeOutOfRange => "time_out_of_range",
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entropy => f.write_str("the random source failed"),
            Self::TooLarge { bytes, limit } => {
                write!(
                    f,
                    "the session has {bytes} bytes of JSON, the limit is {limit}"
                )
            }
            Self::TooManyKeys => f.write_str("the session has more than 65,535 keys"),
            Self::DoesNotFit { budget } => write!(
                f,
                "the session does not fit {budget} bytes of cookie and no store is configured"
            ),
            Self::TooDeep => f.write_str("the session is nested deeper than 1000 levels"),
            Self::NoKey => f.write_str("no key is configured for what is to be written"),
            Self::TimeOutOfRange => f.write_str("the issue time lies outside 1970 to 2106"),
        }
    }
}

impl core::error::Error for SealError {}
