/// Which key of a ring verified: the primary or the n-th fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPosition(u8);

impl KeyPosition {
    /// The key that writes.
    pub const PRIMARY: Self = Self(0);

    pub(crate) fn of_index(index: usize) -> Self {
        Self(u8::try_from(index).unwrap_or(u8::MAX))
    }

    /// 0 for the primary, n for the n-th fallback.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Whether the key that writes verified.
    #[must_use]
    pub const fn is_primary(self) -> bool {
        self.0 == 0
    }
}
