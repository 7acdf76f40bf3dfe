use alloc::boxed::Box;

use session_codec::{OwnerName, Timestamp};

/// What a store may know of a record beside its bytes: its end, and what an operator wants to
/// find it by. Everything but [`Self::expires`] is for columns that people look at; a store
/// without columns ignores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordMeta {
    /// What the record is.
    pub kind: Kind,
    /// Until when it is kept; whole seconds, rounded down.
    pub expires: Timestamp,
    /// When its session began.
    pub created: Option<Timestamp>,
    /// Whose it is: a keyed hash ([`Codec::owner_name`](session_codec::Codec::owner_name)).
    pub owner: Option<OwnerName>,
    /// The address the request came from, if it is to be kept.
    pub ip: Option<Box<str>>,
    /// The request's `User-Agent`, if it is to be kept.
    pub user_agent: Option<Box<str>>,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Keys of a session that did not fit its cookie.
    Session,
    /// That a session, or all of a user's, ended. What is under such a name may change, so it is
    /// never left to a cache alone.
    Revocation,
}

impl Kind {
    /// One word for columns and counters.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Revocation => "revocation",
        }
    }
}

impl RecordMeta {
    /// A session's record of which nothing else is known.
    #[must_use]
    pub const fn session_until(expires: Timestamp) -> Self {
        Self {
            kind: Kind::Session,
            expires,
            created: None,
            owner: None,
            ip: None,
            user_agent: None,
        }
    }

    /// A revocation.
    #[must_use]
    pub fn revocation_until(expires: Timestamp) -> Self {
        Self {
            kind: Kind::Revocation,
            ..Self::session_until(expires)
        }
    }
}
