//! Plain configuration, as a settings file or an environment gives it. [`Codec::new`] turns it
//! into a ready object once, or says what is wrong with it.
//!
//! [`Codec::new`]: crate::Codec::new

mod acceptance;
mod dictionaries;
mod error;
mod rules;

use alloc::{string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    atoms::Envelope,
    compress::Dictionary,
    cookie::{Budget, CookieProfileConfig},
    crypto::{DjangoSecret, Secret},
    policy::{KeyRule, Limits},
    ring::KeyRing,
};

pub use acceptance::Acceptance;
pub use dictionaries::DictionaryConfig;
pub use error::ConfigError;

/// Everything about a session cookie but the secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Name and attributes of the cookie that is written.
    pub cookie: CookieProfileConfig,
    /// Name of a cookie in which plain Django sessions may still arrive; read, never written.
    /// Whatever else is accepted for a migration (`flask`, `fernet`) may stand there as well.
    pub django_cookie: Option<String>,
    /// Bound into every sealed cookie, at most 255 octets: cookies of one environment (staging,
    /// production) mean nothing in another even if somebody shares the secret.
    pub audience: String,
    /// Octets for the cookie's name and value: 64 to 4096, default 4093.
    pub budget: Budget,
    /// The one envelope that is written.
    pub write: Envelope,
    /// The envelopes that are read. Nothing else is, and a failed open never falls through.
    pub accept: Vec<Acceptance>,
    /// Seconds from the last issue to the end; default 14 days.
    pub idle_seconds: u32,
    /// Seconds from the session's beginning to the end; default 30 days.
    pub absolute_seconds: u32,
    /// Seconds for which a record stays good after another one took its place, counted when the
    /// session changes; default 10 minutes. At most 16 of a session stay, and always the last.
    pub stale_seconds: u32,
    /// JSON shorter than this many octets is not compressed: deflate would cost more time than
    /// it saves characters. Default 96.
    pub compress_from: usize,
    /// Whether sealed sessions carry 16 random octets of their own (22 characters), by which one
    /// can be revoked. Default: no.
    pub identify: bool,
    /// Bounds on what one cookie may cause.
    pub limits: Limits,
    /// What holds for single keys: what stays in the cookie when not all fits, and for how long.
    pub rules: Vec<KeyRule>,
    /// What happens to keys that do not fit.
    pub overflow: Overflow,
    /// The id of the dictionary that is written with: 1, the built-in one, or one of
    /// `dictionaries`.
    pub write_dictionary: u8,
    /// The application's own dictionaries, all of which are read.
    pub dictionaries: Vec<DictionaryConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cookie: CookieProfileConfig::default(),
            django_cookie: None,
            audience: String::from("default"),
            budget: Budget::default(),
            write: Envelope::Sealed,
            accept: vec![Acceptance::always(Envelope::Sealed)],
            idle_seconds: 14 * 24 * 3600,
            absolute_seconds: 30 * 24 * 3600,
            stale_seconds: 600,
            compress_from: 96,
            identify: false,
            limits: Limits::default(),
            rules: Vec::new(),
            write_dictionary: Dictionary::built_in().id(),
            dictionaries: Vec::new(),
            overflow: Overflow::default(),
        }
    }
}

/// What happens to keys that do not fit the cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// They go into a record, and the cookie carries a ticket for it: there is a store.
    Spill,
    /// They are dropped, lowest priority first, and reported; `critical` keys never are.
    Drop,
    /// Nothing is written: sealing such a session is an error.
    #[default]
    Refuse,
}

/// The secrets, apart from the configuration so that it can be shown and logged.
pub struct Keys {
    /// Seal cookies and encrypt records.
    pub sealing: Option<KeyRing<Secret>>,
    /// Sign and verify Django cookies.
    pub django: Option<KeyRing<DjangoSecret>>,
}
