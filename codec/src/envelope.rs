//! Envelopes: how a session is protected on the wire. Each kind is a room of its own: its layout,
//! its keys, its reader and its writer.

pub(crate) mod django;
mod envelopes;
#[cfg(feature = "fernet")]
pub mod fernet;
#[cfg(feature = "flask")]
pub mod flask;
pub(crate) mod payload;
mod reading;
pub(crate) mod sealed;
pub(crate) mod signing_ring;
mod ticket_member;
mod written;

pub(crate) use envelopes::Envelopes;
pub(crate) use reading::Reading;
pub(crate) use signing_ring::SigningRing;
pub(crate) use written::{Tools, Written};

use crate::{atoms::Envelope, draft::Draft};
