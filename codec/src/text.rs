//! The text forms a session is made of: base64url, base62 and Python's JSON.
//!
//! Nothing here knows of cookies, keys or compression, and nothing here uses another module of
//! the crate. Every function takes untrusted input: no recursion, no panic, linear time.

pub(crate) mod base62;
#[cfg(feature = "fernet")]
pub(crate) mod base64_padded;
pub(crate) mod base64url;
pub(crate) mod index;
pub(crate) mod json;
pub(crate) mod order;

#[cfg(test)]
mod vectors;
