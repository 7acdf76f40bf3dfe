use super::layout;
use crate::{
    atoms::KeyPosition,
    crypto::{DjangoSecret, FernetKey, Verified},
    error::Reason,
    ring::KeyRing,
};

/// Opens Fernet tokens.
pub(crate) struct FernetRing(KeyRing<FernetKey>);

/// What a token says about itself.
pub(crate) struct Stamp {
    /// Since 1970, at most what `i64` holds.
    pub(crate) seconds: i64,
    pub(crate) key: KeyPosition,
}

impl FernetRing {
    pub(crate) const fn new(keys: KeyRing<FernetKey>) -> Self {
        Self(keys)
    }

    /// The recipe's keys: `SHA-256(SECRET_KEY)`.
    pub(crate) fn of_django(secrets: &KeyRing<DjangoSecret>) -> Self {
        Self(secrets.map(DjangoSecret::fernet_key))
    }

    /// Opens a raw token in place, with the first key that signed it. Wrong padding, which only a
    /// key holder can make, looks like a wrong signature.
    pub(crate) fn open<'r>(
        &self,
        raw: &'r mut [u8],
    ) -> Result<(Verified<&'r [u8]>, Stamp), Reason> {
        let parts = layout::split(raw)?;
        let seconds = parts.seconds();
        let signed = [&parts.head[..], &parts.iv, parts.ciphertext];
        let (index, key) = self
            .0
            .iter()
            .enumerate()
            .find_map(|(index, key)| Some((index, key.authenticate(signed, &parts.tag)?)))
            .ok_or(Reason::Forged)?;
        let plain = key
            .decrypt(&parts.iv, parts.ciphertext)
            .ok_or(Reason::Forged)?;
        let key = KeyPosition::of_index(index);
        Ok((plain, Stamp { seconds, key }))
    }
}
