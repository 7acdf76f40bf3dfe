use alloc::vec::Vec;

use super::{OwnerName, StoreName, labels};
use crate::{
    crypto::{MacKey, Prk, Secret},
    ring::KeyRing,
};

/// Names what is told of users and of the keys themselves, where there are any.
///
/// A revocation is written and looked up under every key of the ring, whichever of them sealed the
/// cookie: so of two versions of the settings that have one key in common each finds what the other
/// wrote.
pub(crate) struct Users(Option<KeyRing<MacKey>>);

impl Users {
    /// Derives the keys once.
    pub(crate) fn new(secrets: Option<&KeyRing<Secret>>) -> Self {
        Self(secrets.map(|secrets| secrets.map(|secret| Prk::of(secret).deny_key())))
    }

    pub(crate) fn revocations(&self, user: &str) -> Vec<StoreName> {
        let name = |key| labels::user_revocation(key, user);
        self.keys().map(name).collect()
    }

    pub(crate) fn owners(&self, user: &str) -> impl Iterator<Item = OwnerName> {
        self.keys().map(move |key| labels::owner(key, user))
    }

    /// The names of what is told of keys, the primary's first.
    pub(crate) fn uses(&self) -> impl Iterator<Item = StoreName> {
        self.keys().map(labels::uses)
    }

    fn keys(&self) -> impl Iterator<Item = &MacKey> {
        self.0.iter().flat_map(KeyRing::iter)
    }
}
