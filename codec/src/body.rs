//! Bodies: a session's JSON, compressed or not.

pub(crate) mod compression;
pub(crate) mod split;

use alloc::{string::String, vec::Vec};

use crate::{
    compress::{Container, Dictionary, InflateError, Inflater},
    config::{Config, ConfigError},
    error::Reason,
    placement::Planned,
    rules::Limits,
    session::SessionData,
    workspace::Workspace,
};

use compression::Compression;

/// Writes and reads bodies.
pub(crate) struct Bodies {
    /// The one that is written.
    dictionary: Dictionary,
    /// Those that are read beside the built-in one.
    dictionaries: Vec<Dictionary>,
    compress_from: usize,
    limits: Limits,
}

/// How the workspace's body is compressed, and what it takes, the dictionary's own byte included.
pub(crate) struct Body {
    pub(crate) compression: Compression,
    pub(crate) bytes: usize,
}

impl Bodies {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let (dictionary, dictionaries) = config.dictionaries()?;
        Ok(Self {
            dictionary,
            dictionaries,
            compress_from: config.compress_from,
            limits: config.limits,
        })
    }

    /// The configured bounds.
    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Puts some keys of a session into the workspace's `body`, compressed if that makes it
    /// shorter, if it then takes at most `limit` bytes. Secret values are not compressed, and have
    /// no part in deciding what is.
    pub(crate) fn write(
        &self,
        planned: Planned<'_>,
        chosen: impl Fn(usize) -> bool + Copy,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Option<Body> {
        let Planned { session, plan, .. } = planned;
        let is_secret = |index: usize| chosen(index) && plan.is_secret(index);
        if !plan.has_secrets() || !(0..session.len()).any(is_secret) {
            planned.write_part(chosen, &mut workspace.json);
            return self.compress(limit, workspace);
        }
        workspace.plain.clear();
        write_plain(session, chosen, is_secret, workspace);
        session.write_only(
            |index| chosen(index) && !is_secret(index),
            &mut workspace.json,
        );
        planned.add_reserved(chosen, &mut workspace.json);
        let Workspace { plain, body, .. } = workspace;
        let length = u16::try_from(plain.len());
        let left = limit.checked_sub(2 + plain.len());
        if let (Ok(length), Some(left)) = (length, left) {
            body.clear();
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(plain);
            let head = body.len();
            if let Some(bytes) = self.deflate(left, workspace) {
                return Some(Body {
                    compression: Compression::Split(Some(self.dictionary.id())),
                    bytes: head + bytes + 1,
                });
            }
        }
        planned.write_part(chosen, &mut workspace.json);
        write_uncompressed(limit, workspace)
    }

    fn compress(&self, limit: usize, workspace: &mut Workspace) -> Option<Body> {
        workspace.body.clear();
        if let Some(bytes) = self.deflate(limit, workspace) {
            return Some(Body {
                compression: Compression::Deflate(Some(self.dictionary.id())),
                bytes: bytes + 1,
            });
        }
        write_uncompressed(limit, workspace)
    }

    /// Appends the compressed `json` to `body` if that is shorter and takes at most `limit` bytes
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

    /// The reverse: the session of a body, whose JSON has at most `limit` bytes.
    pub(crate) fn read(
        &self,
        body: &[u8],
        compression: Compression,
        limit: usize,
        inflater: &mut Inflater,
    ) -> Result<SessionData, Reason> {
        match compression {
            Compression::None if body.len() > limit => Err(Reason::TooLarge),
            Compression::None => self.parse_bytes(body.to_vec()),
            Compression::Deflate(id) => self.parse_bytes(self.inflate(body, id, limit, inflater)?),
            Compression::Split(id) => {
                let (plain, stream) = split::read(body)?;
                let limit = limit.checked_sub(plain.json.len());
                let limit = limit.ok_or(Reason::TooLarge)?;
                let mut session = self.parse_bytes(self.inflate(stream, id, limit, inflater)?)?;
                session.merge(&self.parse_bytes(plain.json.to_vec())?, &plain.positions);
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

    fn parse_bytes(&self, json: Vec<u8>) -> Result<SessionData, Reason> {
        self.parse(String::from_utf8(json).map_err(|_| Reason::CorruptBody)?)
    }

    /// The session of a JSON text.
    pub(crate) fn parse(&self, json: String) -> Result<SessionData, Reason> {
        SessionData::from_json_within(json, self.limits.json_depth).map_err(|_| Reason::CorruptBody)
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
    session: &SessionData,
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

fn write_uncompressed(limit: usize, workspace: &mut Workspace) -> Option<Body> {
    let Workspace { json, body, .. } = workspace;
    if json.len() > limit {
        return None;
    }
    body.clear();
    body.extend_from_slice(json.as_bytes());
    Some(Body {
        compression: Compression::None,
        bytes: json.len(),
    })
}
