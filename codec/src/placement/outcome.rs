use alloc::vec::Vec;

/// Where a key went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlacement {
    /// Into the cookie.
    Cookie,
    /// Into the record that the cookie's ticket names.
    Spilled,
    /// Nowhere: it did not fit and the configuration says to drop such keys.
    Dropped,
    /// Nowhere: its own end has come.
    Expired,
}

impl KeyPlacement {
    /// A stable name, of `a-z`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Spilled => "spilled",
            Self::Dropped => "dropped",
            Self::Expired => "expired",
        }
    }
}

/// Why a key went where it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlacementReason {
    /// There was room for it.
    Fits,
    /// There was no room left for it.
    NoRoom,
    /// It is longer than its rule allows in a cookie.
    TooLarge,
    /// Its own end has come.
    Expired,
    /// Its name is one that the format needs for itself.
    Reserved,
}

impl PlacementReason {
    /// A stable name, of `a-z` and `_`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::NoRoom => "no_room",
            Self::TooLarge => "too_large",
            Self::Expired => "expired",
            Self::Reserved => "reserved",
        }
    }
}

/// Where a key goes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyDecision {
    pub(crate) placement: KeyPlacement,
    pub(crate) reason: PlacementReason,
}

impl KeyDecision {
    pub(crate) const KEPT: Self = Self {
        placement: KeyPlacement::Cookie,
        reason: PlacementReason::Fits,
    };
}

/// Where every key of a session went, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// `None`: everything is in the cookie, the common case, which allocates nothing.
    fates: Option<Vec<KeyDecision>>,
}

impl Placement {
    pub(crate) const ALL_IN_COOKIE: Self = Self { fates: None };

    pub(crate) const fn of_fates(fates: Vec<KeyDecision>) -> Self {
        Self { fates: Some(fates) }
    }

    /// Whether every key is in the cookie.
    #[must_use]
    pub const fn is_all_in_cookie(&self) -> bool {
        self.fates.is_none()
    }

    /// Where the key at `index` of the session went.
    #[must_use]
    pub fn of(&self, index: usize) -> KeyPlacement {
        self.fate(index).placement
    }

    /// Why it went there.
    #[must_use]
    pub fn reason(&self, index: usize) -> PlacementReason {
        self.fate(index).reason
    }

    /// Whether any key is in a record.
    #[must_use]
    pub fn spills(&self) -> bool {
        let mut fates = self.fates.iter().flatten();
        fates.any(|fate| fate.placement == KeyPlacement::Spilled)
    }

    pub(crate) fn keeps(&self, index: usize) -> bool {
        self.of(index) == KeyPlacement::Cookie
    }

    fn fate(&self, index: usize) -> KeyDecision {
        match &self.fates {
            None => KeyDecision::KEPT,
            Some(fates) => fates.get(index).copied().unwrap_or(KeyDecision {
                placement: KeyPlacement::Dropped,
                reason: PlacementReason::NoRoom,
            }),
        }
    }
}
