use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use session_codec::{StoreName, Timestamp};
use session_store::{Framed, Head, Kind, Record, StoredRecord};

/// The first byte of a file says what it is; then 8 bytes with when it expires, then the rest.
const SESSION: u8 = b's';
const REVOCATION: u8 = b'r';
const HEAD: u8 = b'h';
const TOMBSTONE: u8 = b't';

/// A cookie is 4096 bytes at most; a file with more than a record has is none of ours.
const MAX_BYTES: u64 = Framed::MAX_BYTES as u64 + 1;

/// What a record's file has in it.
pub(super) struct RecordFile {
    pub(super) kind: Kind,
    pub(super) stored: StoredRecord,
}

/// What a head's file has in it: no head is a tombstone.
pub(super) struct HeadFile {
    pub(super) head: Option<Head>,
    pub(super) expires: Timestamp,
}

impl RecordFile {
    pub(super) fn write(kind: Kind, record: &Record, expires: Timestamp) -> Vec<u8> {
        let kind = match kind {
            Kind::Session => SESSION,
            Kind::Revocation => REVOCATION,
        };
        let mut content = vec![kind];
        content.append(&mut Framed::write(record, expires));
        content
    }

    /// None if there is no such file, or it is none of ours.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let Some((first, rest)) = content(path)? else {
            return Ok(None);
        };
        let kind = match first {
            SESSION => Kind::Session,
            REVOCATION => Kind::Revocation,
            _ => return Ok(None),
        };
        // Expired or not: whoever asks has a clock.
        let stored = Framed::read(rest, Timestamp::from_millis(i64::MIN)).live();
        Ok(stored.map(|stored| Self { kind, stored }))
    }
}

impl HeadFile {
    pub(super) fn write(head: Option<&Head>, expires: Timestamp) -> Vec<u8> {
        let mut content = vec![if head.is_some() { HEAD } else { TOMBSTONE }];
        let seconds = u64::try_from(expires.seconds()).unwrap_or(0);
        content.extend_from_slice(&seconds.to_be_bytes());
        if let Some(head) = head {
            content.extend_from_slice(head.record.bytes());
            content.extend_from_slice(head.cookie.as_bytes());
        }
        content
    }

    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let Some((first, rest)) = content(path)? else {
            return Ok(None);
        };
        Ok(Self::parse(first, &rest))
    }

    fn parse(first: u8, rest: &[u8]) -> Option<Self> {
        let (seconds, rest) = rest.split_first_chunk()?;
        let expires = i64::try_from(u64::from_be_bytes(*seconds)).ok()?;
        let head = match first {
            TOMBSTONE => None,
            HEAD => {
                let (record, cookie) = rest.split_first_chunk()?;
                Some(Head {
                    record: StoreName::new(*record),
                    cookie: core::str::from_utf8(cookie).ok()?.into(),
                })
            }
            _ => return None,
        };
        let expires = Timestamp::from_seconds(expires);
        Some(Self { head, expires })
    }
}

/// The first byte and the rest of a file, if it is there.
fn content(path: &Path) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let (mut first, mut rest) = ([0], Vec::new());
    if let Ok(about) = file.metadata() {
        rest.reserve(usize::try_from(about.len().min(MAX_BYTES)).unwrap_or(0));
    }
    if file.read(&mut first)? == 0 {
        return Ok(None);
    }
    file.take(MAX_BYTES).read_to_end(&mut rest)?;
    Ok(Some((first[0], rest)))
}
