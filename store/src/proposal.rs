use alloc::vec::Vec;
use session_codec::StoreName;

use crate::head::{HeadMove, Newest};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;

/// What one save asks of a store, as one step.
///
/// The names of a record and of a head in one proposal have the same
/// [place](StoreName::place); those of the list may have others.
#[derive(Clone, Default)]
pub struct Proposal {
    /// The record to keep.
    pub record: Option<NewRecord>,
    /// How the session's head moves. Where it does not, nothing of the proposal is kept.
    pub head: Option<HeadMove>,
    /// Names under which a store lists what has ended; what is there is told, past every cache.
    pub unless_ended: Vec<StoreName>,
}

/// A record that is new.
#[derive(Clone)]
pub struct NewRecord {
    /// Its name, never used before.
    pub name: StoreName,
    /// What is kept.
    pub record: Record,
    /// What the store may know of it, and until when it is kept.
    pub meta: RecordMeta,
}

/// What became of a [`Proposal`].
#[derive(Clone, PartialEq, Eq)]
pub enum Committed {
    /// It is kept as a whole, or had been kept before: a retry whose first answer was lost.
    Saved(Saved),
    /// Somebody else was first: this is the head now, and nothing was kept.
    Other(Newest),
    /// The session ended: it gets no head any more, and nothing was kept.
    Ended,
}

/// A proposal that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Saved {
    /// What is listed under each name of [`Proposal::unless_ended`], in their order.
    pub listed: Vec<Option<StoredRecord>>,
    /// Whether the store compared: of two saves at once the second one sees the first. Without
    /// it the last one wins.
    pub is_compared: bool,
}
