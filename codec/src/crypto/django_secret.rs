use core::fmt;

use alloc::vec::Vec;
use zeroize::Zeroizing;

use super::{labels, mac::MacKey};

/// Django's own rule (`security.W009`): shorter than this is weak.
const MIN_CHARACTERS: usize = 50;
/// Django's own rule (`security.W009`): fewer different characters than this is weak.
const MIN_DISTINCT: usize = 5;
/// What `django-admin startproject` puts before the key it generates.
const INSECURE_PREFIX: &[u8] = b"django-insecure-";

/// A Django `SECRET_KEY`: any bytes, used as they are. Zeroized when dropped, and shown by nothing.
#[derive(Clone)]
pub struct DjangoSecret(Zeroizing<Vec<u8>>);

impl DjangoSecret {
    /// A key as Django's settings have it, judged as Django's `check --deploy` judges it.
    ///
    /// # Errors
    /// [`WeakDjangoSecret`] if it is short, monotonous or generated for development.
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, WeakDjangoSecret> {
        let key = Self(Zeroizing::new(key.into()));
        let mut seen = [false; 256];
        key.0
            .iter()
            .for_each(|&byte| seen[usize::from(byte)] = true);
        if key.0.starts_with(INSECURE_PREFIX) {
            Err(WeakDjangoSecret::Insecure)
        } else if key.0.len() < MIN_CHARACTERS {
            Err(WeakDjangoSecret::Short)
        } else if seen.into_iter().filter(|&seen| seen).count() < MIN_DISTINCT {
            Err(WeakDjangoSecret::Monotonous)
        } else {
            Ok(key)
        }
    }

    /// A key that is not judged: for development, and to read what a weak key has signed. An
    /// empty key is still refused, since Django itself refuses to start with one.
    ///
    /// # Errors
    /// [`WeakDjangoSecret::Short`] for the empty key.
    pub fn new_allowing_weak(key: impl Into<Vec<u8>>) -> Result<Self, WeakDjangoSecret> {
        let key = key.into();
        if key.is_empty() {
            return Err(WeakDjangoSecret::Short);
        }
        Ok(Self(Zeroizing::new(key)))
    }

    /// `SHA-256(salt || "signer" || secret)`
    pub(crate) fn mac_key(&self, salt: &[u8]) -> MacKey {
        labels::django_key(salt, &self.0)
    }

    /// `SHA-256(secret)`
    #[cfg(feature = "fernet")]
    pub(crate) fn fernet_key(&self) -> super::FernetKey {
        labels::fernet_key(&self.0)
    }
}

impl fmt::Debug for DjangoSecret {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DjangoSecret").finish_non_exhaustive()
    }
}

/// Why a Django `SECRET_KEY` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeakDjangoSecret {
    /// Fewer than 50 characters.
    Short,
    /// Fewer than 5 different characters.
    Monotonous,
    /// Begins with `django-insecure-`: made by `startproject`, never meant for production.
    Insecure,
}

impl fmt::Display for WeakDjangoSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "the Django secret key has fewer than 50 characters",
            Self::Monotonous => "the Django secret key has fewer than 5 different characters",
            Self::Insecure => "the Django secret key begins with django-insecure-",
        })
    }
}

impl core::error::Error for WeakDjangoSecret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_refused_unless_allowed() {
        let refused = |key: &str| DjangoSecret::new(key).err();
        assert_eq!(refused("secret"), Some(WeakDjangoSecret::Short));
        assert_eq!(
            refused(&"abab".repeat(20)),
            Some(WeakDjangoSecret::Monotonous)
        );
        let insecure = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";
        assert_eq!(refused(insecure), Some(WeakDjangoSecret::Insecure));
        assert_eq!(
            refused(&insecure["django-insecure-".len()..]),
            Some(WeakDjangoSecret::Short)
        );
        assert!(DjangoSecret::new("k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus").is_ok());
        assert!(DjangoSecret::new_allowing_weak("secret").is_ok());
        assert!(DjangoSecret::new_allowing_weak("").is_err());
    }
}
