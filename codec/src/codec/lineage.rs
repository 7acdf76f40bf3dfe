mod text;

use alloc::vec::Vec;

use crate::{
    atoms::{KeyId, Timestamp},
    policy::KeyEnd,
    session::{Session, is_same_value},
    wire::{ticket::Ticket, trail::Trail},
};

pub use text::NotALineage;

/// What a session's next cookie inherits from its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    pub(crate) created: Timestamp,
    pub(crate) sid: Option<[u8; 16]>,
    pub(crate) spilled: Option<SpilledRecord>,
    /// The records before the last one, which is `spilled`.
    pub(crate) trail: Trail,
    /// When keys end that have an end of their own.
    pub(crate) ends: Vec<KeyEnd>,
    /// When the next record is written, if its id is to say so.
    pub(crate) written: Option<Timestamp>,
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
            trail: Trail::EMPTY,
            ends: Vec::new(),
            written: None,
        }
    }

    /// The same, and the ticket of a record that is sealed with it tells the time `now`:
    /// [`Ticket::written`](crate::Ticket::written).
    #[must_use]
    pub fn written_at(self, now: Timestamp) -> Self {
        Self {
            written: Some(now),
            ..self
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

    /// The same for a session that was changed: a key's end counts from when its value was last
    /// set, so a key of `before` whose value is another one in `after`, or that is gone, loses the
    /// end it had and gets a new one when it is sealed. Costs nothing where no key has an end.
    #[must_use]
    pub fn carrying(&self, before: &Session, after: &Session) -> Self {
        if self.ends.is_empty() {
            return self.clone();
        }
        // There may be as many as keys: looked up one by one that would be quadratic.
        let (was, is) = (before.raw_keys(), after.raw_keys());
        let is_same = |(key, _): &&KeyEnd| {
            let places = was.position(key).zip(is.position(key));
            places
                .is_some_and(|(was, is)| is_same_value(before.raw_value(was), after.raw_value(is)))
        };
        Self {
            ends: self.ends.iter().filter(is_same).cloned().collect(),
            trail: self.trail.clone(),
            ..*self
        }
    }

    /// How often the session had spilled, without a break, when its cookie was written; 0 when all
    /// keys were in it.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        match &self.spilled {
            Some(spilled) => spilled.ticket.revision(),
            None => 0,
        }
    }

    /// When the session began; whole seconds.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }
}
