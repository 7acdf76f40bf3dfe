use alloc::{string::String, vec::Vec};

use super::Thumbprint;
use crate::text::base64url;

/// A P-256 key as its two coordinates, `x | y`. Whether that is a point of the curve, whoever verifies
/// with it finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(super) [u8; Self::LEN]);

impl PublicKey {
    /// Bytes of both coordinates.
    pub const LEN: usize = 64;

    /// Of the members `x` and `y` of a JSON Web Key; `None` unless each is exactly as long as the
    /// curve's (RFC 7518 6.2.1.2), in canonical base64url.
    #[must_use]
    pub fn from_coordinates(x: &str, y: &str) -> Option<Self> {
        let mut key = Vec::with_capacity(Self::LEN);
        for coordinate in [x, y] {
            // Without a look at the length anything longer would be decoded first.
            if coordinate.len() != base64url::encoded_len(Self::LEN / 2) {
                return None;
            }
            base64url::decode(coordinate.as_bytes(), &mut key).ok()?;
        }
        key.try_into().map(Self).ok()
    }

    /// The members `x` and `y` of a JSON Web Key.
    #[must_use]
    pub fn to_coordinates(&self) -> [String; 2] {
        [self.x(), self.y()].map(|coordinate| {
            let mut text = String::new();
            base64url::encode_into(coordinate, &mut text);
            text
        })
    }

    /// The coordinate x.
    #[must_use]
    pub fn x(&self) -> &[u8] {
        &self.0[..Self::LEN / 2]
    }

    /// The coordinate y.
    #[must_use]
    pub fn y(&self) -> &[u8] {
        &self.0[Self::LEN / 2..]
    }

    /// What a binding and the device cookie know it by.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let mut thumbprint = Thumbprint::default();
        let length = thumbprint.len();
        thumbprint.copy_from_slice(&self.0[..length]);
        thumbprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_have_one_spelling_and_length() {
        let key = PublicKey(core::array::from_fn(|n| n as u8));
        let [x, y] = key.to_coordinates();
        assert_eq!(PublicKey::from_coordinates(&x, &y), Some(key));
        assert_ne!(PublicKey::from_coordinates(&y, &x), Some(key));
        for other in ["", &x[1..], &[&x, "A"].concat(), &[&x[..42], "="].concat()] {
            assert_eq!(PublicKey::from_coordinates(other, &y), None, "{other}");
            assert_eq!(PublicKey::from_coordinates(&x, other), None, "{other}");
        }
    }
}
