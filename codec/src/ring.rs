//! Key rings: one key writes, a few more still read.

use core::fmt;

use alloc::vec::Vec;

use crate::atoms::KeyId;

/// Fallbacks a ring may have: a rotation a week for two months; each costs an HMAC to refuse a
/// forged Django cookie.
pub const MAX_FALLBACKS: usize = 8;

/// One key that writes and reads, and up to [`MAX_FALLBACKS`] that only read, newest first.
#[derive(Debug, Clone)]
pub struct KeyRing<K> {
    primary: K,
    fallbacks: Vec<K>,
}

impl<K> KeyRing<K> {
    /// A ring of one or more keys.
    ///
    /// # Errors
    /// [`KeyRingError::TooManyFallbacks`] beyond [`MAX_FALLBACKS`].
    pub fn new(primary: K, fallbacks: Vec<K>) -> Result<Self, KeyRingError> {
        if fallbacks.len() > MAX_FALLBACKS {
            return Err(KeyRingError::TooManyFallbacks);
        }
        Ok(Self { primary, fallbacks })
    }

    /// The key that writes.
    #[must_use]
    pub const fn primary(&self) -> &K {
        &self.primary
    }

    /// Every key that reads, the primary first.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        core::iter::once(&self.primary).chain(&self.fallbacks)
    }

    /// The same ring of keys made from these.
    pub(crate) fn map<L>(&self, mut derive: impl FnMut(&K) -> L) -> KeyRing<L> {
        KeyRing {
            primary: derive(&self.primary),
            fallbacks: self.fallbacks.iter().map(derive).collect(),
        }
    }

    /// As [`Self::map`], where a key may not do; the first one's error, the primary looked at first.
    pub(crate) fn try_map<L, E>(
        &self,
        mut derive: impl FnMut(&K) -> Result<L, E>,
    ) -> Result<KeyRing<L>, E> {
        Ok(KeyRing {
            primary: derive(&self.primary)?,
            fallbacks: self
                .fallbacks
                .iter()
                .map(derive)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Why keys do not make a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRingError {
    /// More than [`MAX_FALLBACKS`] fallbacks.
    TooManyFallbacks,
    /// Two keys have the same id: the same secret twice, or a collision; draw another secret.
    DuplicateKeyId(KeyId),
    /// The audience or purpose is longer than 255 bytes.
    NameTooLong,
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyFallbacks => write!(f, "a key ring has at most {MAX_FALLBACKS} fallbacks"),
            Self::DuplicateKeyId(id) => write!(f, "two keys of the ring have the id {id}"),
            Self::NameTooLong => f.write_str("the audience has more than 255 bytes"),
        }
    }
}

impl core::error::Error for KeyRingError {}

/// Start-up fails on two equal ids: an envelope names its key, and exactly one is tried.
pub(crate) fn refuse_duplicates(ids: impl Iterator<Item = KeyId>) -> Result<(), KeyRingError> {
    let mut seen: Vec<KeyId> = Vec::new();
    for id in ids {
        if seen.contains(&id) {
            return Err(KeyRingError::DuplicateKeyId(id));
        }
        seen.push(id);
    }
    Ok(())
}
