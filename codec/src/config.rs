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

#[cfg(feature = "flask")]
use crate::crypto::FlaskSecret;
use crate::{
    atoms::Envelope,
    compress::Dictionary,
    cookie::{Budget, CookieProfileConfig},
    crypto::{DjangoSecret, Secret},
    ring::KeyRing,
    rules::{KeyRule, Limits},
};

pub use crate::rules::Overflow;
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
    /// Bound into every sealed cookie, at most 255 bytes: cookies of one environment (staging,
    /// production) mean nothing in another even if somebody shares the secret.
    pub audience: String,
    /// Bytes for the cookie's name and value: 64 to 4096, default 4093.
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
    /// JSON shorter than this many bytes is not compressed: deflate would cost more time than
    /// it saves characters. Default 96.
    pub compress_from: usize,
    /// Whether sealed sessions carry 16 random bytes of their own (22 characters), by which one
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

/// The secrets, apart from the configuration so that it can be shown and logged. `Debug` shows
/// ids and nothing else.
///
/// ```
/// use session_codec::{DjangoSecret, KeyRing, Keys, Secret};
///
/// # let (new, old) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
/// # let django = DjangoSecret::new("k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus")?;
/// let keys = Keys::sealing(KeyRing::new(new, vec![old])?).django(KeyRing::new(django, vec![])?);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Keys {
    pub(crate) sealing: Option<KeyRing<Secret>>,
    pub(crate) django: Option<KeyRing<DjangoSecret>>,
    #[cfg(feature = "flask")]
    pub(crate) flask: Option<KeyRing<FlaskSecret>>,
}

impl Keys {
    /// The keys that seal cookies and encrypt records.
    pub fn sealing(ring: impl Into<Option<KeyRing<Secret>>>) -> Self {
        Self {
            sealing: ring.into(),
            ..Self::default()
        }
    }

    /// No key: where no sealed cookie is written or read, and no key is spilled, those of a
    /// framework are enough. For Fernet's cookies, which are read and never written, `write` is
    /// [`Envelope::Django`], under the same secret.
    ///
    /// ```
    /// use session_codec::{
    ///     Codec, Config, DjangoSecret, Envelope, KeyRing, Keys, Timestamp, Workspace,
    ///     config::Acceptance,
    /// };
    ///
    /// let config = Config {
    ///     write: Envelope::Django,
    ///     accept: vec![Acceptance::always(Envelope::Django)],
    ///     ..Config::default()
    /// };
    /// # let secret = "k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus";
    /// let site = KeyRing::new(DjangoSecret::new(secret)?, vec![])?;
    /// let codec = Codec::new(config, &Keys::none().django(site))?;
    /// # let (now, workspace) = (Timestamp::from_seconds(1_800_000_000), &mut Workspace::new());
    /// # let session = session_codec::SessionData::from_json(r#"{"user":"ada"}"#)?;
    /// # let value = codec.origin_cookie(&session, now, workspace)?;
    /// let opened = codec.open_value(value.as_bytes(), now, workspace)?;
    /// assert_eq!(opened.session().value("user")?, Some("ada".to_owned()));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn none() -> Self {
        Self::default()
    }

    /// And the secrets of a Django site, for its cookies.
    pub fn django(self, ring: impl Into<Option<KeyRing<DjangoSecret>>>) -> Self {
        Self {
            django: ring.into(),
            ..self
        }
    }

    /// And the secrets of a Flask application, for its cookies.
    #[cfg(feature = "flask")]
    pub fn flask(self, ring: impl Into<Option<KeyRing<FlaskSecret>>>) -> Self {
        Self {
            flask: ring.into(),
            ..self
        }
    }
}
