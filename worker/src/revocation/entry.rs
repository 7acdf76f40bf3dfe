use session_codec::Timestamp;
use session_store::{Kept, StoreError};

/// What is kept under the name of a session that is denied.
pub(super) const DENIED: &[u8] = b"denied";

/// What the list says under a name. Ordered by how much it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    Nothing,
    /// Every session that began by then has ended.
    Until(Timestamp),
    /// This session has ended.
    Denied,
}

impl Entry {
    /// Reads what a store keeps.
    pub(super) fn read(kept: Option<&Kept>) -> Result<Self, StoreError> {
        let Some(kept) = kept else {
            return Ok(Self::Nothing);
        };
        let octets = kept.record.octets();
        if octets == DENIED {
            return Ok(Self::Denied);
        }
        let millis = octets.try_into().map_err(|_| damaged())?;
        let until = Timestamp::from_millis(i64::from_be_bytes(millis));
        Ok(Self::Until(until))
    }

    /// Whether a session that began then has ended.
    pub(super) fn ends(self, created: Timestamp) -> bool {
        match self {
            Self::Nothing => false,
            Self::Until(until) => created <= until,
            Self::Denied => true,
        }
    }

    /// An end is for good: of two answers the one that ends more is the later one.
    pub(super) fn later(self, other: Self) -> Self {
        self.max(other)
    }

    pub(super) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Until(until) => Some(until),
            Self::Nothing | Self::Denied => None,
        }
    }
}

/// Nothing that was written under such a name: nobody knows, so nobody is let in or logged out.
pub(super) fn damaged() -> StoreError {
    StoreError::Unavailable {
        reason: "a revocation that nobody here wrote".into(),
    }
}
