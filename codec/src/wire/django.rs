//! Django's signed layout: `payload ":" timestamp ":" signature`.
//!
//! ```text
//! payload   = base64url(JSON) | "." base64url(zlib(JSON))
//! timestamp = base62(unix seconds)
//! signature = base64url(HMAC-SHA256(key, payload ":" timestamp))
//! ```

/// Between the parts.
pub(crate) const SEPARATOR: u8 = b':';
/// Before a compressed payload; inside the signed part, so no client can add or remove it.
pub(crate) const COMPRESSED: u8 = b'.';

/// Splits at the **last** separator, as Django does: `None` if there is none.
pub(crate) fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|&octet| octet == SEPARATOR)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The payload without its mark, and whether it was marked as compressed.
pub(crate) fn payload(text: &[u8]) -> (&[u8], bool) {
    match text.split_first() {
        Some((&COMPRESSED, rest)) => (rest, true),
        _ => (text, false),
    }
}
