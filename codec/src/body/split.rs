//! A body of two parts: JSON that is never compressed beside JSON that is.
//!
//! ```text
//! body  = n u16be | n bytes of plain part | raw deflate of a JSON object
//! plain = count u16be | count * position u16be | JSON object
//! ```
//! The positions say where the plain part's keys stood among the keys of both, so that order
//! survives.

use alloc::vec::Vec;

use crate::error::Reason;

/// The part that is not compressed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain<'b> {
    /// Ascending: where the keys stood.
    pub(crate) positions: Vec<u16>,
    pub(crate) json: &'b [u8],
}

/// Writes the plain part, without its length.
pub(crate) fn write_plain(positions: &[u16], json: &[u8], plain: &mut Vec<u8>) {
    // Sealing refuses sessions of more than 65,535 keys.
    let count = u16::try_from(positions.len()).unwrap_or(u16::MAX);
    plain.extend_from_slice(&count.to_be_bytes());
    for position in positions.iter().take(usize::from(count)) {
        plain.extend_from_slice(&position.to_be_bytes());
    }
    plain.extend_from_slice(json);
}

/// Reads a body into its plain part and its deflate stream.
pub(crate) fn read(body: &[u8]) -> Result<(Plain<'_>, &[u8]), Reason> {
    let (plain, stream) = counted(body, 1)?;
    let (positions, json) = counted(plain, 2)?;
    let (positions, _) = positions.as_chunks();
    let positions = positions.iter().map(|&p| u16::from_be_bytes(p)).collect();
    Ok((Plain { positions, json }, stream))
}

/// `n u16be | n * size bytes | rest`
fn counted(bytes: &[u8], size: usize) -> Result<(&[u8], &[u8]), Reason> {
    let (count, rest) = bytes.split_first_chunk().ok_or(Reason::CorruptBody)?;
    let length = usize::from(u16::from_be_bytes(*count)) * size;
    rest.split_at_checked(length).ok_or(Reason::CorruptBody)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_truncations_are_refused() {
        let mut plain = Vec::new();
        write_plain(&[1, 300], b"{}", &mut plain);
        let body = [&[0, 8][..], &plain, b"rest"].concat();
        let (read_plain, stream) = read(&body).unwrap();
        assert_eq!(read_plain.positions, [1, 300]);
        assert_eq!((read_plain.json, stream), (&b"{}"[..], &b"rest"[..]));
        for length in 0..10 {
            assert_eq!(read(&body[..length]), Err(Reason::CorruptBody), "{length}");
        }
        assert_eq!(read(&[0, 2, 0, 1, 0]), Err(Reason::CorruptBody));
    }
}
