//! Deflate streams, bounded in both directions. Knows nothing of cookies, keys or JSON.
//!
//! Twin files behind the same names, so that callers are free of `cfg`: `zlib_rs` (flate2 on
//! zlib-rs, feature `zlib-rs`, the default) is the faster one, `miniz` needs no std. Each reads
//! everything that either writes.

mod container;
mod dictionary;
mod estimate;
mod inflate_error;
#[cfg(any(test, not(feature = "zlib-rs")))]
#[cfg_attr(feature = "zlib-rs", allow(unreachable_pub))] // then it is here only for the tests
mod miniz;
#[cfg(test)]
mod tests;
#[cfg(feature = "zlib-rs")]
mod zlib_rs;

pub(crate) use container::Container;
pub use dictionary::{Dictionary, DictionaryError};
pub(crate) use estimate::Estimate;
pub(crate) use inflate_error::InflateError;
#[cfg(not(feature = "zlib-rs"))]
pub(crate) use miniz::{Deflater, Inflater};
#[cfg(feature = "zlib-rs")]
pub(crate) use zlib_rs::{Deflater, Inflater};

/// Room for what a stream inflates to, at most `most` bytes: sessions take 2 to 4 times as many. It is
/// taken at once, more by doubling.
fn usual_room(stream: &[u8], most: usize) -> usize {
    let usual = stream.len().saturating_mul(4).saturating_add(256);
    usual.min(most)
}
