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
pub(crate) mod framing;
mod labels;
mod mac;
mod origin_mac;
mod secret;
mod verified;

pub(crate) use aead::{AeadKey, Nonce};
pub(crate) use digest::{digest16, is_digest16, sha256_beginning};
pub use django_secret::{DjangoSecret, WeakDjangoSecret};
#[cfg(feature = "fernet")]
pub use fernet_key::{FernetKey, FernetKeyError};
#[cfg(feature = "flask")]
pub use flask_secret::{FlaskSecret, WeakFlaskSecret};
pub(crate) use labels::Prk;
pub(crate) use mac::{MacKey, MacText};
pub use origin_mac::OriginMac;
pub use secret::{Secret, SecretError};
pub use verified::Verified;
