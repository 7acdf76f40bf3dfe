use alloc::vec::Vec;

use session_codec::Timestamp;

use crate::record::{Record, StoredRecord};

/// A record as kept by backends without an expiry column of their own:
/// `expires, seconds since 1970, u64 big-endian | record`.
///
/// The frame is for tidiness, not for trust: who can write to the store can write an expiry. How
/// long a session lives is in the encrypted cookie.
#[derive(Clone, PartialEq, Eq)]
pub enum Framed {
    /// Readable and not expired.
    Live(StoredRecord),
    /// Readable, and its time is over: absent, and may be deleted.
    Expired,
    /// Nothing we wrote: absent, and worth counting.
    Malformed,
}

impl Framed {
    /// Longest frame. An adapter need not read more of a value than this and one byte.
    pub const MAX_BYTES: usize = HEAD_BYTES + Record::MAX_BYTES;

    /// The frame to keep. `expires` is rounded down to whole seconds; before 1970 it is 1970.
    #[must_use]
    pub fn write(record: &Record, expires: Timestamp) -> Vec<u8> {
        let seconds = u64::try_from(expires.seconds()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + record.bytes().len());
        bytes.extend_from_slice(&seconds.to_be_bytes());
        bytes.extend_from_slice(record.bytes());
        bytes
    }

    /// Reads what was kept. Moves the record to the front of the same buffer: no allocation.
    #[must_use]
    pub fn read(mut bytes: Vec<u8>, now: Timestamp) -> Self {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
            return Self::Malformed;
        };
        let Ok(seconds) = i64::try_from(u64::from_be_bytes(*head)) else {
            return Self::Malformed;
        };
        if bytes.len() > Self::MAX_BYTES {
            return Self::Malformed;
        }
        let expires = Timestamp::from_seconds(seconds);
        if expires <= now {
            return Self::Expired;
        }
        bytes.drain(..HEAD_BYTES);
        match Record::new(bytes) {
            Ok(record) => Self::Live(StoredRecord { record, expires }),
            Err(_) => Self::Malformed,
        }
    }

    /// The record if it is live: what [`SessionStore::get`](crate::SessionStore::get) answers.
    #[must_use]
    pub fn live(self) -> Option<StoredRecord> {
        match self {
            Self::Live(kept) => Some(kept),
            Self::Expired | Self::Malformed => None,
        }
    }
}

const HEAD_BYTES: usize = size_of::<u64>();

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn layout() {
        let record = Record::new(b"abc".to_vec()).unwrap();
        let bytes = Framed::write(&record, at(0x0102_0304));
        assert_eq!(bytes, b"\0\0\0\0\x01\x02\x03\x04abc");
        let expires = at(0x0102_0304);
        let live = Framed::Live(StoredRecord { record, expires });
        assert!(Framed::read(bytes.clone(), at(0x0102_0303)) == live);
        assert!(Framed::read(bytes.clone(), at(0x0102_0304)) == Framed::Expired);
        assert!(Framed::read(bytes, Timestamp::from_millis(i64::MAX)) == Framed::Expired);
    }

    #[test]
    fn a_fraction_of_a_second_does_not_lengthen_a_life() {
        let record = Record::new(Vec::new()).unwrap();
        let bytes = Framed::write(&record, Timestamp::from_millis(10_999));
        assert!(
            Framed::read(bytes.clone(), Timestamp::from_millis(9_999))
                .live()
                .is_some()
        );
        assert!(Framed::read(bytes, at(10)) == Framed::Expired);
    }

    #[test]
    fn damaged_frames_are_malformed() {
        let now = at(0);
        for bytes in [0, 1, 7] {
            assert!(Framed::read(alloc::vec![0xff; bytes], now) == Framed::Malformed);
        }
        let beyond = [&[0x80, 0, 0, 0, 0, 0, 0, 0][..], b"abc"].concat();
        assert!(Framed::read(beyond, now) == Framed::Malformed);
        let mut long = alloc::vec![0; Framed::MAX_BYTES];
        long[7] = 9;
        assert!(Framed::read(long.clone(), now).live().is_some());
        long.push(0);
        assert!(Framed::read(long, now) == Framed::Malformed);
    }

    proptest! {
        #[test]
        fn any_bytes_and_any_clock_are_read(bytes in any::<Vec<u8>>(), millis in any::<i64>()) {
            let _ = Framed::read(bytes, Timestamp::from_millis(millis));
        }

        #[test]
        fn what_is_written_is_read_until_it_expires(
            bytes in any::<Vec<u8>>(), expires in any::<i64>(), now in any::<i64>(),
        ) {
            let record = Record::new(bytes).unwrap();
            let (expires, now) = (Timestamp::from_millis(expires), Timestamp::from_millis(now));
            let read = Framed::read(Framed::write(&record, expires), now);
            let end = at(expires.seconds().max(0));
            let live = Framed::Live(StoredRecord { record, expires: end });
            let expected = if now < end { live } else { Framed::Expired };
            prop_assert!(read == expected);
        }
    }
}
