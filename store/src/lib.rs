//! Where the part of a session lives that does not fit into its cookie.
//!
//! [`SessionStore`] is the contract, in numbered clauses; [`conformance::run`] checks a backend
//! against them in one line; [`MemoryStore`] is the reference. A store sees keyed hashes
//! ([`RecordName`]) and ciphertext ([`Record`]) only.
//!
//! ```
//! use session_codec::Timestamp;
//! use session_store::{About, MemoryStore, Record, RecordName, SessionStore};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # pollster::block_on(async {
//! let store = MemoryStore::new();
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let name = RecordName::new([7; 24]);
//! let record = Record::new(b"ciphertext".to_vec())?;
//!
//! let about = About::session_until(Timestamp::from_seconds(1_800_003_600));
//! store.put(&name, &record, &about, now).await?;
//! assert!(store.get(&name, now).await?.is_some_and(|kept| kept.record == record));
//! store.delete(&name).await?;
//! assert!(store.get(&name, now).await?.is_none());
//! # Ok(())
//! # })
//! # }
//! ```
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

mod about;
mod breaker;
mod error;
#[cfg(any(test, feature = "faults"))]
pub mod faults;
mod faulty;
mod frame;
mod head;
mod layered;
mod memory;
mod record;
mod store;

pub mod conformance;

pub use about::{About, Kind};
pub use breaker::{Breaker, Circuit};
pub use error::StoreError;
pub use faulty::{Fault, FaultyStore};
pub use frame::Framed;
pub use head::{Head, Swapped};
pub use layered::{Background, Layered, LostWrite, Policy, Select, Write};
pub use memory::MemoryStore;
pub use record::{Kept, Record, RecordName, RecordTooLarge};
pub use store::SessionStore;
