use core::fmt;

/// Why a value could not be turned from or into JSON.
///
/// Tells the kind and the place, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueError {
    column: usize,
}

impl ValueError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "used as a function in map_err"
    )]
    pub(super) fn of(error: serde_json::Error) -> Self {
        Self {
            column: error.column(),
        }
    }

    /// Where in the value's text it went wrong, in bytes from 1; 0 if unknown.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the value is not of the asked type, at byte {}",
            self.column
        )
    }
}

impl core::error::Error for ValueError {}
