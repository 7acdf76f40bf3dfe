//! The native origin store: keeps session records where a site already has a database, a cache or
//! a disk, behind the protocol of docs/ORIGIN-STORE.md.
//!
//! [`stores`] has the back ends, each a [`session_store::SessionStore`]; [`front`] puts time limits
//! and a cache round them; [`django`] reads the sessions that a site keeps itself; [`http`] answers requests out of it, and
//! [`measures`] and [`traces`] tell of it; [`commands`] is what the program does.
// Stores within time limits within breakers within layers.
#![recursion_limit = "256"]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

pub mod clock;
pub mod commands;
pub mod django;
pub mod front;
pub mod http;
pub mod measures;
pub mod settings;
pub mod stores;
pub mod traces;
