//! Cryptography, all of it from RustCrypto: key derivation, AEAD, MAC, and the proof that
//! something verified.

#[cfg(not(edge_session_fuzzing_unverified))]
mod aead;
#[cfg(edge_session_fuzzing_unverified)]
#[path = "crypto/unverified.rs"]
mod aead;
mod digest;
mod django_secret;
#[cfg(feature = "fernet")]
mod fernet_key;
#[cfg(feature = "flask")]
mod flask_secret;
mod labels;
mod mac;
mod origin_mac;
mod secret;
#[cfg(feature = "flask")]
mod sha1_mac;
mod verified;

pub(crate) use aead::{AeadKey, Nonce};
pub(crate) use digest::{digest16, is_digest16};
pub use django_secret::{DjangoSecret, WeakDjangoSecret};
#[cfg(feature = "fernet")]
pub use fernet_key::{FernetKey, FernetKeyError};
#[cfg(feature = "flask")]
pub use flask_secret::{FlaskSecret, WeakFlaskSecret};
pub(crate) use labels::Prk;
pub(crate) use mac::{MAC_TEXT_LEN, MacKey};
pub use origin_mac::OriginMac;
pub use secret::{Secret, SecretError};
#[cfg(feature = "flask")]
pub(crate) use sha1_mac::{SHA1_MAC_TEXT_LEN, Sha1MacKey};
pub use verified::Verified;
