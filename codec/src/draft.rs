use crate::{
    atoms::{SessionId, Timestamp},
    placement::Planned,
    session::Lineage,
};

/// A session that is to be written.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) planned: Planned<'a>,
    pub(crate) lineage: &'a Lineage,
    /// The time that the cookie tells.
    pub(crate) issued: Timestamp,
    /// The time by our clock.
    pub(crate) now: Timestamp,
    /// The session's own id, where the envelope has a place for it.
    pub(crate) session_id: Option<SessionId>,
}
