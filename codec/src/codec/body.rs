//! Bodies: a session's JSON, compressed or not.

use alloc::{string::String, vec::Vec};

use super::{Codec, Workspace};
use crate::{
    atoms::Timestamp,
    compress::{Container, Dictionary, InflateError, Inflater},
    error::{Reason, SealError},
    policy::Plan,
    session::Session,
    wire::{inner::Compression, split},
    workspace::add_member,
};

impl Codec {
    /// Puts some keys of a session into the workspace's `body`, compressed if that makes it
    /// shorter, if it then takes at most `limit` octets, the dictionary's own octet included; and
    /// how many. Secret values are not compressed, and have no part in deciding what is.
    pub(super) fn write_body(
        &self,
        session: &Session,
        plan: &Plan,
        chosen: impl Fn(usize) -> bool + Copy,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Option<(Compression, usize)> {
        let is_secret = |index: usize| chosen(index) && plan.is_secret(index);
        if !plan.has_secrets() || !(0..session.len()).any(is_secret) {
            workspace.write_part(session, plan, chosen);
            return self.compress(limit, workspace);
        }
        workspace.plain.clear();
        write_plain(session, chosen, is_secret, workspace);
        workspace.write_json(session, |index| chosen(index) && !is_secret(index));
        let ends = plan.ends_member(session, chosen);
        add_member(&mut workspace.json, ends.as_deref());
        let Workspace { plain, body, .. } = workspace;
        let length = u16::try_from(plain.len());
        let left = limit.checked_sub(2 + plain.len());
        if let (Ok(length), Some(left)) = (length, left) {
            body.clear();
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(plain);
            let head = body.len();
            if let Some(octets) = self.deflate(left, workspace) {
                let dictionary = Some(self.dictionary.id());
                return Some((Compression::Split(dictionary), head + octets + 1));
            }
        }
        workspace.write_part(session, plan, chosen);
        self.write_uncompressed(limit, workspace)
    }

    fn compress(&self, limit: usize, workspace: &mut Workspace) -> Option<(Compression, usize)> {
        workspace.body.clear();
        if let Some(octets) = self.deflate(limit, workspace) {
            let dictionary = Some(self.dictionary.id());
            return Some((Compression::Deflate(dictionary), octets + 1));
        }
        self.write_uncompressed(limit, workspace)
    }

    fn write_uncompressed(
        &self,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Option<(Compression, usize)> {
        let Workspace { json, body, .. } = workspace;
        if json.len() > limit {
            return None;
        }
        body.clear();
        body.extend_from_slice(json.as_bytes());
        Some((Compression::None, json.len()))
    }

    /// Appends the compressed `json` to `body` if that is shorter and takes at most `limit` octets
    /// with the dictionary's own; how many without it.
    fn deflate(&self, limit: usize, workspace: &mut Workspace) -> Option<usize> {
        let Workspace {
            deflater,
            json,
            body,
            ..
        } = workspace;
        if json.len() < self.compress_from {
            return None;
        }
        let limit = limit.min(json.len()).saturating_sub(1);
        let container = Container::Raw(Some(&self.dictionary));
        deflater.deflate(json.as_bytes(), container, limit, body)
    }

    /// The reverse: the session of a body, whose JSON has at most `limit` octets.
    pub(super) fn read_body(
        &self,
        body: &[u8],
        compression: Compression,
        limit: usize,
        inflater: &mut Inflater,
    ) -> Result<Session, Reason> {
        match compression {
            Compression::None if body.len() > limit => Err(Reason::TooLarge),
            Compression::None => self.parse(body.to_vec()),
            Compression::Deflate(id) => self.parse(self.inflate(body, id, limit, inflater)?),
            Compression::Split(id) => {
                let (plain, stream) = split::read(body)?;
                let limit = limit.checked_sub(plain.json.len());
                let limit = limit.ok_or(Reason::TooLarge)?;
                let mut session = self.parse(self.inflate(stream, id, limit, inflater)?)?;
                session.merge(&self.parse(plain.json.to_vec())?, &plain.positions);
                Ok(session)
            }
        }
    }

    fn inflate(
        &self,
        stream: &[u8],
        dictionary: Option<u8>,
        limit: usize,
        inflater: &mut Inflater,
    ) -> Result<Vec<u8>, Reason> {
        let dictionary = dictionary.map(|id| self.readable(id)).transpose()?;
        // Sessions compress to about a quarter; a wrong guess costs a copy.
        let mut json = Vec::with_capacity(limit.min(stream.len() * 4));
        inflater
            .inflate(stream, Container::Raw(dictionary), limit, &mut json)
            .map_err(|error| match error {
                InflateError::TooLong => Reason::TooLarge,
                InflateError::Corrupt => Reason::CorruptBody,
            })?;
        Ok(json)
    }

    fn readable(&self, id: u8) -> Result<&Dictionary, Reason> {
        let built_in = core::iter::once(Dictionary::built_in());
        built_in
            .chain(&self.dictionaries)
            .find(|dictionary| dictionary.id() == id)
            .ok_or(Reason::UnknownDictionary(id))
    }
}

/// Puts the secret ones among the chosen keys into the workspace's `plain`.
fn write_plain(
    session: &Session,
    chosen: impl Fn(usize) -> bool,
    is_secret: impl Fn(usize) -> bool + Copy,
    workspace: &mut Workspace,
) {
    let mut json = String::new();
    session.write_members(is_secret, &mut json);
    let among_chosen = (0..session.len()).filter(|&index| chosen(index));
    let positions: Vec<u16> = (0..=u16::MAX)
        .zip(among_chosen)
        .filter_map(|(position, index)| is_secret(index).then_some(position))
        .collect();
    split::write_plain(&positions, json.as_bytes(), &mut workspace.plain);
}

/// A time as the format's 32-bit seconds.
pub(super) fn seconds(time: Timestamp) -> Result<u32, SealError> {
    u32::try_from(time.seconds()).map_err(|_| SealError::TimeOutOfRange)
}
