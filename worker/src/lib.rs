//! A Cloudflare Worker that stands in front of an origin and keeps its sessions: sealed towards
//! the browser, plain Django towards the origin.
//!
//! Here is what touches the platform. The shell, which is JavaScript, has requests, answers and
//! headers in its hands; [`shell`] is what it calls. What becomes of a request `session-gateway`
//! decides.
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

mod analytics;
mod at_once;
mod body;
mod clock;
#[cfg(feature = "conformance")]
mod conformance;
mod console;
mod data_centre;
mod es256;
mod fleet;
mod last_resort;
mod origin;
mod page;
mod platform;
mod request_log;
mod rows;
mod settings;
mod shard;
pub mod shell;
mod state;
mod store;
mod sweep;
mod tier;
mod wire;
