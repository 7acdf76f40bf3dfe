use hmac::EagerHash;
use sha2::Sha256;

use crate::{
    atoms::KeyPosition,
    crypto::{MacKey, MacText, Verified},
    error::Reason,
    ring::KeyRing,
};

/// Signs and verifies `message | separator | base64url(HMAC)`, as Django and Flask do.
pub(crate) struct SigningRing<D: EagerHash = Sha256> {
    keys: KeyRing<MacKey<D>>,
    separator: u8,
}

impl<D: EagerHash> SigningRing<D> {
    pub(super) const fn new(keys: KeyRing<MacKey<D>>, separator: u8) -> Self {
        Self { keys, separator }
    }

    /// The signature's text under the primary key.
    pub(super) fn signature(&self, message: &[u8]) -> MacText {
        self.keys.primary().mac_text(message)
    }

    /// What stands before the last separator, if one of the keys signed it. In which order they
    /// are tried shows nowhere: a signature has one key.
    pub(super) fn verify<'m>(
        &self,
        signed: &'m [u8],
    ) -> Result<(Verified<&'m [u8]>, KeyPosition), Reason> {
        let (message, signature) = split_last(signed, self.separator).ok_or(Reason::Forged)?;
        self.keys
            .iter()
            .enumerate()
            .find_map(|(index, key)| {
                let message = key.verify_text(message, signature)?;
                Some((message, KeyPosition::of_index(index)))
            })
            .ok_or(Reason::Forged)
    }
}

impl SigningRing {
    /// `HMAC-SHA256(key, message)` under the key at this position.
    pub(super) fn mac(&self, position: KeyPosition, message: &[u8]) -> Option<[u8; 32]> {
        let key = self.keys.iter().nth(position.index().into())?;
        Some(key.mac(message))
    }
}

/// Splits at the **last** separator, as Django and itsdangerous do: `None` if there is none.
pub(crate) fn split_last(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|&byte| byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}
