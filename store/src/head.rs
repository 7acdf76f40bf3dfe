use alloc::boxed::Box;

use session_codec::{StoreName, Timestamp};

use crate::record::StoredRecord;

/// The newest state of a session that was spilled: which record, and the cookie that names it.
///
/// The cookie is what the winner of two updates at once was given, sealed as browsers get it; the
/// loser opens it, merges, and tries again. No `Debug`: it is a live credential, readable with the
/// keys only.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest record's name.
    pub record: StoreName,
    /// The value of the cookie that names it.
    pub cookie: Box<str>,
}

/// The newest state of a session, as a store shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Newest {
    /// The head.
    pub head: Head,
    /// The record that it names, where the store has it at hand: whoever needs it is spared a
    /// second look. None is no proof that there is none.
    pub record: Option<StoredRecord>,
}

/// How a session's head is to move.
#[derive(Clone, PartialEq, Eq)]
pub struct HeadMove {
    /// The head's own name.
    pub session: StoreName,
    /// The record that it names now, as far as the caller knows. A head that is absent moves from
    /// anything.
    pub from: Option<StoreName>,
    /// What it names then; `None` forgets it: nothing is spilled any more.
    pub to: Option<Head>,
    /// When it is forgotten by itself.
    pub expires: Timestamp,
}

impl HeadMove {
    /// Whether the head that is there and lives may be moved: it is the one that the caller knows,
    /// or the one it is to be, so that a repeated move is no conflict.
    #[must_use]
    pub fn moves(&self, there: &Head) -> bool {
        self.from == Some(there.record) || self.to.as_ref() == Some(there)
    }
}

/// What a store says of a session's head.
#[derive(Clone, PartialEq, Eq)]
pub enum HeadState {
    /// There is none: never written, expired, or forgotten.
    Absent,
    /// The newest state.
    At(Newest),
    /// The session ended: a tombstone is in its place.
    Ended,
    /// This store keeps no heads: the last answer wins.
    NotKept,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_moves_from_where_it_is_known_to_be_and_to_where_it_is() {
        let name = |byte| StoreName::new([byte; StoreName::BYTES]);
        let head = |byte| Head {
            record: name(byte),
            cookie: "cookie".into(),
        };
        let from = |byte| HeadMove {
            session: name(0),
            from: Some(name(byte)),
            to: Some(head(2)),
            expires: Timestamp::from_seconds(1_800_000_000),
        };
        assert!(from(1).moves(&head(1)));
        assert!(from(1).moves(&head(2)));
        assert!(!from(1).moves(&head(3)));
        // Another cookie of the same record is another head.
        let other = Head {
            cookie: "other".into(),
            ..head(2)
        };
        assert!(!from(1).moves(&other));
    }
}
