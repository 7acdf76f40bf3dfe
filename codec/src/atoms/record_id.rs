use core::fmt;

/// A record's id, in its ticket only: when it was written, in 4 bytes, and 96 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordId(pub(crate) [u8; 16]);

impl fmt::Debug for RecordId {
    /// Not which: names in a store are made of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordId(…)")
    }
}
