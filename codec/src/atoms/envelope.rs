use serde::{Deserialize, Serialize};

/// How a session is protected on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Envelope {
    /// Encrypted and authenticated, this project's own format, version 1.
    Sealed,
    /// Signed as Django's `signed_cookies` backend does: readable by whoever holds the cookie.
    Django,
}

impl Envelope {
    /// The envelope a cookie value claims to be, from its alphabet alone: Django's has `:`
    /// between its parts, sealed text never does. Exactly one reader is tried on a value.
    #[must_use]
    pub fn claimed_by(value: &[u8]) -> Self {
        if value.contains(&b':') {
            Self::Django
        } else {
            Self::Sealed
        }
    }

    /// A stable name for counters and settings.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Django => "django",
        }
    }
}
