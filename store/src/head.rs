use alloc::boxed::Box;

use crate::record::RecordName;

/// The newest state of a session that was spilled: which record, and the cookie that names it.
///
/// The cookie is what the winner of two updates at once was given, sealed as browsers get it; the
/// loser opens it, merges, and tries again. No `Debug`: it is a live credential, readable with the
/// keys only.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest record's name.
    pub record: RecordName,
    /// The value of the cookie that names it.
    pub cookie: Box<str>,
}

/// What became of an attempt to move a session's head.
#[derive(Clone, PartialEq, Eq)]
pub enum Swapped {
    /// It moved, or it had moved so before (a retry whose first answer was lost).
    Done,
    /// Somebody else was first: this is the head now.
    Other(Head),
    /// The session ended; it has no head any more and gets none.
    Ended,
    /// This store keeps no heads: the last answer wins.
    Unkept,
}
