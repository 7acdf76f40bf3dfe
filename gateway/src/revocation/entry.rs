use session_codec::{
    Timestamp,
    device::{Binding, DENIED},
};
use session_store::{StoreError, StoredRecord};

/// What the list says under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Nothing,
    /// This session goes on, with one device.
    Bound(Binding),
    /// Every session that began by then has ended.
    Until(Timestamp),
    /// This session has ended.
    Denied,
}

impl Entry {
    /// Reads what a store keeps.
    pub(super) fn read(kept: Option<&StoredRecord>) -> Result<Self, StoreError> {
        let Some(kept) = kept else {
            return Ok(Self::Nothing);
        };
        let bytes = kept.record.bytes();
        if bytes == DENIED {
            return Ok(Self::Denied);
        }
        if let Some(binding) = Binding::read(bytes) {
            return Ok(Self::Bound(binding));
        }
        let millis = bytes.try_into().map_err(|_| damaged())?;
        let until = Timestamp::from_millis(i64::from_be_bytes(millis));
        Ok(Self::Until(until))
    }

    /// Whether a session that began then has ended.
    pub(super) fn ends(self, created: Timestamp) -> bool {
        match self {
            Self::Nothing | Self::Bound(_) => false,
            Self::Until(until) => created <= until,
            Self::Denied => true,
        }
    }

    /// An end is for good: of two answers the one that ends more is the later one. A binding is not
    /// taken back either, but may be replaced: of two the one told last counts, `other`.
    pub(super) fn later(self, other: Self) -> Self {
        let is_less = match (self, other) {
            (Self::Until(one), Self::Until(other)) => one <= other,
            _ => self.rank() <= other.rank(),
        };
        if is_less { other } else { self }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Bound(_) => 1,
            Self::Until(_) => 2,
            Self::Denied => 3,
        }
    }

    pub(super) const fn binding(self) -> Option<Binding> {
        match self {
            Self::Bound(binding) => Some(binding),
            Self::Nothing | Self::Until(_) | Self::Denied => None,
        }
    }

    pub(super) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Until(until) => Some(until),
            Self::Nothing | Self::Bound(_) | Self::Denied => None,
        }
    }
}

/// Nothing that was written under such a name: nobody knows, so nobody is let in or logged out.
pub(super) fn damaged() -> StoreError {
    StoreError::Unavailable {
        reason: "a revocation that nobody here wrote".into(),
    }
}
