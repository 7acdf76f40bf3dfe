//! Cookie sessions, encrypted or signed as Django does, that fit into a cookie.
//!
//! Begin with [`Codec`]: it is made of a [`Config`] and [`Keys`], opens the `Cookie` header of a
//! request and seals a session into a `Set-Cookie` header. What follows is the README, whose
//! examples run as tests.
//!
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

// With it every cookie verifies, so that fuzzing reaches what stands behind the verification.
#[cfg(all(edge_session_fuzzing_unverified, not(all(fuzzing, debug_assertions))))]
compile_error!("edge_session_fuzzing_unverified takes forgeries: for debug builds of cargo fuzz");

mod atoms;
mod body;
mod codec;
mod compress;
pub mod config;
pub mod cookie;
mod crypto;
pub mod device;
mod draft;
mod envelope;
mod error;
pub mod inspect;
pub mod json;
mod names;
mod placement;
mod random;
mod record;
mod ring;
mod rules;
mod session;
mod text;
mod workspace;

pub use atoms::{Envelope, KeyId, KeyPosition, Priority, Timestamp};
pub use codec::{Codec, Commit, HeadChange, Issue};
pub use compress::{Dictionary, DictionaryError};
pub use config::{Config, ConfigError, Keys};
pub use crypto::{DjangoSecret, OriginMac, Secret, SecretError, Verified, WeakDjangoSecret};
#[cfg(feature = "fernet")]
pub use envelope::fernet;
#[cfg(feature = "flask")]
pub use envelope::flask;
pub use envelope::{
    django::signing,
    sealed::tokens::{TokenPurpose, Tokens},
};
pub use error::{Reason, SealError};
pub use names::{NotAName, OwnerName, StoreName};
pub use record::StoreOp;
pub use ring::{KeyRing, KeyRingError, MAX_FALLBACKS};
pub use session::{
    Lineage, Merged, NotALineage, OpenSession, Opened, Repeated, RequestMark, Session, SessionData,
    ValueError, ticket::Ticket,
};
pub use text::json::{JsonError, JsonErrorKind};
pub use workspace::Workspace;

/// What stays in the cookie, how long a session lives, and how much work a cookie may cause.
pub mod policy {
    pub use crate::{
        placement::{KeyPlacement, KeyReport, Placement, PlacementReason, Report},
        rules::{KeyOverflow, KeyRule, Lifetimes, Limits, Overflow},
    };
}

/// The examples of the format's description run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/FORMAT.md")]
struct Format;
