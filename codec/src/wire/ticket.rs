//! `ticket = record id 16 | revision u32be | SHA-256(record)[..16]`

use alloc::vec::Vec;

use crate::atoms::Timestamp;

/// Octets of a ticket.
pub(crate) const LEN: usize = 16 + 4 + 16;

/// What a cookie carries when keys were spilled: which record, and which content of it.
///
/// The record is immutable and the digest names its content, so a stale, swapped or rolled-back
/// record cannot match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) id: [u8; 16],
    pub(crate) revision: u32,
    pub(crate) digest: [u8; 16],
}

impl Ticket {
    /// How often the session had spilled when this ticket was written, from 1.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// When the record was written, if whoever sealed it said so in its id
    /// ([`Lineage::written_at`](crate::Lineage::written_at)); otherwise any time at all.
    #[must_use]
    pub const fn written(&self) -> Timestamp {
        let [a, b, c, d, ..] = self.id;
        Timestamp::from_seconds(u32::from_be_bytes([a, b, c, d]) as i64)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.revision.to_be_bytes());
        out.extend_from_slice(&self.digest);
    }

    pub(crate) fn read(octets: &[u8; LEN]) -> Self {
        let mut ticket = Self {
            id: [0; 16],
            revision: 0,
            digest: [0; 16],
        };
        let (id, rest) = octets.split_at(16);
        let (revision, digest) = rest.split_at(4);
        ticket.id.copy_from_slice(id);
        ticket.digest.copy_from_slice(digest);
        for &octet in revision {
            ticket.revision = ticket.revision << 8 | u32::from(octet);
        }
        ticket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ticket = Ticket {
            id: [3; 16],
            revision: 0x0102_0304,
            digest: [4; 16],
        };
        let mut octets = Vec::new();
        ticket.write(&mut octets);
        assert_eq!(Ticket::read(octets.first_chunk().unwrap()), ticket);
        assert_eq!(octets[16..20], [1, 2, 3, 4]);
    }
}
