use serde::{Deserialize, Serialize};

/// What stays in the cookie when not everything fits: higher priorities stay longer.
///
/// Ordered so that `Critical < Important < Normal < Optional`: sorting ascending puts what must
/// stay first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Leaves the cookie last, when only the ticket fits.
    Critical,
    /// Leaves after `Normal`.
    Important,
    /// The priority of every key that no rule names.
    #[default]
    Normal,
    /// Leaves first.
    Optional,
}

impl Priority {
    /// Its name in configurations and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Important => "important",
            Self::Normal => "normal",
            Self::Optional => "optional",
        }
    }
}
