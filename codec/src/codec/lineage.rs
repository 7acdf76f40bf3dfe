use crate::{
    atoms::{KeyId, Timestamp},
    wire::ticket::Ticket,
};

/// What a session's next cookie inherits from its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    pub(crate) created: Timestamp,
    pub(crate) sid: Option<[u8; 16]>,
    pub(crate) spilled: Option<SpilledRecord>,
    /// The store's name of the record before the last one, to be deleted at the next commit.
    pub(crate) previous: Option<[u8; 24]>,
}

/// A record as a cookie names it: the ticket, and the key under which both were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpilledRecord {
    pub(crate) ticket: Ticket,
    pub(crate) key: KeyId,
}

impl Lineage {
    /// A session that begins at `created`.
    #[must_use]
    pub const fn new(created: Timestamp) -> Self {
        Self {
            created,
            sid: None,
            spilled: None,
            previous: None,
        }
    }

    /// The same chain of records for a session that begins anew, as at log in: the absolute limit
    /// counts from here, and it gets an id of its own, so that the old one can be revoked.
    #[must_use]
    pub fn restarted(&self, created: Timestamp) -> Self {
        Self {
            created,
            sid: None,
            ..self.clone()
        }
    }

    /// When the session began; whole seconds.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }
}
