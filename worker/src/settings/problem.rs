use alloc::borrow::Cow;
use core::fmt;

/// What is wrong, or hardly right, with one setting: its name and the reason, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    setting: Cow<'static, str>,
    reason: String,
}

impl Problem {
    pub(crate) fn new(setting: impl Into<Cow<'static, str>>, reason: impl fmt::Display) -> Self {
        Self {
            setting: setting.into(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}
