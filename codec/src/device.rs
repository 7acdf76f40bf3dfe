//! What stands beside a session that is bound to a device, and what a store says of it: the formats
//! of Device Bound Session Credentials (DBSC), and the rules that follow from them. docs/DEVICE.md
//! of the repository tells it as a whole.
//!
//! ```
//! use session_codec::{KeyRing, Secret, StoreName, Timestamp, device::{Challenge, DeviceTokens}};
//!
//! let secrets = KeyRing::new(Secret::from_bytes([7; 32]), vec![])?;
//! let tokens = DeviceTokens::new(&secrets, "__Host-session-device", "default")?;
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let challenge = Challenge { session: StoreName::new([1; 24]), asked: now };
//! # struct Zeros;
//! # impl rand_core::TryRng for Zeros {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(0) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(0) }
//! #     fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> { out.fill(0); Ok(()) }
//! # }
//! # impl rand_core::TryCryptoRng for Zeros {}
//! # let mut rng = Zeros;
//! let text = tokens.challenge(&challenge, &mut rng)?;
//! assert_eq!(tokens.asked(&text, now), Some(challenge));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod binding;
mod public_key;
mod tokens;

pub use binding::{Binding, DENIED, Refreshed, Thumbprint};
pub use public_key::PublicKey;
pub use tokens::{Challenge, DeviceTokens, Identifier, Shown};
