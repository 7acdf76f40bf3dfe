use super::KeyRing;
use crate::{
    atoms::KeyPosition,
    crypto::{FlaskSecret, SHA1_MAC_TEXT_LEN, Sha1MacKey, Verified},
    error::Reason,
    wire::flask,
};

/// Signs and verifies as Flask does.
pub(crate) struct FlaskRing(KeyRing<Sha1MacKey>);

impl FlaskRing {
    /// Derives the keys once.
    pub(crate) fn new(secrets: &KeyRing<FlaskSecret>) -> Self {
        Self(secrets.map(FlaskSecret::mac_key))
    }

    /// The signature's text under the primary key.
    pub(crate) fn signature(&self, message: &[u8]) -> [u8; SHA1_MAC_TEXT_LEN] {
        self.0.primary().mac_text(message)
    }

    /// What stands before the last separator, if one of the keys signed it. Flask tries its
    /// fallbacks the other way round, which shows nowhere: a signature has one key.
    pub(crate) fn verify<'m>(
        &self,
        signed: &'m [u8],
    ) -> Result<(Verified<&'m [u8]>, KeyPosition), Reason> {
        let (message, signature) = flask::split_last(signed).ok_or(Reason::Forged)?;
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
