use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use crate::text::base64url;

/// A name in a store: of a record, a session's head, or the end of a session or of a user's
/// sessions.
///
/// It is a hash, never text of a client's, so none can become a file path, a key prefix or a query,
/// and how long a look-up takes says nothing about an id. All four kinds lie in one key space, where
/// a store gets and deletes whatever it is given, and no two of them are ever alike; whose a record
/// is lies elsewhere ([`OwnerName`](crate::OwnerName)).
///
/// As text it has 32 characters of base64url, `A-Z a-z 0-9 - _`; case matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName([u8; Self::BYTES]);

impl StoreName {
    /// Bytes of every name.
    pub const BYTES: usize = 24;
    /// Characters of every name.
    pub const CHARACTERS: usize = base64url::encoded_len(Self::BYTES);

    /// The name of these bytes of a hash.
    #[must_use]
    pub const fn new(hash: [u8; Self::BYTES]) -> Self {
        Self(hash)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The name as text, always [`Self::CHARACTERS`] of it.
    #[must_use]
    pub fn to_text(&self) -> String {
        text(&self.0)
    }

    /// Where it lies, as text: the first half of the name. What belongs to one session has the same
    /// place, so a store may keep that together, and find all of it by how its names begin.
    #[must_use]
    pub fn place(&self) -> String {
        text(&self.0[..Self::BYTES / 2])
    }
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(StoreName::CHARACTERS);
    base64url::encode_into(bytes, &mut text);
    text
}

impl FromStr for StoreName {
    type Err = NotAName;

    /// What [`StoreName::to_text`] wrote, and no other text.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        if text.len() == Self::CHARACTERS {
            base64url::decode(text.as_bytes(), &mut bytes).map_err(|_| NotAName)?;
        }
        bytes.try_into().map(Self).map_err(|_| NotAName)
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreName({self})")
    }
}

/// The text is not a name's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a name in a store")
    }
}

impl core::error::Error for NotAName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling_alphabet_and_length() {
        for byte in 0..=u8::MAX {
            let name = StoreName::new([byte; 24]);
            let text = name.to_text();
            assert_eq!(text.len(), StoreName::CHARACTERS);
            assert!(
                text.bytes()
                    .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
            );
            assert_eq!(text.parse(), Ok(name));
            assert_eq!(text[..16], name.place());
        }
        let name = StoreName::new(core::array::from_fn(|n| n as u8));
        assert_eq!(name.to_text(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
        assert_eq!(name.place(), "AAECAwQFBgcICQoL");
        assert_eq!(
            alloc::format!("{name:?}"),
            "StoreName(AAECAwQFBgcICQoLDA0ODxAREhMUFRYX)"
        );
    }

    #[test]
    fn no_other_text_is_a_name() {
        let text = StoreName::new([0xfb; 24]).to_text();
        for other in [
            "",
            &text[..31],
            &text[..28],
            &[&text, "AAAA"].concat(),
            &text.replace('-', "+"),
            &[&text[..31], "="].concat(),
            &[&text[..31], " "].concat(),
        ] {
            let refused = other.parse::<StoreName>();
            assert_eq!(refused, Err(NotAName), "{other}");
        }
        assert_eq!(alloc::format!("{NotAName}"), "not a name in a store");
    }
}
