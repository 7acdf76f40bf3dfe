use super::KeyRing;
use crate::{
    atoms::KeyId,
    crypto::{MacKey, Prk, Secret},
};

/// Names revocations in a store: keyed hashes, so that a store learns neither ids nor users.
///
/// A cookie is looked up under the key that sealed it, so a revocation is written under every key
/// of the ring: whichever of them sealed a copy of the cookie, the copy finds it. A cookie that none
/// of them sealed is looked up under all.
pub(crate) struct DenyRing(KeyRing<(KeyId, MacKey)>);

impl DenyRing {
    /// Derives the keys once.
    pub(crate) fn new(secrets: &KeyRing<Secret>) -> Self {
        Self(secrets.map(|secret| {
            let prk = Prk::of(secret);
            (prk.key_id(), prk.deny_key())
        }))
    }

    /// `HMAC-SHA256(HKDF-Expand(prk, "deny", 32), kind | subject)[..24]`
    pub(crate) fn name(&self, key: KeyId, kind: u8, subject: &[u8]) -> Option<[u8; 24]> {
        let (_, key) = self.0.iter().find(|(id, _)| *id == key)?;
        Some(name(key, kind, subject))
    }

    /// Its name under the key with the lowest id: the same for rings of the same keys in any order.
    pub(crate) fn lasting_name(&self, kind: u8, subject: &[u8]) -> Option<[u8; 24]> {
        let (_, key) = self.0.iter().min_by_key(|(id, _)| *id)?;
        Some(name(key, kind, subject))
    }

    /// The same under every key.
    pub(crate) fn names(&self, kind: u8, subject: &[u8]) -> impl Iterator<Item = [u8; 24]> {
        self.0.iter().map(move |(_, key)| name(key, kind, subject))
    }
}

fn name(key: &MacKey, kind: u8, subject: &[u8]) -> [u8; 24] {
    let mac = key.mac_of_parts(&[&[kind], subject]);
    let mut name = [0; 24];
    name.copy_from_slice(&mac[..24]);
    name
}
