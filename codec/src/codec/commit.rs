use alloc::vec::Vec;

use super::HeadChange;
use crate::{atoms::Timestamp, cookie::ResponseCookie, policy::Placement};

/// A sealed session as data: what to store and what to send.
///
/// Apply every [`StoreOp::Put`] and wait for its confirmation, then move the session's head if the
/// store can compare and swap, then send the cookie. Deletions may follow at leisure.
#[must_use = "a session that is not sent is lost"]
pub struct Commit {
    /// The line for the browser, to be appended only when the puts are confirmed.
    pub set_cookie: ResponseCookie,
    /// What the store has to do: at most one put, then at most one deletion.
    pub store_ops: Vec<StoreOp>,
    /// How the session's head in a store moves; `None` where nothing was or is spilled, or the
    /// session has no id.
    pub head: Option<HeadChange>,
    /// Where every key went.
    pub placement: Placement,
    /// Octets of the cookie's name and value.
    pub cookie_octets: usize,
}

/// One thing for a store to do. Names are keyed hashes, records ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreOp {
    /// Create a record; its name is new.
    Put {
        /// The record's name in the store.
        name: [u8; 24],
        /// The encrypted record.
        record: Vec<u8>,
        /// When no cookie can name it any more.
        expires: Timestamp,
    },
    /// Delete a record, if it is there.
    Delete {
        /// The record's name in the store.
        name: [u8; 24],
    },
}
