//! `payload = base64url(JSON) | "." base64url(zlib(JSON))`: what Django and Flask sign.

mod fit;

use alloc::{string::String, vec::Vec};

use crate::{
    compress::{Container, InflateError},
    error::Reason,
    text::base64url,
    workspace::Workspace,
};

pub(crate) use fit::{Spelling, fit};

/// Before a compressed payload; inside the signed part, so no client can add or remove it.
const COMPRESSED: u8 = b'.';

/// Appends the payload of the workspace's `json`, which is Python's, if it has at most
/// `capacity` characters, and says how many it has.
pub(crate) fn write(workspace: &mut Workspace, capacity: usize, text: &mut String) -> usize {
    let Workspace {
        deflater,
        json,
        body,
        ..
    } = workspace;
    body.clear();
    // Django keeps the compressed form if `len(zlib) < len(json) - 1`: the mark costs one.
    let limit = json.len().saturating_sub(2);
    let compressed = deflater
        .deflate(json.as_bytes(), Container::Zlib, limit, body)
        .is_some();
    let bytes: &[u8] = if compressed { body } else { json.as_bytes() };
    let characters = base64url::encoded_len(bytes.len()) + usize::from(compressed);
    if characters <= capacity {
        if compressed {
            text.push(char::from(COMPRESSED));
        }
        base64url::encode_into(bytes, text);
    }
    characters
}

/// As [`write`] does without a limit, but what has at most `plain_until` bytes is not compressed:
/// it is read once, nearby, and compressing takes longer than anything else that is done to it.
pub(crate) fn write_nearby(workspace: &mut Workspace, plain_until: usize, text: &mut String) {
    if workspace.json.len() <= plain_until {
        base64url::encode_into(workspace.json.as_bytes(), text);
    } else {
        write(workspace, usize::MAX, text);
    }
}

/// The JSON text of a payload, at most `limit` bytes of it.
pub(crate) fn read(text: &[u8], limit: usize, workspace: &mut Workspace) -> Result<String, Reason> {
    let json = read_bytes(text, limit, workspace)?;
    // Django 6.1 and before read these bytes as Latin-1, later ones as UTF-8, and every Django
    // writes ASCII: refusing the rest never reads another value than Django does.
    if !json.is_ascii() {
        return Err(Reason::CorruptBody);
    }
    String::from_utf8(json).map_err(|_| Reason::CorruptBody)
}

/// The bytes of a payload, at most `limit`.
pub(crate) fn read_bytes(
    text: &[u8],
    limit: usize,
    workspace: &mut Workspace,
) -> Result<Vec<u8>, Reason> {
    let (encoded, compressed) = parts(text);
    let mut json = Vec::new();
    if compressed {
        let Workspace { raw, inflater, .. } = workspace;
        raw.clear();
        base64url::decode(encoded, raw).map_err(|_| Reason::CorruptBody)?;
        // Sessions compress to about a quarter; a wrong guess costs a copy.
        json.reserve(limit.min(raw.len().saturating_mul(4)));
        inflater
            .inflate(raw, Container::Zlib, limit, &mut json)
            .map_err(|error| match error {
                InflateError::TooLong => Reason::TooLarge,
                InflateError::Corrupt => Reason::CorruptBody,
            })?;
    } else {
        base64url::decode(encoded, &mut json).map_err(|_| Reason::CorruptBody)?;
        if json.len() > limit {
            return Err(Reason::TooLarge);
        }
    }
    Ok(json)
}

/// A payload without its mark, and whether it was marked as compressed.
pub(crate) fn parts(text: &[u8]) -> (&[u8], bool) {
    match text.split_first() {
        Some((&COMPRESSED, rest)) => (rest, true),
        _ => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned as _, format};

    use super::*;

    fn workspace(json: &str) -> Workspace {
        let mut workspace = Workspace::new();
        workspace.json.push_str(json);
        workspace
    }

    /// One that compresses and one that does not.
    fn texts() -> [String; 2] {
        let even = format!(r#"{{"a":"{}"}}"#, "a".repeat(300));
        [even, r#"{"a":"q"}"#.to_owned()]
    }

    #[test]
    fn a_payload_is_written_whole_or_not_at_all_and_counted_either_way() {
        for (json, is_compressed) in texts().into_iter().zip([true, false]) {
            let mut whole = String::new();
            let characters = write(&mut workspace(&json), usize::MAX, &mut whole);
            assert_eq!(whole.starts_with('.'), is_compressed);
            assert_eq!(whole.len(), characters);
            for (capacity, expected) in [(characters, &*whole), (characters - 1, "")] {
                let mut text = String::new();
                assert_eq!(
                    write(&mut workspace(&json), capacity, &mut text),
                    characters
                );
                assert_eq!(text, expected);
            }
        }
    }

    #[test]
    fn what_is_read_nearby_is_compressed_only_beyond_a_length() {
        let [json, _] = texts();
        for (plain_until, is_compressed) in [(json.len(), false), (json.len() - 1, true)] {
            let mut text = String::new();
            write_nearby(&mut workspace(&json), plain_until, &mut text);
            assert_eq!(text.starts_with('.'), is_compressed);
        }
    }

    #[test]
    fn as_many_bytes_as_the_limit_are_read_and_one_more_is_refused() {
        for json in texts() {
            let mut text = String::new();
            write(&mut workspace(&json), usize::MAX, &mut text);
            let read = |limit| read(text.as_bytes(), limit, &mut Workspace::new());
            assert_eq!(read(json.len()).unwrap(), json);
            for limit in [json.len() - 1, json.len() / 2] {
                assert!(matches!(read(limit), Err(Reason::TooLarge)), "{limit}");
            }
        }
    }
}
