use core::fmt;

/// What is wrong with one setting: its name and the reason, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    setting: &'static str,
    reason: String,
}

impl Problem {
    pub(super) fn new(setting: &'static str, reason: impl fmt::Display) -> Self {
        Self {
            setting,
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}
