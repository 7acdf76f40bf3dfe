//! The inner layout of a record: the keys that did not fit the cookie.
//!
//! ```text
//! raw   = ver 1 | key id 4 | nonce 24 | ciphertext | tag 16           as a sealed envelope
//! aad   = ver | key id | record id 16 | revision u32be
//! inner = flags 1 | [dictionary 1] | superseded | n u16be | n * position u16be | body
//! superseded = name 24                             one name at most, zeros for none
//!            | n u8 | n * (name 24 | when u32be)   with the flag 0x02, the latest first
//! flags : 0x01 body is raw deflate    0x20 a part of it is: see `body/split.rs`
//!         0x02 superseded records with times
//!         0x40 with a preset dictionary
//! ```
//! The positions say where the spilled keys stood among all keys, so that order survives. The
//! superseded names are the store's names of the records that were the session's before this one:
//! a browser may come back with a cookie that needs them, so they are deleted some time later. One
//! name without a time is what was written before there were times.

use alloc::vec::Vec;

use crate::{
    atoms::{KeyId, RecordId, Timestamp},
    body::compression::{Compression, DEFLATED, DICTIONARY, SPLIT},
    crypto::framing::VERSION,
    error::Reason,
    names::StoreName,
    session::trail::{Superseded, Trail},
};

const TRAIL: u8 = 0x02;
const DEFLATED_WITH_DICTIONARY: u8 = DEFLATED | DICTIONARY;
const SPLIT_WITH_DICTIONARY: u8 = SPLIT | DICTIONARY;
/// Stands for "no superseded record": a keyed hash is never all zeros.
const NO_RECORD: StoreName = StoreName::new([0; 24]);

/// `ver | key id | record id 16 | revision u32be`
pub(crate) fn aad(key_id: KeyId, id: &RecordId, revision: u32) -> [u8; 25] {
    let mut aad = [0; 25];
    aad[0] = VERSION;
    aad[1..5].copy_from_slice(&key_id.0);
    aad[5..21].copy_from_slice(&id.0);
    aad[21..].copy_from_slice(&revision.to_be_bytes());
    aad
}

/// Everything before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) compression: Compression,
    /// The records before this one.
    pub(crate) trail: Trail,
    /// Ascending: where the keys of the body stood among all keys.
    pub(crate) positions: Vec<u16>,
}

impl Fields {
    pub(crate) fn write(&self, inner: &mut Vec<u8>) {
        let has_trail = !self.trail.is_empty();
        inner.push(self.compression.flags() | if has_trail { TRAIL } else { 0 });
        inner.extend(self.compression.dictionary());
        if has_trail {
            self.trail.write(inner);
        } else {
            inner.extend_from_slice(NO_RECORD.bytes());
        }
        // Sealing refuses sessions of more than 65,535 keys.
        let count = u16::try_from(self.positions.len()).unwrap_or(u16::MAX);
        inner.extend_from_slice(&count.to_be_bytes());
        for position in self.positions.iter().take(usize::from(count)) {
            inner.extend_from_slice(&position.to_be_bytes());
        }
    }

    /// Reads a decrypted inner text into its fields and its body. `issued` is when its cookie was:
    /// a superseded record without a time was superseded then.
    pub(crate) fn read(inner: &[u8], issued: Timestamp) -> Result<(Self, &[u8]), Reason> {
        let (&flags, rest) = inner.split_first().ok_or(Reason::CorruptBody)?;
        let (compression, rest) = match (flags & !TRAIL, rest) {
            (0, rest) => (Compression::None, rest),
            (DEFLATED, rest) => (Compression::Deflate(None), rest),
            (SPLIT, rest) => (Compression::Split(None), rest),
            (DEFLATED_WITH_DICTIONARY, [id, rest @ ..]) => (Compression::Deflate(Some(*id)), rest),
            (SPLIT_WITH_DICTIONARY, [id, rest @ ..]) => (Compression::Split(Some(*id)), rest),
            _ => return Err(Reason::CorruptBody),
        };
        let (trail, rest) = match flags & TRAIL {
            0 => {
                let (name, rest) = rest.split_first_chunk().ok_or(Reason::CorruptBody)?;
                let name = StoreName::new(*name);
                let superseded = Superseded::at(name, issued);
                let trail = (name != NO_RECORD).then_some(superseded);
                (trail.into_iter().collect(), rest)
            }
            _ => Trail::read(rest).ok_or(Reason::CorruptBody)?,
        };
        let (count, rest) = rest.split_first_chunk().ok_or(Reason::CorruptBody)?;
        let count = usize::from(u16::from_be_bytes(*count));
        let (positions, body) = rest
            .split_at_checked(2 * count)
            .ok_or(Reason::CorruptBody)?;
        let (positions, _) = positions.as_chunks();
        let fields = Self {
            compression,
            trail,
            positions: positions.iter().map(|&p| u16::from_be_bytes(p)).collect(),
        };
        Ok((fields, body))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const ISSUED: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn trail(seconds: impl IntoIterator<Item = i64>) -> Trail {
        let name = |seconds: i64| StoreName::new([seconds.to_be_bytes()[7]; 24]);
        let superseded = |seconds| Superseded::at(name(seconds), Timestamp::from_seconds(seconds));
        seconds.into_iter().map(superseded).collect()
    }

    #[test]
    fn what_is_written_is_read_and_truncations_are_refused() {
        for (compression, trail) in [
            (Compression::None, Trail::default()),
            (Compression::Deflate(None), trail([9])),
            (Compression::Deflate(Some(200)), trail([])),
            (Compression::Split(None), trail(1_000..1_016)),
            (Compression::Split(Some(1)), trail([8, 7])),
        ] {
            let fields = Fields {
                compression,
                trail,
                positions: vec![0, 3, 65_535],
            };
            let mut inner = Vec::new();
            fields.write(&mut inner);
            assert_eq!(Fields::read(&inner, ISSUED), Ok((fields, &[][..])));
            for len in 0..inner.len() {
                assert_eq!(
                    Fields::read(&inner[..len], ISSUED),
                    Err(Reason::CorruptBody),
                    "{len}"
                );
            }
        }
    }

    #[test]
    fn one_name_without_a_time_was_superseded_when_the_cookie_was_issued() {
        let mut inner = vec![0];
        inner.extend_from_slice(&[5; 24]);
        inner.extend_from_slice(&[0, 0, b'{', b'}']);
        let (fields, body) = Fields::read(&inner, ISSUED).unwrap();
        let expected: Trail =
            core::iter::once(Superseded::at(StoreName::new([5; 24]), ISSUED)).collect();
        assert_eq!(fields.trail, expected);
        assert_eq!(body, b"{}");
    }

    #[test]
    fn a_longer_trail_than_is_written_is_refused() {
        let mut inner = vec![TRAIL, 17];
        inner.extend_from_slice(&[1; 17 * 28 + 2]);
        assert_eq!(Fields::read(&inner, ISSUED), Err(Reason::CorruptBody));
        // And one that says it is there and is not.
        assert_eq!(
            Fields::read(&[TRAIL, 0, 0, 0], ISSUED),
            Err(Reason::CorruptBody)
        );
    }
}
