//! The inner layout of a record: the keys that did not fit the cookie.
//!
//! ```text
//! raw   = ver 1 | kid 4 | nonce 24 | ciphertext | tag 16           as a sealed envelope
//! aad   = ver | kid | record id 16 | revision u32be
//! inner = flags 1 | [dictionary 1] | previous name 24 | n u16be | n * position u16be | body
//! flags : 0x01 body is raw deflate    0x20 a part of it is: see `split`
//!         0x40 with a preset dictionary
//! ```
//! The positions say where the spilled keys stood among all keys, so that order survives. The
//! previous name is the store's name of the record this one replaced, zeros for none: requests
//! still in flight may need that record, so it is deleted one commit later.

use alloc::vec::Vec;

use super::{inner::Compression, sealed::VERSION};
use crate::{atoms::KeyId, error::Reason};

const DEFLATED: u8 = 0x01;
const SPLIT: u8 = 0x20;
const DICTIONARY: u8 = 0x40;
const DEFLATED_WITH_DICTIONARY: u8 = DEFLATED | DICTIONARY;
const SPLIT_WITH_DICTIONARY: u8 = SPLIT | DICTIONARY;
/// Stands for "no previous record": a keyed hash is never all zeros.
const NO_RECORD: [u8; 24] = [0; 24];

/// `ver | kid | record id 16 | revision u32be`
pub(crate) fn aad(key_id: KeyId, id: &[u8; 16], revision: u32) -> [u8; 25] {
    let mut aad = [0; 25];
    aad[0] = VERSION;
    aad[1..5].copy_from_slice(&key_id.0);
    aad[5..21].copy_from_slice(id);
    aad[21..].copy_from_slice(&revision.to_be_bytes());
    aad
}

/// Everything before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) compression: Compression,
    pub(crate) previous: Option<[u8; 24]>,
    /// Ascending: where the keys of the body stood among all keys.
    pub(crate) positions: Vec<u16>,
}

impl Fields {
    pub(crate) fn write(&self, inner: &mut Vec<u8>) {
        inner.push(self.compression.flags());
        inner.extend(self.compression.dictionary());
        inner.extend_from_slice(&self.previous.unwrap_or(NO_RECORD));
        // Sealing refuses sessions of more than 65,535 keys.
        let count = u16::try_from(self.positions.len()).unwrap_or(u16::MAX);
        inner.extend_from_slice(&count.to_be_bytes());
        for position in self.positions.iter().take(usize::from(count)) {
            inner.extend_from_slice(&position.to_be_bytes());
        }
    }

    /// Reads a decrypted inner text into its fields and its body.
    pub(crate) fn read(inner: &[u8]) -> Result<(Self, &[u8]), Reason> {
        let (&flags, rest) = inner.split_first().ok_or(Reason::CorruptBody)?;
        let (compression, rest) = match (flags, rest) {
            (0, rest) => (Compression::None, rest),
            (DEFLATED, rest) => (Compression::Deflate(None), rest),
            (SPLIT, rest) => (Compression::Split(None), rest),
            (DEFLATED_WITH_DICTIONARY, [id, rest @ ..]) => (Compression::Deflate(Some(*id)), rest),
            (SPLIT_WITH_DICTIONARY, [id, rest @ ..]) => (Compression::Split(Some(*id)), rest),
            _ => return Err(Reason::CorruptBody),
        };
        let (previous, rest) = rest.split_first_chunk().ok_or(Reason::CorruptBody)?;
        let (count, rest) = rest.split_first_chunk().ok_or(Reason::CorruptBody)?;
        let count = usize::from(u16::from_be_bytes(*count));
        let (positions, body) = rest
            .split_at_checked(2 * count)
            .ok_or(Reason::CorruptBody)?;
        let (positions, _) = positions.as_chunks();
        let fields = Self {
            compression,
            previous: (*previous != NO_RECORD).then_some(*previous),
            positions: positions.iter().map(|&p| u16::from_be_bytes(p)).collect(),
        };
        Ok((fields, body))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_truncations_are_refused() {
        for (compression, previous) in [
            (Compression::None, None),
            (Compression::Deflate(None), Some([9; 24])),
            (Compression::Deflate(Some(200)), None),
            (Compression::Split(None), None),
            (Compression::Split(Some(1)), None),
        ] {
            let fields = Fields {
                compression,
                previous,
                positions: vec![0, 3, 65_535],
            };
            let mut inner = Vec::new();
            fields.write(&mut inner);
            assert_eq!(Fields::read(&inner), Ok((fields, &[][..])));
            for len in 0..inner.len() {
                assert_eq!(
                    Fields::read(&inner[..len]),
                    Err(Reason::CorruptBody),
                    "{len}"
                );
            }
        }
    }
}
