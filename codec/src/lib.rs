//! Cookie sessions, signed (Django-compatible) or encrypted, that fit into a cookie.
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

// With it every cookie verifies, so that fuzzing reaches what stands behind the verification.
#[cfg(all(edge_session_fuzzing_unverified, not(all(fuzzing, debug_assertions))))]
compile_error!("edge_session_fuzzing_unverified takes forgeries: for debug builds of cargo fuzz");

mod atoms;
mod codec;
mod compress;
pub mod config;
pub mod cookie;
mod crypto;
mod error;
#[cfg(feature = "fernet")]
pub mod fernet;
#[cfg(feature = "flask")]
pub mod flask;
pub mod inspect;
pub mod policy;
mod ring;
mod session;
pub mod signing;
mod text;
mod wire;
mod workspace;

pub use atoms::{Envelope, KeyId, KeyPosition, Priority, Timestamp};
pub use codec::{Codec, Commit, HeadChange, Lineage, NotALineage, OpenSession, Opened, StoreOp};
pub use compress::{Dictionary, DictionaryError};
pub use config::{Config, ConfigError, Keys};
pub use crypto::{DjangoSecret, OriginMac, Secret, SecretError, Verified, WeakDjangoSecret};
pub use error::{Reason, SealError};
pub use ring::{KeyRing, KeyRingError, MAX_FALLBACKS};
pub use session::{Merged, Session, ValueError};
pub use text::json::{JsonError, JsonErrorKind};
pub use wire::ticket::Ticket;
pub use workspace::Workspace;

/// The examples of the format's description run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/FORMAT.md")]
struct Format;
