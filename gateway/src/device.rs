//! Sessions that are good with one device only, by Device Bound Session Credentials (DBSC): what a
//! browser is offered, what it shows, and what that is worth. docs/DEVICE.md tells it as a whole.

mod alarm;
mod proof;
mod recent;
mod registration;
mod rules;
mod tokens;

pub(crate) use alarm::{Answered, Side, alarm};
pub(crate) use proof::unquoted;
pub use proof::{NoProof, Proof};
pub(crate) use recent::may_offer;
pub(crate) use registration::{config, offer};
pub use rules::{Device, Enforcement};
pub use session_codec::device::PublicKey;
pub(crate) use session_codec::device::{Challenge, Identifier, Refreshed, Shown};
pub use tokens::DeviceTokens;
pub(crate) use tokens::unsealed;

/// Where a browser registers its key.
pub(crate) const REGISTER: &str = "/_session/device/register";
/// Where it shows again that it has it.
pub(crate) const REFRESH: &str = "/_session/device/refresh";
