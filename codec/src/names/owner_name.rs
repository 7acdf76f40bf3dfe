use alloc::string::String;

use super::StoreName;

/// Whose a record is, for a column beside it: the keyed hash of a user.
///
/// As long as a [`StoreName`] and no such name: nothing lies under it. Whoever looked there would
/// find nothing, and take it for a session that is lost or for a user whose sessions have not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerName(StoreName);

impl OwnerName {
    /// The name of these bytes of a hash.
    #[must_use]
    pub const fn new(hash: [u8; StoreName::BYTES]) -> Self {
        Self(StoreName::new(hash))
    }

    /// As the text of a [`StoreName`].
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_that_of_a_name_with_its_bytes() {
        let bytes = core::array::from_fn(|at| at as u8);
        assert_eq!(
            OwnerName::new(bytes).to_text(),
            StoreName::new(bytes).to_text()
        );
    }
}
