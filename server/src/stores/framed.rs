//! Values of back ends without columns: what the record is, then its frame.

use session_codec::Timestamp;
use session_store::{Framed, Kind, Record, StoredRecord};

/// Longest value.
pub(super) const MAX_BYTES: usize = 1 + Framed::MAX_BYTES;
/// How much longer than it lives a record is kept, in seconds: its end is told by its frame, and clocks differ.
const MARGIN: i64 = 60;

/// The value to keep.
pub(super) fn write(kind: Kind, record: &Record, expires: Timestamp) -> Vec<u8> {
    let mut value = Framed::write(record, expires);
    value.insert(0, letter(kind));
    value
}

/// The record, if it is live and one of ours.
pub(super) fn read(value: Vec<u8>, now: Timestamp) -> Option<StoredRecord> {
    split(value).and_then(|(_, frame)| Framed::read(frame, now).live())
}

/// What it is, and the record, expired or not.
pub(super) fn read_any(value: Vec<u8>) -> Option<(Kind, StoredRecord)> {
    let (kind, frame) = split(value)?;
    let stored = Framed::read(frame, Timestamp::from_seconds(i64::MIN)).live()?;
    Some((kind, stored))
}

fn split(mut value: Vec<u8>) -> Option<(Kind, Vec<u8>)> {
    let kind = match value.first()? {
        b's' => Kind::Session,
        b'e' => Kind::Revocation,
        _ => return None,
    };
    value.remove(0);
    Some((kind, value))
}

const fn letter(kind: Kind) -> u8 {
    match kind {
        Kind::Session => b's',
        Kind::Revocation => b'e',
    }
}

/// Seconds from `now` after which a back end may forget it by itself.
pub(super) fn seconds_kept(expires: Timestamp, now: Timestamp) -> i64 {
    let left = expires.seconds().saturating_sub(now.seconds());
    left.clamp(0, MOST) + MARGIN
}

/// Nothing lives longer: a hundred years, so that no back end's arithmetic runs over.
const MOST: i64 = 100 * 366 * 86_400;
