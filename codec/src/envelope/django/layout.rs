//! Django's signed layout: `payload ":" timestamp ":" signature`.
//!
//! ```text
//! payload   = base64url(JSON) | "." base64url(zlib(JSON))
//! timestamp = base62(unix seconds)
//! signature = base64url(HMAC-SHA256(key, payload ":" timestamp))
//! ```

use crate::envelope::signing_ring;

/// Between the parts.
pub(crate) const SEPARATOR: u8 = b':';

/// Splits at the last separator.
pub(crate) fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    signing_ring::split_last(text, SEPARATOR)
}
