use alloc::vec::Vec;

use super::{KeyRing, KeyRingError, refuse_duplicates};
use crate::{
    atoms::KeyId,
    crypto::{AeadKey, MacKey, Nonce, Prk, Secret, Verified},
    error::Reason,
    wire::{record, sealed},
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

    /// `HMAC-SHA256(HKDF-Expand(prk, "store-id", 32), record id)[..24]`: a store learns nothing
    /// of the id, and no id from outside ever reaches a store.
    pub(crate) fn name(&self, key_id: KeyId, id: &[u8; 16]) -> Option<[u8; 24]> {
        let mac = self.key(key_id)?.name_key.mac(id);
        mac.first_chunk().copied()
    }

    /// Opens a raw record in place.
    pub(crate) fn open<'r>(
        &self,
        raw: &'r mut [u8],
        id: &[u8; 16],
        revision: u32,
    ) -> Result<Verified<&'r [u8]>, Reason> {
        let parts = sealed::split(raw)?;
        let key = self
            .key(parts.key_id)
            .ok_or(Reason::UnknownKey(parts.key_id))?;
        let aad = record::aad(key.id, id, revision);
        key.key
            .open(&parts.nonce, &aad, parts.ciphertext, &parts.tag)
            .ok_or(Reason::Forged)
    }

    /// Writes a record under the primary key.
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        id: &[u8; 16],
        revision: u32,
        raw: &mut Vec<u8>,
        write_inner: impl FnOnce(&mut Vec<u8>),
    ) {
        let key = self.0.primary();
        sealed::write_head(key.id, nonce, raw);
        let inner_from = raw.len();
        write_inner(raw);
        key.key
            .seal(nonce, &record::aad(key.id, id, revision), raw, inner_from);
    }

    fn key(&self, id: KeyId) -> Option<&RecordKey> {
        self.0.iter().find(|key| key.id == id)
    }
}
