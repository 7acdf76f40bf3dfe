use alloc::borrow::Cow;
use core::error::Error;
use core::fmt;

/// Words that writer and reader know beforehand, so that a stream can point at them instead of
/// spelling them (RFC 1951, preset dictionary): it halves a small session.
///
/// A sealed envelope names its dictionary by id, so a reader needs the same bytes under the same
/// id for as long as cookies written with them live. What goes into a dictionary is not secret:
/// never train one on values of real users.
#[derive(Clone, PartialEq, Eq)]
pub struct Dictionary {
    id: u8,
    bytes: Cow<'static, [u8]>,
}

impl Dictionary {
    /// Most bytes a dictionary can have: the farthest that a deflate stream can point back.
    pub const MAX_LENGTH: usize = 32 * 1024;

    /// Words of common web sessions: Django, allauth, Flask-Login, carts. Its id is 1, and its
    /// bytes never change.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// A dictionary of the application. `id` is 128 to 255; `bytes` are 1 to 32,768, most frequent
    /// last (`scripts/train-dictionary.py` makes them from sample sessions).
    ///
    /// # Errors
    ///
    /// [`DictionaryError::ReservedId`] for ids below 128, [`DictionaryError::Length`] if `bytes`
    /// is empty or too long.
    pub fn configured(
        id: u8,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Result<Self, DictionaryError> {
        let bytes = bytes.into();
        if id < FIRST_CONFIGURED_ID {
            Err(DictionaryError::ReservedId(id))
        } else if bytes.is_empty() || bytes.len() > Self::MAX_LENGTH {
            Err(DictionaryError::Length(bytes.len()))
        } else {
            Ok(Self { id, bytes })
        }
    }

    /// The byte that names it in a sealed envelope.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.id
    }

    /// Its words, most frequent last.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("id", &self.id)
            .field("length", &self.bytes.len())
            .finish()
    }
}

/// Why a configured dictionary was refused. The operator's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DictionaryError {
    /// The id (given here) is below 128: those belong to the format.
    ReservedId(u8),
    /// The length (given here, in bytes) is not 1 to 32,768.
    Length(usize),
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedId(id) => write!(
                f,
                "dictionary id {id} is reserved: a configured dictionary has an id of 128 to 255"
            ),
            Self::Length(length) => write!(
                f,
                "a dictionary of {length} bytes: 1 to {} are possible",
                Dictionary::MAX_LENGTH
            ),
        }
    }
}

impl Error for DictionaryError {}

static BUILT_IN: Dictionary = Dictionary {
    id: 1,
    bytes: Cow::Borrowed(include_bytes!("dictionary/1.txt")),
};

/// Ids below are for dictionaries that come with a version of the format.
const FIRST_CONFIGURED_ID: u8 = 128;

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// Every sealed cookie that names dictionary 1 needs exactly these bytes.
    #[test]
    fn the_built_in_dictionary_is_frozen() {
        let digest: [u8; 32] = Sha256::digest(Dictionary::built_in().bytes()).into();
        assert_eq!(
            digest,
            [
                0x77, 0xec, 0x45, 0xf3, 0x8b, 0x20, 0x78, 0x2f, 0x43, 0xb3, 0xc6, 0x54, 0xc2, 0xb6,
                0x02, 0xd6, 0x68, 0x93, 0x93, 0x80, 0xb6, 0xc2, 0x74, 0x15, 0x8b, 0xd0, 0xb3, 0x94,
                0xe7, 0xb3, 0x73, 0x46
            ]
        );
        assert_eq!(Dictionary::built_in().id(), 1);
    }

    #[test]
    fn only_ids_from_128_can_be_configured() {
        for id in 0..128 {
            assert_eq!(
                Dictionary::configured(id, &b"word"[..]),
                Err(DictionaryError::ReservedId(id))
            );
        }
        for id in 128..=255 {
            let dictionary = Dictionary::configured(id, &b"word"[..]).unwrap();
            assert_eq!((dictionary.id(), dictionary.bytes()), (id, &b"word"[..]));
        }
    }

    #[test]
    fn a_dictionary_has_1_to_32768_bytes() {
        for length in [0, Dictionary::MAX_LENGTH + 1] {
            assert_eq!(
                Dictionary::configured(128, alloc::vec![0; length]),
                Err(DictionaryError::Length(length))
            );
        }
        for length in [1, Dictionary::MAX_LENGTH] {
            assert!(Dictionary::configured(128, alloc::vec![0; length]).is_ok());
        }
    }
}
