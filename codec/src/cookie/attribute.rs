use serde::{Deserialize, Serialize};

/// On which requests from other sites the browser sends the cookie (RFC 6265bis 4.1.2.7).
///
/// There is no "unset": browsers disagree about its meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// On none.
    #[serde(alias = "Strict")]
    Strict,
    /// On top-level navigation with a safe method.
    #[default]
    #[serde(alias = "Lax")]
    Lax,
    /// On all; browsers then insist on `Secure`.
    #[serde(rename = "none", alias = "None")]
    None_,
}

impl SameSite {
    /// The attribute value as written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None_ => "None",
        }
    }

    pub(super) fn read(value: &[u8]) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None_]
            .into_iter()
            .find(|known| value.eq_ignore_ascii_case(known.as_str().as_bytes()))
    }
}

/// Chromium's `Priority` attribute: which cookies of a site are evicted last. Others ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CookiePriority {
    /// Evicted first.
    #[serde(alias = "Low")]
    Low,
    /// Chromium's default.
    #[serde(alias = "Medium")]
    Medium,
    /// Evicted last.
    #[serde(alias = "High")]
    High,
}

impl CookiePriority {
    /// The attribute value as written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}
