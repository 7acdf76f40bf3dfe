//! Bodies: a session's JSON, compressed or not.

use alloc::vec::Vec;

use super::{Codec, Workspace};
use crate::{
    atoms::Timestamp,
    compress::{Container, Dictionary, InflateError, Inflater},
    error::{Reason, SealError},
    wire::inner::Compression,
};

impl Codec {
    /// Puts the workspace's `json` into its `body`, compressed if that makes it shorter, if it
    /// then takes at most `limit` octets, the dictionary's own octet included; and how many.
    pub(super) fn compress(
        &self,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Option<(Compression, usize)> {
        let Workspace {
            deflater,
            json,
            body,
            ..
        } = workspace;
        body.clear();
        if json.len() >= self.compress_from {
            let dictionary = Dictionary::built_in();
            let limit = limit.min(json.len()).saturating_sub(1);
            let container = Container::Raw(Some(dictionary));
            if let Some(octets) = deflater.deflate(json.as_bytes(), container, limit, body) {
                return Some((Compression::Deflate(Some(dictionary.id())), octets + 1));
            }
        }
        if json.len() > limit {
            return None;
        }
        body.extend_from_slice(json.as_bytes());
        Some((Compression::None, json.len()))
    }
}

/// The reverse: at most `limit` octets.
pub(super) fn expand(
    body: &[u8],
    compression: Compression,
    limit: usize,
    inflater: &mut Inflater,
) -> Result<Vec<u8>, Reason> {
    let dictionary = match compression {
        Compression::None if body.len() > limit => return Err(Reason::TooLarge),
        Compression::None => return Ok(body.to_vec()),
        Compression::Deflate(None) => None,
        Compression::Deflate(Some(id)) => Some(dictionary(id)?),
    };
    // Sessions compress to about a quarter; a wrong guess costs a copy.
    let mut json = Vec::with_capacity(limit.min(body.len() * 4));
    inflater
        .inflate(body, Container::Raw(dictionary), limit, &mut json)
        .map_err(|error| match error {
            InflateError::TooLong => Reason::TooLarge,
            InflateError::Corrupt => Reason::CorruptBody,
        })?;
    Ok(json)
}

fn dictionary(id: u8) -> Result<&'static Dictionary, Reason> {
    let built_in = Dictionary::built_in();
    (id == built_in.id())
        .then_some(built_in)
        .ok_or(Reason::UnknownDictionary(id))
}

/// A time as the format's 32-bit seconds.
pub(super) fn seconds(time: Timestamp) -> Result<u32, SealError> {
    u32::try_from(time.seconds()).map_err(|_| SealError::TimeOutOfRange)
}
