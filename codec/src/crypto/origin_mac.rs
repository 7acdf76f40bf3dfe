use alloc::string::String;
use core::fmt;

use super::{labels::Prk, mac::MacKey, secret::Secret};

/// Vouches towards an origin for what it is told of a session.
///
/// Its secret is one of its own, so that an origin can verify without being able to open or to
/// make cookies.
#[derive(Clone)]
pub struct OriginMac(MacKey);

impl OriginMac {
    /// Derives the key: `HKDF-SHA256(salt "edge-session/v1", info "origin-mac", 32 bytes)`.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(Prk::of(secret).origin_mac_key())
    }

    /// `base64url(HMAC-SHA256(key, message))`, 43 characters.
    #[must_use]
    pub fn text(&self, message: &[u8]) -> String {
        let text = self.0.mac_text(message);
        text.iter().copied().map(char::from).collect()
    }
}

impl fmt::Debug for OriginMac {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginMac").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's `hmac`, as docs/examples/verify_session.py does.
    #[test]
    fn the_mac_of_a_known_message() {
        let mac = OriginMac::new(&Secret::from_bytes(core::array::from_fn(|i| i as u8)));
        assert_eq!(
            mac.text(b"message"),
            "doKIUuCzu9Kb2sagMCHJ72t1hF_3J6ow4FEGRVKI00Y"
        );
    }
}
