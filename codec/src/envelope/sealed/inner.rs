//! The inner layout of a sealed envelope: what is encrypted.
//!
//! ```text
//! inner = flags 1 | issued u32be | [created u32be] | [session id 16] | [dictionary 1] | [ticket 36] | body
//! flags : 0x01 body is raw deflate      0x02 created present     0x04 session id present
//!         0x08 padded (0x80 00..)       0x10 ticket present
//!         0x20 body = u16be n | n plain bytes | raw deflate of the rest: see `body/split.rs`
//!         0x40 deflate with a preset dictionary, its id follows the times and the session id
//!         0x80 must be 0
//! ```

use alloc::vec::Vec;

use crate::{
    atoms::SessionId,
    body::compression::{Compression, DEFLATED, DICTIONARY, SPLIT},
    error::Reason,
    session::ticket::{self, Ticket},
};

const CREATED: u8 = 0x02;
const SESSION_ID: u8 = 0x04;
const PADDED: u8 = 0x08;
const TICKET: u8 = 0x10;
const RESERVED: u8 = 0x80;

/// Everything before the body. Times are whole seconds since 1970, as on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) issued: u32,
    pub(crate) created: Option<u32>,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) compression: Compression,
    pub(crate) ticket: Option<Ticket>,
}

impl Fields {
    /// Bytes that [`Self::write`] appends.
    pub(crate) const fn encoded_len(&self) -> usize {
        let mut len = 1 + 4;
        if self.created.is_some() {
            len += 4;
        }
        if self.session_id.is_some() {
            len += 16;
        }
        if self.compression.dictionary().is_some() {
            len += 1;
        }
        if self.ticket.is_some() {
            len += ticket::LEN;
        }
        len
    }

    pub(crate) fn write(&self, inner: &mut Vec<u8>) {
        let mut flags = self.compression.flags();
        let flags_at = inner.len();
        inner.push(0);
        inner.extend_from_slice(&self.issued.to_be_bytes());
        if let Some(created) = self.created {
            flags |= CREATED;
            inner.extend_from_slice(&created.to_be_bytes());
        }
        if let Some(session_id) = self.session_id {
            flags |= SESSION_ID;
            inner.extend_from_slice(&session_id.0);
        }
        inner.extend(self.compression.dictionary());
        if let Some(ticket) = &self.ticket {
            flags |= TICKET;
            ticket.write(inner);
        }
        inner[flags_at] = flags;
    }
}

/// Reads a decrypted inner text.
pub(crate) fn read(inner: &[u8]) -> Result<(Fields, &[u8]), Reason> {
    let (&flags, mut rest) = inner.split_first().ok_or(Reason::CorruptBody)?;
    let has = |flag: u8| flags & flag != 0;
    // A dictionary without deflate, or both ways to deflate at once, is nothing we ever write.
    let compressed = has(DEFLATED) || has(SPLIT);
    if has(RESERVED) || (has(DICTIONARY) && !compressed) || (has(DEFLATED) && has(SPLIT)) {
        return Err(Reason::CorruptBody);
    }
    if has(PADDED) {
        rest = unpad(rest)?;
    }
    let issued = u32::from_be_bytes(take(&mut rest)?);
    let created = has(CREATED).then(|| take(&mut rest)).transpose()?;
    let session_id = has(SESSION_ID).then(|| take(&mut rest)).transpose()?;
    let dictionary = has(DICTIONARY).then(|| take::<1>(&mut rest)).transpose()?;
    let ticket = has(TICKET).then(|| take(&mut rest)).transpose()?;
    let fields = Fields {
        issued,
        created: created.map(u32::from_be_bytes),
        session_id: session_id.map(SessionId),
        compression: match dictionary.map(|[id]| id) {
            id if has(DEFLATED) => Compression::Deflate(id),
            id if has(SPLIT) => Compression::Split(id),
            _ => Compression::None,
        },
        ticket: ticket.map(|bytes| Ticket::read(&bytes)),
    };
    Ok((fields, rest))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Reason> {
    let (bytes, after) = rest.split_first_chunk().ok_or(Reason::CorruptBody)?;
    *rest = after;
    Ok(*bytes)
}

/// Cuts the padding: zeros back to the byte 0x80 (ISO/IEC 7816-4).
fn unpad(padded: &[u8]) -> Result<&[u8], Reason> {
    let end = padded.iter().rposition(|&byte| byte != 0);
    match end.and_then(|end| padded.split_at_checked(end)) {
        Some((text, [0x80, ..])) => Ok(text),
        _ => Err(Reason::CorruptBody),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::RecordId;

    fn fields() -> [Fields; 4] {
        let bare = Fields {
            issued: 1_800_000_000,
            created: None,
            session_id: None,
            compression: Compression::None,
            ticket: None,
        };
        let deflated = Fields {
            created: Some(1_799_990_000),
            compression: Compression::Deflate(None),
            ..bare.clone()
        };
        let full = Fields {
            session_id: Some(SessionId([7; 16])),
            compression: Compression::Deflate(Some(1)),
            ticket: Some(Ticket {
                id: RecordId([1; 16]),
                revision: 9,
                digest: [2; 16],
            }),
            ..deflated.clone()
        };
        let split = Fields {
            compression: Compression::Split(Some(200)),
            ..bare.clone()
        };
        [bare, deflated, full, split]
    }

    #[test]
    fn what_is_written_is_read() {
        for fields in fields() {
            let mut inner = Vec::new();
            fields.write(&mut inner);
            assert_eq!(inner.len(), fields.encoded_len());
            inner.extend_from_slice(b"body");
            let (read, body) = read(&inner).unwrap();
            assert_eq!(read, fields);
            assert_eq!(body, &b"body"[..]);
        }
    }

    #[test]
    fn every_truncation_is_read_or_refused() {
        let mut inner = Vec::new();
        fields()[2].write(&mut inner);
        for len in 0..inner.len() {
            assert_eq!(read(&inner[..len]), Err(Reason::CorruptBody), "{len}");
        }
    }

    #[test]
    fn flags_that_contradict_are_refused() {
        for flags in 0..=255 {
            let inner = [[flags].as_slice(), &[0; 80], &[0x80, 0]].concat();
            let contradicts = flags & 0x80 != 0
                || (flags & 0x40 != 0 && flags & 0x21 == 0)
                || flags & 0x21 == 0x21;
            assert_eq!(read(&inner).is_err(), contradicts, "{flags:#x}");
        }
    }

    #[test]
    fn padding_is_cut_and_must_be_whole() {
        let (_, body) = read(&[0x08, 0, 0, 0, 1, b'x', 0x80, 0, 0]).unwrap();
        assert_eq!(body, b"x");
        assert!(read(&[0x08, 0, 0, 0, 1, b'x', 0x81, 0]).is_err());
        assert!(read(&[0x08, 0, 0, 0, 0]).is_err());
    }
}
