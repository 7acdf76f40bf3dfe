use alloc::string::String;
use core::fmt;

use crate::{
    atoms::Envelope,
    compress::DictionaryError,
    cookie::{CookieNameError, CookieProfileError},
    ring::KeyRingError,
};

/// Why a configuration is refused. Names the setting, never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The cookie's name or attributes.
    Cookie(CookieProfileError),
    /// The name of the Django cookie.
    DjangoCookie(CookieNameError),
    /// The sealing keys.
    Keys(KeyRingError),
    /// `sealed` is written or accepted, or keys are to be spilled, but there is no sealing key.
    NoSealingKey,
    /// `django` is written or accepted, but there is no Django secret.
    NoDjangoKey,
    /// `flask` is written or accepted, but there is no Flask secret.
    NoFlaskKey,
    /// This envelope is read to migrate away from it, so its acceptance must say `until` when.
    NoEnd(Envelope),
    /// This envelope is read, never written.
    ReadOnly(Envelope),
    /// The envelope that is written is not accepted without an end: nobody could read it back.
    WritesWhatItRefuses,
    /// A key (given here) is secret by a rule, but the envelope that is written is readable.
    ReadableSecret(String),
    /// A key (given here) is critical and yet to be dropped by a rule.
    CriticalDropped(String),
    /// A dictionary.
    Dictionary(DictionaryError),
    /// The dictionary of this id is not base64.
    DictionaryText(u8),
    /// Two dictionaries have this id.
    DictionaryTwice(u8),
    /// The dictionary of this id is to be written with, but there is none.
    UnknownDictionary(u8),
    /// The budget leaves no room beside the cookie's name.
    BudgetTooSmall,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(error) => write!(f, "cookie: {error}"),
            Self::DjangoCookie(error) => write!(f, "django_cookie: {error}"),
            Self::Keys(error) => write!(f, "sealing keys: {error}"),
            Self::NoSealingKey => f.write_str(
                "a sealing key is needed to write or accept sealed cookies, or to spill",
            ),
            Self::NoDjangoKey => {
                f.write_str("a Django secret is needed to write or accept Django cookies")
            }
            Self::NoFlaskKey => {
                f.write_str("a Flask secret is needed to write or accept Flask cookies")
            }
            Self::NoEnd(envelope) => write!(
                f,
                "accept: {} is for migrations, say with `until` when this one ends",
                envelope.label()
            ),
            Self::ReadOnly(envelope) => {
                write!(f, "write: {} is read, never written", envelope.label())
            }
            Self::WritesWhatItRefuses => {
                f.write_str("accept: the envelope that is written must be accepted without an end")
            }
            Self::ReadableSecret(key) => write!(
                f,
                "rules: \"{key}\" is secret, but only the envelope \"sealed\" hides values"
            ),
            Self::CriticalDropped(key) => write!(
                f,
                "rules: \"{key}\" is critical, and what is critical is never dropped"
            ),
            Self::Dictionary(error) => write!(f, "dictionaries: {error}"),
            Self::DictionaryText(id) => write!(f, "dictionaries: {id} is not padded base64"),
            Self::DictionaryTwice(id) => write!(f, "dictionaries: {id} is there twice"),
            Self::UnknownDictionary(id) => {
                write!(f, "write_dictionary: there is no dictionary {id}")
            }
            Self::BudgetTooSmall => {
                f.write_str("budget: too small for the cookie's name and a ticket")
            }
        }
    }
}

impl core::error::Error for ConfigError {}

impl From<CookieProfileError> for ConfigError {
    fn from(error: CookieProfileError) -> Self {
        Self::Cookie(error)
    }
}

impl From<DictionaryError> for ConfigError {
    fn from(error: DictionaryError) -> Self {
        Self::Dictionary(error)
    }
}

impl From<KeyRingError> for ConfigError {
    fn from(error: KeyRingError) -> Self {
        Self::Keys(error)
    }
}
