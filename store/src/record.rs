use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use session_codec::Timestamp;

/// The name of a record in every store: 32 characters of base64url.
///
/// Made from a keyed hash only, never from text: what a client sends cannot become a file path,
/// a key prefix or a query, and how long a look-up takes says nothing about an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordName(String);

impl RecordName {
    /// Characters of every name.
    pub const LEN: usize = 32;

    /// The name for 24 octets of a keyed hash of the record's id.
    #[must_use]
    pub fn new(keyed_hash: [u8; 24]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(keyed_hash))
    }

    /// The name with upper and lower case exchanged: another name, except to stores that ignore
    /// case.
    pub(crate) fn in_other_case(&self) -> Self {
        let exchanged = self.0.chars().map(|letter| match letter {
            'a'..='z' => letter.to_ascii_uppercase(),
            _ => letter.to_ascii_lowercase(),
        });
        Self(exchanged.collect())
    }

    /// The name: `A-Z a-z 0-9 - _`, always [`Self::LEN`] of them, case matters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store keeps: encrypted octets that mean nothing to it.
///
/// No `Debug`: there is nothing in it to read, and a log is no place for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Vec<u8>);

impl Record {
    /// Longest record: 1 MiB of session data and what encryption adds to it.
    pub const MAX_OCTETS: usize = session_codec::policy::Limits::MAX_RECORD_BYTES;

    /// Takes the octets as they are.
    ///
    /// # Errors
    /// If there are more than [`Self::MAX_OCTETS`].
    pub fn new(octets: Vec<u8>) -> Result<Self, RecordTooLarge> {
        if octets.len() > Self::MAX_OCTETS {
            return Err(RecordTooLarge {
                octets: octets.len(),
            });
        }
        Ok(Self(octets))
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The octets, without a copy.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        self.0
    }
}

/// A record that is live, and until when.
///
/// No `Debug`, as for the record itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// What was put.
    pub record: Record,
    /// When it expires, in whole seconds: whoever keeps a copy keeps it no longer.
    pub expires: Timestamp,
}

/// More octets than a record may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordTooLarge {
    /// Octets given.
    pub octets: usize,
}

impl fmt::Display for RecordTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "record of {} octets, at most {} are kept",
            self.octets,
            Record::MAX_OCTETS
        )
    }
}

impl core::error::Error for RecordTooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_alphabet_and_length() {
        for octet in 0..=u8::MAX {
            let name = RecordName::new([octet; 24]);
            assert_eq!(name.as_str().len(), RecordName::LEN);
            assert!(
                name.as_str()
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
            );
        }
        assert_ne!(RecordName::new([0; 24]), RecordName::new([1; 24]));
    }

    #[test]
    fn one_octet_too_many_is_refused() {
        let octets = Record::MAX_OCTETS;
        assert!(Record::new(alloc::vec![0; octets]).is_ok());
        let error = Record::new(alloc::vec![0; octets + 1]).err();
        assert_eq!(error, Some(RecordTooLarge { octets: octets + 1 }));
    }
}
