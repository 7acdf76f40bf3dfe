use serde::{Deserialize, Serialize};

/// Every Fernet token begins with `gAAAAA` until the year 4147 (version 0x80, then the time in 64
/// bits), and this is the base64 of those six characters.
#[cfg(feature = "fernet")]
const WRAPPED_FERNET: &[u8] = b"Z0FBQUFB";

/// How a session is protected on the wire.
///
/// Features add kinds, so a `match` outside this crate needs an arm for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Envelope {
    /// Encrypted and authenticated, this project's own format, version 1.
    Sealed,
    /// Signed as Django's `signed_cookies` backend does: readable by whoever holds the cookie.
    Django,
    /// Signed as Flask does (feature `flask`): readable by whoever holds the cookie. For
    /// migrations.
    #[cfg(feature = "flask")]
    Flask,
    /// Django's signed value inside a Fernet token (feature `fernet`). For migrations, read only.
    #[cfg(feature = "fernet")]
    Fernet,
}

impl Envelope {
    /// The envelope a cookie value claims to be, from its alphabet alone: Django's has `:`
    /// between its parts, sealed text never does. Exactly one reader is tried on a value.
    ///
    /// With the feature `flask`, a value with `.` and without `:` is Flask's. With the feature
    /// `fernet`, one with neither that begins with `Z0FBQUFB`, or with a quote and that, is
    /// Fernet's; sealed text begins with `A`.
    #[must_use]
    pub fn claimed_by(value: &[u8]) -> Self {
        if value.contains(&b':') {
            return Self::Django;
        }
        #[cfg(feature = "flask")]
        if value.contains(&b'.') {
            return Self::Flask;
        }
        #[cfg(feature = "fernet")]
        if value
            .strip_prefix(b"\"")
            .unwrap_or(value)
            .starts_with(WRAPPED_FERNET)
        {
            return Self::Fernet;
        }
        Self::Sealed
    }

    /// Whether it is here to migrate away from: then reading it has an end.
    pub(crate) const fn is_for_migration(self) -> bool {
        !matches!(self, Self::Sealed | Self::Django)
    }

    /// A stable name for counters and settings.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Django => "django",
            #[cfg(feature = "flask")]
            Self::Flask => "flask",
            #[cfg(feature = "fernet")]
            Self::Fernet => "fernet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Features add readers; what they do not add stays what it was.
    #[test]
    fn a_value_claims_one_envelope() {
        let claimed = |value: &str| Envelope::claimed_by(value.as_bytes()).label();
        for django in [
            "e30:1r31eq:VJ",
            ".eJw:1r31eq:VJ",
            ":",
            "a.b.c:d",
            "Z0FBQUFB:",
        ] {
            assert_eq!(claimed(django), "django");
        }
        for sealed in ["", "AW3W", "Z0FBQUF", "\"", "\"\"Z0FBQUFB", "z0FBQUFB"] {
            assert_eq!(claimed(sealed), "sealed");
        }
        let (flask, fernet) = (cfg!(feature = "flask"), cfg!(feature = "fernet"));
        for value in [
            "eyJhIjoxfQ.ZVPxAA.5jJD",
            ".eJw.ZVPxAA.5jJD",
            ".",
            "Z0FBQUFB.",
        ] {
            let off = if fernet && value.starts_with('Z') {
                "fernet"
            } else {
                "sealed"
            };
            assert_eq!(claimed(value), if flask { "flask" } else { off });
        }
        for value in ["Z0FBQUFB", "\"Z0FBQUFBQmxV\"", "Z0FBQUFBQmxV"] {
            assert_eq!(claimed(value), if fernet { "fernet" } else { "sealed" });
        }
    }

    #[test]
    fn settings_know_what_the_features_add() {
        for (name, known) in [
            ("sealed", true),
            ("django", true),
            ("flask", cfg!(feature = "flask")),
            ("fernet", cfg!(feature = "fernet")),
            ("Flask", false),
        ] {
            let read: Result<Envelope, _> = serde_json::from_str(&alloc::format!("\"{name}\""));
            assert_eq!(read.is_ok(), known, "{name}");
            assert!(read.is_ok_and(|envelope| envelope.label() == name) || !known);
        }
    }
}
