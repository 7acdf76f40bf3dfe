use alloc::vec::Vec;

use super::HeadChange;
use crate::{
    atoms::SessionId,
    cookie::ResponseCookie,
    names::{StoreName, labels},
    placement::Placement,
    record::StoreOp,
};

/// A sealed session as data: what to store and what to send.
///
/// Apply every [`StoreOp::Put`] and wait for its confirmation, then move the session's head if the
/// store can compare and swap, then send the cookie. Deletions may follow at leisure.
#[derive(Debug)]
#[must_use = "a session that is not sent is lost"]
pub struct Commit {
    /// The line for the browser, to be appended only when the puts are confirmed.
    pub set_cookie: ResponseCookie,
    /// What the store has to do: at most one put, then at most one deletion.
    pub store_ops: Vec<StoreOp>,
    /// How the session's head in a store moves; `None` where it never spilled, or the session
    /// has no id.
    pub head: Option<HeadChange>,
    /// Where every key went.
    pub placement: Placement,
    /// Bytes of the cookie's name and value.
    pub cookie_bytes: usize,
    /// That of the session, drawn just now where it had none.
    pub(super) session_id: Option<SessionId>,
}

impl Commit {
    /// As [`Codec::session_revocation`](super::Codec::session_revocation) says it of this session's
    /// next cookie, without opening it.
    #[must_use]
    pub fn session_revocation(&self) -> Option<StoreName> {
        self.session_id.as_ref().map(labels::session_revocation)
    }
}
