use alloc::vec::Vec;
use core::fmt;

use crate::{atoms::Timestamp, names::StoreName};

/// One thing for a store to do. Names are keyed hashes, records ciphertext.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreOp {
    /// Create a record; its name is new.
    Put {
        /// The record's name in the store.
        name: StoreName,
        /// The encrypted record.
        record: Vec<u8>,
        /// When no cookie can name it any more.
        expires: Timestamp,
    },
    /// Delete a record, if it is there.
    Delete {
        /// The record's name in the store.
        name: StoreName,
    },
}

impl fmt::Debug for StoreOp {
    /// Of a record its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put {
                name,
                record,
                expires,
            } => f
                .debug_struct("Put")
                .field("name", name)
                .field("record_bytes", &record.len())
                .field("expires", expires)
                .finish(),
            Self::Delete { name } => f.debug_struct("Delete").field("name", name).finish(),
        }
    }
}
