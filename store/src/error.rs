use alloc::boxed::Box;
use core::fmt;

/// The store failed. Never "not found": that is `None`.
///
/// The reasons are for the operator's log; adapters put no record, name or credential into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// It could not be reached, or answered that it is broken.
    Unavailable {
        /// What the platform said.
        reason: Box<str>,
    },
    /// It did not answer in time.
    TimedOut,
    /// It answered no: quota, rate limit, permission, configuration.
    Refused {
        /// What the platform said.
        reason: Box<str>,
    },
    /// The record is within our limit but above the backend's own.
    TooLarge {
        /// Bytes of the record.
        bytes: usize,
        /// What the backend takes.
        limit: usize,
    },
    /// Another record already has this name.
    Conflict,
}

impl StoreError {
    /// One word for counters; never changes, never depends on data.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Refused { .. } => "refused",
            Self::TooLarge { .. } => "too_large",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { reason } => write!(f, "store unavailable: {reason}"),
            Self::TimedOut => f.write_str("store did not answer in time"),
            Self::Refused { reason } => write!(f, "store refused: {reason}"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "record of {bytes} bytes, the store takes {limit}")
            }
            Self::Conflict => f.write_str("another record has this name"),
        }
    }
}

impl core::error::Error for StoreError {}
