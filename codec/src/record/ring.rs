use alloc::vec::Vec;

use super::layout;
use crate::{
    atoms::{KeyId, RecordId, SessionId},
    crypto::{AeadKey, MacKey, Nonce, Prk, Secret, Verified, framing},
    error::Reason,
    names::{StoreName, labels},
    ring::{KeyRing, KeyRingError, refuse_duplicates},
};

/// Encrypts, opens and names the records of spilled keys.
pub(crate) struct RecordRing(KeyRing<RecordKey>);

struct RecordKey {
    id: KeyId,
    key: AeadKey,
    name_key: MacKey,
}

impl RecordRing {
    /// Derives the keys once.
    pub(crate) fn new(secrets: &KeyRing<Secret>) -> Result<Self, KeyRingError> {
        let ring = secrets.map(|secret| {
            let prk = Prk::of(secret);
            RecordKey {
                id: prk.key_id(),
                key: prk.record_key(),
                name_key: prk.record_name_key(),
            }
        });
        refuse_duplicates(ring.iter().map(|key| key.id))?;
        Ok(Self(ring))
    }

    pub(crate) fn primary_id(&self) -> KeyId {
        self.0.primary().id
    }

    /// The store's name of a record that was written under this key.
    pub(crate) fn name(
        &self,
        key_id: KeyId,
        id: &RecordId,
        session_id: Option<&SessionId>,
    ) -> Option<StoreName> {
        let key = self.key(key_id)?;
        Some(labels::record(&key.name_key, id, session_id))
    }

    /// Opens a raw record in place.
    pub(crate) fn open<'r>(
        &self,
        raw: &'r mut [u8],
        id: &RecordId,
        revision: u32,
    ) -> Result<Verified<&'r [u8]>, Reason> {
        let parts = framing::split(raw)?;
        let key = self
            .key(parts.key_id)
            .ok_or(Reason::UnknownKey(parts.key_id))?;
        let aad = layout::aad(key.id, id, revision);
        key.key
            .open(&parts.nonce, &aad, parts.ciphertext, &parts.tag)
            .ok_or(Reason::Forged)
    }

    /// Writes a record under the primary key.
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        id: &RecordId,
        revision: u32,
        raw: &mut Vec<u8>,
        write_inner: impl FnOnce(&mut Vec<u8>),
    ) {
        let key = self.0.primary();
        framing::write_head(key.id, nonce, raw);
        let inner_from = raw.len();
        write_inner(raw);
        key.key
            .seal(nonce, &layout::aad(key.id, id, revision), raw, inner_from);
    }

    fn key(&self, id: KeyId) -> Option<&RecordKey> {
        self.0.iter().find(|key| key.id == id)
    }
}
