use core::fmt;

use alloc::{string::String, vec::Vec};

use crate::compress::{Deflater, Inflater};

/// Buffers and compressor state, kept between calls: make one a thread and pass it along.
///
/// A fresh compressor costs more than compressing a small session, and the buffers grow once to
/// what the sessions need.
#[derive(Default)]
pub struct Workspace {
    pub(crate) deflater: Deflater,
    pub(crate) inflater: Inflater,
    /// A session's JSON.
    pub(crate) json: String,
    /// The same text rewritten.
    pub(crate) spare: String,
    /// The part of a body that must not be compressed.
    pub(crate) plain: Vec<u8>,
    /// A body: JSON, compressed or not.
    pub(crate) body: Vec<u8>,
    /// The body that goes into the cookie.
    pub(crate) kept: Vec<u8>,
    /// An envelope before base64url.
    pub(crate) raw: Vec<u8>,
}

impl Workspace {
    /// Allocates the compressor's state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for Workspace {
    /// Without content: the buffers held sessions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}
