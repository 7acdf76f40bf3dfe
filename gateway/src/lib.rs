//! What a gateway in front of a site decides about cookie sessions: which request passes, what the
//! site is told of its visitor, and what becomes of the session that the site sets.
//!
//! It names no platform. A request is its head ([`RequestHead`]), what becomes of it is a
//! [`Decision`]; the origin's answer is its head ([`ResponseHead`]), and what becomes of it is an
//! [`Outcome`]. Bodies never come here. Only stores are waited for, by way of [`Platform`], whose
//! futures decide whether those here are `Send`.
//!
//! ```text
//! browser ── RequestHead ──▶ Gateway::decide ── Forward ──▶ origin
//!    ◀── Outcome ── Exchange::conclude ◀── ResponseHead ──────┘
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

mod access;
mod answer;
mod apart;
pub mod api;
mod arrival;
mod body;
mod caching;
mod class;
mod cookie_lines;
pub mod counters;
pub mod device;
mod device_pages;
mod dialect;
mod edit;
mod entropy;
mod gate;
mod gateway;
pub mod header_limit;
mod key_patterns;
mod lifetime;
mod location;
pub mod log;
mod own_address;
mod pipeline;
mod platform;
mod presence;
mod protocol;
mod refusal;
mod request;
mod response;
mod revocation;
pub mod routes;
pub mod rows;
mod scope;
mod sealed;
pub mod seen;
mod session_text;
mod set_cookies;
mod shared;
pub mod site;
mod told;
mod trace;
pub mod uses;
mod visit;
mod vouched;
mod way_back;
mod workspace;

pub use access::Access;
pub use answer::{Answer, failed, misconfigured, no_address, not_found};
pub use body::{Body, BodyError};
pub use class::ClassRule;
pub use device_pages::DeviceFields;
pub use edit::Edit;
pub use gateway::Gateway;
pub use key_patterns::KeyPatterns;
pub use location::Location;
pub use pipeline::{About, Concluded, Decision, Exchange, Forward, Outcome};
pub use platform::Platform;
pub use refusal::Refusal;
pub use request::{REQUEST_FIELDS, RequestHead};
pub use response::{RESPONSE_FIELDS, ResponseHead, TELLING_FIELDS, Unanswered};
pub use revocation::{DataCentre, Told};
pub use scope::Scope;
pub use sealed::Afterwards;
pub use site::Site;
