use core::fmt;

use serde::{Deserialize, Serialize};

/// Bytes a cookie may take: its name plus its value. The `=` and the attributes do not count,
/// as RFC 6265bis 5.6 counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Budget(u16);

impl Budget {
    /// Enough for a name and a bare ticket-less envelope; less is a slip of the keyboard.
    pub const MIN: Self = Self(64);
    /// Browsers ignore a cookie above this (RFC 6265bis 5.6).
    pub const MAX: Self = Self(4096);
    /// What old Safari keeps: three bytes less than everybody else.
    pub const DEFAULT: Self = Self(4093);

    /// A budget of `bytes`.
    ///
    /// # Errors
    /// Unless `bytes` is 64 to 4096.
    pub const fn new(bytes: u32) -> Result<Self, BudgetError> {
        if bytes < Self::MIN.0 as u32 || bytes > Self::MAX.0 as u32 {
            return Err(BudgetError { bytes });
        }
        // In range, so nothing is cut off.
        Ok(Self(bytes as u16))
    }

    /// Bytes for name and value together.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0 as usize
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl From<Budget> for u32 {
    fn from(budget: Budget) -> Self {
        Self::from(budget.0)
    }
}

impl TryFrom<u32> for Budget {
    type Error = BudgetError;

    fn try_from(bytes: u32) -> Result<Self, BudgetError> {
        Self::new(bytes)
    }
}

/// A configured budget outside 64 to 4096 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetError {
    /// Bytes asked for.
    pub bytes: u32,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cookie budget of {} bytes: it must be {} to {}",
            self.bytes,
            Budget::MIN.0,
            Budget::MAX.0
        )
    }
}

impl core::error::Error for BudgetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive() {
        for (bytes, fits) in [
            (0, false),
            (63, false),
            (64, true),
            (4096, true),
            (4097, false),
        ] {
            assert_eq!(Budget::new(bytes).is_ok(), fits, "{bytes}");
        }
        assert_eq!(Budget::new(u32::MAX), Err(BudgetError { bytes: u32::MAX }));
    }

    #[test]
    fn configuration_is_checked_when_read() {
        let read = serde_json::from_str::<Budget>;
        assert_eq!(read("4093").unwrap(), Budget::default());
        assert!(read("70000").is_err_and(|e| e.is_data()));
        assert!(read("-1").is_err());
    }
}
