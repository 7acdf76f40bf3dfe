//! Cryptography, all of it from RustCrypto: key derivation, AEAD, MAC, and the proof that
//! something verified.

mod aead;
mod digest;
mod django_secret;
mod labels;
mod mac;
mod origin_mac;
mod secret;
mod verified;

pub(crate) use aead::{AeadKey, Nonce};
pub(crate) use digest::digest16;
pub use django_secret::{DjangoSecret, WeakDjangoSecret};
pub(crate) use labels::Prk;
pub(crate) use mac::{MAC_TEXT_LEN, MacKey};
pub use origin_mac::OriginMac;
pub use secret::{Secret, SecretError};
pub use verified::Verified;
