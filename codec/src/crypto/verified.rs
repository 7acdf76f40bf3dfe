/// Something whose authenticity was proven by a key of the ring.
///
/// Minted only beside the AEAD and the MAC; from then on it moves. Inflating and parsing take a
/// `Verified`, so that nothing an attacker wrote reaches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(super) const fn mint(content: T) -> Self {
        Self(content)
    }

    /// What was proven.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }

    /// A part or another form of what was proven.
    #[must_use]
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Verified<U> {
        Verified(form(self.0))
    }

    /// As [`Self::map`], where taking the other form may fail.
    ///
    /// # Errors
    /// Those of `form`.
    pub fn try_map<U, E>(self, form: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        form(self.0).map(Verified)
    }
}

impl<T> core::ops::Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
