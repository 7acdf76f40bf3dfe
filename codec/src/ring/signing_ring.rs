use super::KeyRing;
use crate::{
    atoms::KeyPosition,
    crypto::{DjangoSecret, MAC_TEXT_LEN, MacKey, Verified},
    error::Reason,
    wire::django,
};

/// Signs and verifies as Django does, under one salt.
pub(crate) struct SigningRing(KeyRing<MacKey>);

impl SigningRing {
    /// Derives the keys once.
    pub(crate) fn new(salt: &[u8], secrets: &KeyRing<DjangoSecret>) -> Self {
        Self(secrets.map(|secret| secret.mac_key(salt)))
    }

    /// The signature's text under the primary key.
    pub(crate) fn signature(&self, message: &[u8]) -> [u8; MAC_TEXT_LEN] {
        self.0.primary().mac_text(message)
    }

    /// `HMAC-SHA256(key, message)` under the key at this position.
    pub(crate) fn mac(&self, position: KeyPosition, message: &[u8]) -> Option<[u8; 32]> {
        let key = self.0.iter().nth(position.index().into())?;
        Some(key.mac(message))
    }

    /// What stands before the last separator, if one of the keys signed it.
    pub(crate) fn verify<'m>(
        &self,
        signed: &'m [u8],
    ) -> Result<(Verified<&'m [u8]>, KeyPosition), Reason> {
        let (message, signature) = django::split_last(signed).ok_or(Reason::Forged)?;
        self.0
            .iter()
            .enumerate()
            .find_map(|(index, key)| {
                let message = key.verify_text(message, signature)?;
                Some((message, KeyPosition::of_index(index)))
            })
            .ok_or(Reason::Forged)
    }
}
