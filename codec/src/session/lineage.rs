mod text;

use alloc::vec::Vec;

use crate::{
    atoms::{KeyId, SessionId, Timestamp},
    session::{
        KeyEnd, SessionData,
        done::{Done, Repeated, RequestMark},
        is_same_value,
        ticket::Ticket,
        trail::Trail,
    },
};

pub use text::NotALineage;

/// What a session's next cookie inherits from its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    pub(crate) created: Timestamp,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) spilled: Option<SpilledRecord>,
    /// The records before the last one, which is `spilled`.
    pub(crate) trail: Trail,
    /// When keys end that have an end of their own.
    pub(crate) ends: Vec<KeyEnd>,
    /// Requests whose change it has.
    pub(crate) done: Done,
}

/// A record as a cookie names it: the ticket, the key under which both were written, and the id
/// of the session whose cookie it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpilledRecord {
    pub(crate) ticket: Ticket,
    pub(crate) key: KeyId,
    pub(crate) session_id: Option<SessionId>,
}

impl Lineage {
    /// A session that begins at `created`.
    #[must_use]
    pub const fn new(created: Timestamp) -> Self {
        Self {
            created,
            session_id: None,
            spilled: None,
            trail: Trail::EMPTY,
            ends: Vec::new(),
            done: Done::EMPTY,
        }
    }

    /// The same chain of records for a session that begins anew, as at log in: the absolute limit
    /// counts from here, and it gets an id of its own, so that the old one can be revoked.
    pub(crate) fn restarted(&self, created: Timestamp) -> Self {
        Self {
            created,
            session_id: None,
            ..self.clone()
        }
    }

    /// The same for a session that was changed: a key's end counts from when its value was last
    /// set, so a key of `before` whose value is another one in `after`, or that is gone, loses the
    /// end it had and gets a new one when it is sealed. Costs nothing where no key has an end.
    pub(crate) fn carrying(&self, before: &SessionData, after: &SessionData) -> Self {
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
            done: self.done.clone(),
            ..*self
        }
    }

    pub(super) const fn has_ends(&self) -> bool {
        !self.ends.is_empty()
    }

    /// How often the session had been saved since it first spilled, when its cookie was written; 0
    /// if it never had. It never begins again while the session has its id, so of two states of one
    /// session the later one has the greater revision.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        match &self.spilled {
            Some(spilled) => spilled.ticket.revision(),
            None => 0,
        }
    }

    /// Whether the session has the change of a request in it: of the last eight that came with a
    /// key, for a day.
    #[must_use]
    pub fn repeated(&self, mark: &RequestMark, now: Timestamp) -> Repeated {
        self.done.repeated(mark, now)
    }

    /// When the session began; whole seconds.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }
}
