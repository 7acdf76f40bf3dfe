use core::fmt;

use alloc::string::String;
use base64ct::{Base64UrlUnpadded, Encoding};
use rand_core::TryCryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use super::labels::Prk;
use crate::atoms::{KeyId, Timestamp};

/// What every secret's text begins with: `es`, for this project, and the version of its use.
const PREFIX: &str = "es1_";
/// Bytes of a secret: the key length of HKDF-SHA256 and XChaCha20-Poly1305.
const LEN: usize = 32;

/// A sealing secret: exactly 32 random bytes, as text `es1_<43 characters of base64url>`.
///
/// Passwords are refused: they would need stretching, and nobody stretches on every request.
/// Decoded in constant time, zeroized when dropped; `Debug` shows its id.
#[derive(Clone)]
pub struct Secret {
    bytes: [u8; LEN],
    not_after: Option<Timestamp>,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Secret {
    /// Draws a new secret.
    ///
    /// # Errors
    /// Those of the random source.
    pub fn generate<R: TryCryptoRng>(rng: &mut R) -> Result<Self, R::Error> {
        let mut secret = Self::from_bytes([0; LEN]);
        rng.try_fill_bytes(&mut secret.bytes)?;
        Ok(secret)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Says what is wrong with the text, never what it was.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError::Prefix)?;
        let mut secret = Self::from_bytes([0; LEN]);
        let decoded = Base64UrlUnpadded::decode(encoded, &mut secret.bytes)
            .map_err(|_| SecretError::Encoding)?;
        if decoded.len() != LEN {
            return Err(SecretError::Encoding);
        }
        // A sample key: constant bytes or the counting bytes of examples and tests.
        let steps = |step: u8| {
            secret
                .bytes
                .windows(2)
                .all(|w| w[1] == w[0].wrapping_add(step))
        };
        if steps(0) || steps(1) {
            return Err(SecretError::Sample);
        }
        Ok(secret)
    }

    /// The text form, to be put into a secret store.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 43));
        text.push_str(PREFIX);
        text.push_str(&Zeroizing::new(Base64UrlUnpadded::encode_string(
            &self.bytes,
        )));
        text
    }

    /// The id under which envelopes name this secret; not secret itself.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        Prk::of(self).key_id()
    }

    /// From bytes that are known to be random, such as another key store's output.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; LEN]) -> Self {
        Self {
            bytes,
            not_after: None,
        }
    }

    /// The same secret with an end: from then on it opens nothing. A rotation that ends by
    /// itself needs no second deployment.
    #[must_use]
    pub fn ending(mut self, not_after: Timestamp) -> Self {
        self.not_after = Some(not_after);
        self
    }

    /// When the secret stops opening, if it has an end.
    #[must_use]
    pub const fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    pub(super) const fn bytes(&self) -> &[u8; LEN] {
        &self.bytes
    }
}

impl fmt::Debug for Secret {
    /// The id and the end, which are no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("key_id", &self.key_id())
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Why a text is not a [`Secret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// It does not begin with `es1_`.
    Prefix,
    /// What follows is not the unpadded base64url of exactly 32 bytes.
    Encoding,
    /// It is an example key: all bytes equal, or each one more than the one before.
    Sample,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "a secret begins with es1_ (passwords are not accepted)",
            Self::Encoding => "a secret is es1_ and the unpadded base64url of 32 random bytes",
            Self::Sample => "this is an example secret; draw a random one",
        })
    }
}

impl core::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_survives() {
        let secret = Secret::from_bytes(core::array::from_fn(|i| i as u8 * 7));
        let text = secret.to_text();
        assert_eq!(text.len(), 47);
        assert_eq!(Secret::parse(&text).unwrap().bytes, secret.bytes);
    }

    #[test]
    fn anything_else_is_refused() {
        let error = |text: &str| Secret::parse(text).err();
        assert_eq!(
            error("correct horse battery staple"),
            Some(SecretError::Prefix)
        );
        assert_eq!(error("es1_short"), Some(SecretError::Encoding));
        let long = Secret::from_bytes(core::array::from_fn(|i| i as u8 * 7)).to_text();
        assert_eq!(
            error(&alloc::format!("{}A", &*long)),
            Some(SecretError::Encoding)
        );
        assert_eq!(
            error(&alloc::format!("{}=", &*long)),
            Some(SecretError::Encoding)
        );
        let zeros = Secret::from_bytes([0; 32]).to_text();
        assert_eq!(error(&zeros), Some(SecretError::Sample));
    }
}
