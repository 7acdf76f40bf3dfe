use alloc::vec::Vec;
use core::fmt;

use session_codec::Timestamp;

/// What a store keeps: encrypted bytes that mean nothing to it.
///
/// No `Debug`: there is nothing in it to read, and a log is no place for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Vec<u8>);

impl Record {
    /// Longest record: 1 MiB of session data and what encryption adds to it.
    pub const MAX_BYTES: usize = session_codec::policy::Limits::MAX_RECORD_BYTES;

    /// Takes the bytes as they are.
    ///
    /// # Errors
    /// If there are more than [`Self::MAX_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, RecordTooLarge> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(RecordTooLarge { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A record that is live, and until when.
///
/// No `Debug`, as for the record itself.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// What was put.
    pub record: Record,
    /// When it expires, in whole seconds: whoever keeps a copy keeps it no longer.
    pub expires: Timestamp,
}

/// More bytes than a record may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordTooLarge {
    /// Bytes given.
    pub bytes: usize,
}

impl fmt::Display for RecordTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "record of {} bytes, at most {} are kept",
            self.bytes,
            Record::MAX_BYTES
        )
    }
}

impl core::error::Error for RecordTooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_too_many_is_refused() {
        let bytes = Record::MAX_BYTES;
        assert!(Record::new(alloc::vec![0; bytes]).is_ok());
        let error = Record::new(alloc::vec![0; bytes + 1]).err();
        assert_eq!(error, Some(RecordTooLarge { bytes: bytes + 1 }));
    }
}
