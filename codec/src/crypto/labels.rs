//! Every key-derivation label of the project, and nothing else.

use hkdf::Hkdf;
#[cfg(feature = "flask")]
use sha1::Sha1;
use sha2::{Digest, Sha256};

#[cfg(feature = "fernet")]
use super::fernet_key::FernetKey;
use super::{aead::AeadKey, mac::MacKey, secret::Secret};
use crate::atoms::KeyId;

/// `prk = HKDF-Extract(salt = "edge-session/v1", ikm = secret)`, RFC 5869 over SHA-256.
pub(crate) struct Prk(Hkdf<Sha256>);

impl Prk {
    /// `HKDF-Extract("edge-session/v1", secret)`
    pub(crate) fn of(secret: &Secret) -> Self {
        Self(Hkdf::new(Some(b"edge-session/v1"), secret.bytes()))
    }

    /// `HKDF-Expand(prk, "kid", 4)`
    pub(crate) fn key_id(&self) -> KeyId {
        KeyId(self.expand(&[b"kid"]))
    }

    /// `HKDF-Expand(prk, "enc" | 0x00 | purpose, 32)`: seals cookies of one purpose.
    pub(crate) fn cookie_key(&self, purpose: &str) -> AeadKey {
        AeadKey::new(self.expand(&[b"enc", b"\0", purpose.as_bytes()]))
    }

    /// `HKDF-Expand(prk, "store-enc", 32)`: encrypts records.
    pub(crate) fn record_key(&self) -> AeadKey {
        AeadKey::new(self.expand(&[b"store-enc"]))
    }

    /// `HKDF-Expand(prk, "store-id", 32)`: names records in a store.
    pub(crate) fn record_name_key(&self) -> MacKey {
        MacKey::new(&self.expand::<32>(&[b"store-id"]))
    }

    /// `HKDF-Expand(prk, "origin-mac", 32)`: vouches towards an origin for what it is told.
    pub(crate) fn origin_mac_key(&self) -> MacKey {
        MacKey::new(&self.expand::<32>(&[b"origin-mac"]))
    }

    /// `HKDF-Expand(prk, "deny", 32)`: names revoked sessions and users in a store.
    pub(crate) fn deny_key(&self) -> MacKey {
        MacKey::new(&self.expand::<32>(&[b"deny"]))
    }

    fn expand<const N: usize>(&self, info: &[&[u8]]) -> [u8; N] {
        let mut key = [0; N];
        self.0
            .expand_multi_info(info, &mut key)
            .expect("HKDF-SHA256 expands up to 255 * 32 bytes, every N here is at most 32");
        key
    }
}

/// `SHA-256(salt || "signer" || secret)`: Django's `salted_hmac` key. The digest, raw, is the
/// HMAC key; the hash is taken also where HMAC would take it anyway.
pub(super) fn django_key(salt: &[u8], secret: &[u8]) -> MacKey {
    let key = Sha256::new()
        .chain_update(salt)
        .chain_update(b"signer")
        .chain_update(secret)
        .finalize();
    MacKey::new(&key)
}

/// `HMAC-SHA1(secret, "cookie-session")`: itsdangerous' key derivation `hmac`, with Flask's salt.
#[cfg(feature = "flask")]
pub(super) fn flask_key(secret: &[u8]) -> MacKey<Sha1> {
    let derived = MacKey::<Sha1>::new(secret).output(&[b"cookie-session"]);
    MacKey::new(&derived)
}

/// `SHA-256(secret)`: the Fernet key of the recipe for Django sessions.
#[cfg(feature = "fernet")]
pub(super) fn fernet_key(secret: &[u8]) -> FernetKey {
    FernetKey::new(&Sha256::digest(secret).into())
}
