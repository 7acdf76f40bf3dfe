//! Errors, sorted by whose fault they are.
//!
//! * [`Reason`]: what a *client* sent was not accepted. An outcome, not an `Err`; counted by the
//!   operator, never told to the client.
//! * [`SealError`]: this session cannot be sealed as things are (fault of the *application*, the
//!   configuration or the random source); the last good cookie stays valid.
//! * Configuration errors live beside the configuration they speak of.

mod reason;
mod seal_error;

pub use reason::Reason;
pub use seal_error::SealError;
