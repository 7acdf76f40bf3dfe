//! Cookie sessions, signed (Django-compatible) or encrypted, that fit into a cookie.
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod atoms;
mod text;
#[allow(dead_code)] // its callers, the envelopes, are yet to come
mod compress;
pub mod cookie;

pub use atoms::{Priority, Timestamp};
pub use compress::{Deflater, Dictionary, DictionaryError, Inflater};
