use core::fmt;

use alloc::vec::Vec;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::{labels, mac::MacKey};

/// As long as the `os.urandom(16)` of Flask's older documentation; what it recommends now
/// (`secrets.token_hex()`) has 64.
const MIN_BYTES: usize = 16;
/// As for Django's secrets: fewer different bytes than this are no key but a keyboard test.
const MIN_DISTINCT: usize = 5;
/// The keys that Flask's documentation shows: copied into too many applications.
const SAMPLES: [&[u8]; 3] = [
    b"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    b"_5#y2L\"F4Q8z\n\xec]/",
    b"_5#y2L\"F4Q8z\\n\\xec]/",
];

/// A Flask `SECRET_KEY`: any bytes, used as they are. Zeroized when dropped, and shown by nothing.
#[derive(Clone)]
pub struct FlaskSecret(Zeroizing<Vec<u8>>);

impl FlaskSecret {
    /// A key as Flask's configuration has it. Flask itself judges none.
    ///
    /// # Errors
    /// [`WeakFlaskSecret`] if it is short, monotonous or an example of Flask's documentation.
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, WeakFlaskSecret> {
        let key = Self(Zeroizing::new(key.into()));
        let mut seen = [false; 256];
        key.0
            .iter()
            .for_each(|&byte| seen[usize::from(byte)] = true);
        if SAMPLES.contains(&key.0.as_slice()) {
            Err(WeakFlaskSecret::Sample)
        } else if key.0.len() < MIN_BYTES {
            Err(WeakFlaskSecret::Short)
        } else if seen.into_iter().filter(|&seen| seen).count() < MIN_DISTINCT {
            Err(WeakFlaskSecret::Monotonous)
        } else {
            Ok(key)
        }
    }

    /// A key that is not judged: for development, and to read what a weak key has signed. An
    /// empty key is still refused, since Flask itself has no sessions with one.
    ///
    /// # Errors
    /// [`WeakFlaskSecret::Short`] for the empty key.
    pub fn new_allowing_weak(key: impl Into<Vec<u8>>) -> Result<Self, WeakFlaskSecret> {
        let key = key.into();
        if key.is_empty() {
            return Err(WeakFlaskSecret::Short);
        }
        Ok(Self(Zeroizing::new(key)))
    }

    /// `HMAC-SHA1(secret, "cookie-session")`
    pub(crate) fn mac_key(&self) -> MacKey<Sha1> {
        labels::flask_key(&self.0)
    }
}

impl fmt::Debug for FlaskSecret {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlaskSecret").finish_non_exhaustive()
    }
}

/// Why a Flask `SECRET_KEY` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeakFlaskSecret {
    /// Fewer than 16 bytes.
    Short,
    /// Fewer than 5 different bytes.
    Monotonous,
    /// An example of Flask's documentation.
    Sample,
}

impl fmt::Display for WeakFlaskSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "the Flask secret key has fewer than 16 bytes",
            Self::Monotonous => "the Flask secret key has fewer than 5 different bytes",
            Self::Sample => "the Flask secret key is an example of Flask's documentation",
        })
    }
}

impl core::error::Error for WeakFlaskSecret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_refused_unless_allowed() {
        let refused = |key: &[u8]| FlaskSecret::new(key).err();
        assert_eq!(refused(b"dev"), Some(WeakFlaskSecret::Short));
        assert_eq!(
            refused(&b"ab".repeat(20)),
            Some(WeakFlaskSecret::Monotonous)
        );
        for sample in SAMPLES {
            assert_eq!(refused(sample), Some(WeakFlaskSecret::Sample));
        }
        assert_eq!(refused(b"6fe3a0d1c94b27e58a3c"), None);
        assert!(FlaskSecret::new_allowing_weak("dev").is_ok());
        assert!(FlaskSecret::new_allowing_weak("").is_err());
    }
}
