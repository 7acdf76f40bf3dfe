//! What the targets share: codecs with known keys, and what must hold for whatever opens.

mod django;
mod stand;

pub use django::{Answer, Django};
pub use stand::{DJANGO_KEY, Stand, VERIFIES, keys};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::Timestamp;

/// 2027-01-15: later than what the seeds were signed at, so that none of it lies ahead.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Unpadded base64url.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse, if it is the one spelling.
pub fn from_base64url(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// `bytes` with `change` (two bytes of place, the rest exclusive-ored from there on).
pub fn altered(bytes: &[u8], change: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    if let Some((place, masks)) = change.split_first_chunk() {
        let place = usize::from(u16::from_be_bytes(*place)) % bytes.len();
        for (byte, mask) in altered[place..].iter_mut().zip(masks) {
            *byte ^= mask;
        }
    }
    altered
}

/// The JSON of what `signing.dumps` wrote, taken apart without the codec.
pub fn json_of(signed: &str) -> String {
    let payload = signed.split(':').next().expect("a split has a first part");
    let json = match payload.strip_prefix('.') {
        Some(zlib) => {
            let zlib = from_base64url(zlib).expect("base64url was written");
            miniz_oxide::inflate::decompress_to_vec_zlib(&zlib).expect("zlib was written")
        }
        None => from_base64url(payload).expect("base64url was written"),
    };
    String::from_utf8(json).expect("JSON was written")
}
