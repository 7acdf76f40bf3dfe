//! `ticket = record id 16 | revision u32be | SHA-256(record)[..16]`

use alloc::vec::Vec;

use crate::atoms::{RecordId, Timestamp};

/// Bytes of a ticket.
pub(crate) const LEN: usize = 16 + 4 + 16;

/// What a cookie carries when keys were spilled: which record, and which content of it.
///
/// The record is immutable and the digest names its content, so a stale, swapped or rolled-back
/// record cannot match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) id: RecordId,
    pub(crate) revision: u32,
    pub(crate) digest: [u8; 16],
}

impl Ticket {
    /// How often the session had been saved since it first spilled when this ticket was written,
    /// from 1.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// When the record was written, as whoever sealed it says in its id; of records from before
    /// that was said, any time at all.
    #[must_use]
    pub const fn written(&self) -> Timestamp {
        let [a, b, c, d, ..] = self.id.0;
        Timestamp::from_seconds(u32::from_be_bytes([a, b, c, d]) as i64)
    }

    /// Whether it names a record. Of a session that fits into its cookie again there is none: the
    /// digest is zero, and id and revision say where the session is in its line.
    pub(crate) const fn has_record(&self) -> bool {
        u128::from_be_bytes(self.digest) != 0
    }

    pub(crate) fn bytes(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let (id, rest) = bytes.split_at_mut(16);
        let (revision, digest) = rest.split_at_mut(4);
        id.copy_from_slice(&self.id.0);
        revision.copy_from_slice(&self.revision.to_be_bytes());
        digest.copy_from_slice(&self.digest);
        bytes
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes());
    }

    pub(crate) fn read(bytes: &[u8; LEN]) -> Self {
        let (mut id, mut revision, mut digest) = ([0; 16], [0; 4], [0; 16]);
        let (first, rest) = bytes.split_at(16);
        let (second, third) = rest.split_at(4);
        id.copy_from_slice(first);
        revision.copy_from_slice(second);
        digest.copy_from_slice(third);
        Self {
            id: RecordId(id),
            revision: u32::from_be_bytes(revision),
            digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ticket = Ticket {
            id: RecordId([3; 16]),
            revision: 0x0102_0304,
            digest: [4; 16],
        };
        let mut bytes = Vec::new();
        ticket.write(&mut bytes);
        assert_eq!(Ticket::read(bytes.first_chunk().unwrap()), ticket);
        assert_eq!(bytes[16..20], [1, 2, 3, 4]);
        assert!(ticket.has_record());
        let fits_again = Ticket {
            digest: [0; 16],
            ..ticket
        };
        assert!(!fits_again.has_record());
    }
}
