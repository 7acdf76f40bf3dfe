//! Where the part of a session lives that does not fit into its cookie.
//!
//! [`SessionStore`] is the contract, in numbered clauses; [`conformance::run`] checks a backend
//! against them in one line; [`MemoryStore`] is the reference. A store sees keyed hashes
//! ([`StoreName`](session_codec::StoreName)) and ciphertext ([`Record`]) only.
//!
//! ```
//! use session_codec::{StoreName, Timestamp};
//! use session_store::{RecordMeta, MemoryStore, Record, SessionStore};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # pollster::block_on(async {
//! let store = MemoryStore::new();
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let name = StoreName::new([7; 24]);
//! let record = Record::new(b"ciphertext".to_vec())?;
//!
//! let about = RecordMeta::session_until(Timestamp::from_seconds(1_800_003_600));
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

mod around;
mod breaker;
mod error;
#[cfg(any(test, feature = "faults"))]
pub mod faults;
mod faulty;
mod frame;
mod head;
mod layered;
mod memory;
mod proposal;
mod record;
mod record_meta;
mod store;
mod together;

pub mod conformance;
pub mod time_limit;

pub use around::{Around, Call, Method, Outcome, Wrapped};
pub use breaker::{Breaker, Circuit};
pub use error::StoreError;
pub use faulty::{Fault, Faults, FaultyStore};
pub use frame::Framed;
pub use head::{Head, HeadMove, HeadState, Newest};
pub use layered::{Background, Layered, LostWrite, Policy, Select, Task, Write};
pub use memory::MemoryStore;
pub use proposal::{Committed, NewRecord, Proposal, Saved};
pub use record::{Record, RecordTooLarge, StoredRecord};
pub use record_meta::{Kind, RecordMeta};
pub use store::SessionStore;
pub use together::together;
