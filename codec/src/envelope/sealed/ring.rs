use alloc::{boxed::Box, vec::Vec};

use super::layout;
use crate::{
    atoms::{KeyId, KeyPosition, Timestamp},
    crypto::{AeadKey, Nonce, Prk, Secret, Verified, framing},
    error::Reason,
    ring::{KeyRing, KeyRingError, refuse_duplicates},
};

/// Seals and opens the cookies of one purpose, name and audience.
pub(crate) struct CookieRing(KeyRing<CookieKey>);

struct CookieKey {
    id: KeyId,
    key: AeadKey,
    aad: Box<[u8]>,
    not_after: Option<Timestamp>,
}

/// Which key opened an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CookieKeyUse {
    pub(crate) id: KeyId,
    pub(crate) position: KeyPosition,
}

impl CookieRing {
    /// Derives the keys once.
    pub(crate) fn new(
        secrets: &KeyRing<Secret>,
        purpose: &str,
        cookie_name: &str,
        audience: &str,
    ) -> Result<Self, KeyRingError> {
        // A name that is too long shows on every key alike; the primary's says it first.
        let derive = |secret: &Secret| {
            let prk = Prk::of(secret);
            let id = prk.key_id();
            let aad = layout::aad(id, [purpose, cookie_name, audience]);
            let key = prk.cookie_key(purpose);
            aad.map(|aad| CookieKey {
                id,
                key,
                aad,
                not_after: secret.not_after(),
            })
            .ok_or(KeyRingError::NameTooLong)
        };
        let ring = secrets.try_map(derive)?;
        refuse_duplicates(ring.iter().map(|key| key.id))?;
        Ok(Self(ring))
    }

    /// Opens a raw envelope in place. Exactly one key is tried: the one it names.
    pub(crate) fn open<'r>(
        &self,
        raw: &'r mut [u8],
        now: Timestamp,
    ) -> Result<(Verified<&'r [u8]>, CookieKeyUse), Reason> {
        let parts = framing::split(raw)?;
        let (index, key) = self
            .0
            .iter()
            .enumerate()
            .find(|(_, key)| key.id == parts.key_id)
            .ok_or(Reason::UnknownKey(parts.key_id))?;
        if key.not_after.is_some_and(|end| now >= end) {
            return Err(Reason::RetiredKey(key.id));
        }
        let inner = key
            .key
            .open(&parts.nonce, &key.aad, parts.ciphertext, &parts.tag)
            .ok_or(Reason::Forged)?;
        let key_use = CookieKeyUse {
            id: key.id,
            position: KeyPosition::of_index(index),
        };
        Ok((inner, key_use))
    }

    /// Writes an envelope under the primary key: the head, the inner text that `write_inner`
    /// appends, encrypted, and the tag.
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        raw: &mut Vec<u8>,
        write_inner: impl FnOnce(&mut Vec<u8>),
    ) {
        let CookieKey { id, key, aad, .. } = self.0.primary();
        framing::write_head(*id, nonce, raw);
        let inner_from = raw.len();
        write_inner(raw);
        key.seal(nonce, aad, raw, inner_from);
    }
}
