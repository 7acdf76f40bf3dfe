//! One suite for every backend: checks a [`SessionStore`] against the clauses of its contract.
//!
//! It has no clock, no randomness and no sleep of its own and never panics, so it runs wherever
//! the backend does, inside a Worker too:
//!
//! ```
//! # use session_codec::{StoreName, Timestamp};
//! # use session_store::{MemoryStore, conformance};
//! # let now = Timestamp::from_seconds(1_800_000_000);
//! # let mut byte = 0;
//! # let fresh_name = || { byte += 1; StoreName::new([byte; 24]) };
//! # let store = MemoryStore::new();
//! # pollster::block_on(async {
//! let report = conformance::run(&store, now, fresh_name).await?;
//! # assert!(report.passed.len() > 10);
//! # Ok::<(), conformance::Failure>(())
//! # }).unwrap();
//! ```
//!
//! It assumes that one caller sees its own writes and deletions at once. Local KV does; KV in
//! production usually does, from one location. No name is looked up before it is written, except
//! to prove that it is absent, so caches of absence do no harm. Some names are written three times
//! in a row: production KV limits that to once a second, so run it against the local one.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use session_codec::{StoreName, Timestamp};

use crate::store::SessionStore;

mod checks;
mod heads;
mod probe;

/// Runs every check, about 120 calls and 4 MiB. Stops at the first that fails. Records are
/// deleted again, or left to expire if a check fails.
///
/// `now` should be the real time for backends that expire by themselves; expiry is tested by
/// *asking* with later times. `fresh_name` gives names that were never used in this store, 24
/// random bytes each.
///
/// # Errors
/// The check that failed, its clause, and what the store did.
pub async fn run(
    store: &impl SessionStore,
    now: Timestamp,
    fresh_name: impl FnMut() -> StoreName,
) -> Result<Report, Failure> {
    let mut probe = probe::Probe::new(store, now, fresh_name);
    let replaces = checks::all(&mut probe).await?;
    let keeps_heads = heads::all(&mut probe).await?;
    Ok(Report {
        passed: probe.passed(),
        replaces,
        keeps_heads,
    })
}

/// What a store that keeps the contract showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The checks passed, in order.
    pub passed: Vec<&'static str>,
    /// Whether a second record under one name replaces the first (clause 7); otherwise it is
    /// refused as a conflict.
    pub replaces: bool,
    /// Whether it keeps heads (clauses 10, 11 and 13).
    pub keeps_heads: bool,
}

/// The first check that a store failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The clause of [`SessionStore`] that is broken.
    pub clause: u8,
    /// What the check demands.
    pub check: &'static str,
    /// What the store did instead; holds lengths and store errors, no record.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clause {}: {}: {}", self.clause, self.check, self.seen)
    }
}

impl core::error::Error for Failure {}
