use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::ring::CookieRing;
use crate::{
    atoms::{KeyId, Timestamp},
    crypto::{Secret, Verified},
    error::{Reason, SealError},
    random::drawn,
    ring::{KeyRing, KeyRingError},
    text::base64url,
};

/// What a token is for. One that was made for another purpose never opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPurpose {
    /// That a browser has shown lately that it is the device to which a session is bound.
    Device,
    /// What a device has to sign.
    DeviceChallenge,
    /// What a browser calls a session that is bound to it.
    DeviceIdentifier,
}

impl TokenPurpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::DeviceChallenge => "device-challenge",
            Self::DeviceIdentifier => "device-id",
        }
    }
}

/// Seals and opens short texts that stand beside a session's cookie: in the envelope of sealed
/// cookies, under the same keys, each purpose with a key of its own. What is in one, and for how
/// long it counts, is its owner's.
pub struct Tokens(CookieRing);

impl Tokens {
    /// Longest token read: twice what anybody here seals.
    pub const MAX_CHARACTERS: usize = 512;

    /// Derives the keys once. `name` and `audience` are bound into every token.
    ///
    /// # Errors
    /// [`KeyRingError`] for two equal keys, or a name or audience longer than 255 bytes.
    pub fn new(
        secrets: &KeyRing<Secret>,
        purpose: TokenPurpose,
        name: &str,
        audience: &str,
    ) -> Result<Self, KeyRingError> {
        CookieRing::new(secrets, purpose.label(), name, audience).map(Self)
    }

    /// Seals `content` under the primary key.
    ///
    /// # Errors
    /// [`SealError::Entropy`] if there is no randomness.
    pub fn seal<R: TryCryptoRng>(&self, content: &[u8], rng: &mut R) -> Result<String, SealError> {
        let mut raw = Vec::new();
        self.0.seal(&drawn(rng)?, &mut raw, |inner| {
            inner.extend_from_slice(content);
        });
        let mut text = String::with_capacity(base64url::encoded_len(raw.len()));
        base64url::encode_into(&raw, &mut text);
        Ok(text)
    }

    /// Opens a token, with the key that it names.
    ///
    /// # Errors
    /// The reason, for the operator's counters.
    pub fn open(&self, text: &[u8], now: Timestamp) -> Result<(Verified<Vec<u8>>, KeyId), Reason> {
        if text.len() > Self::MAX_CHARACTERS {
            return Err(Reason::TooLong);
        }
        let mut raw = Vec::new();
        base64url::decode(text, &mut raw).map_err(|_| Reason::Malformed)?;
        let (content, key) = self.0.open(&mut raw, now)?;
        Ok((content.map(<[u8]>::to_vec), key.id))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::tests::Counting;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn ring(bytes: &[u8]) -> KeyRing<Secret> {
        let mut secrets = bytes.iter().map(|byte| Secret::from_bytes([*byte; 32]));
        let primary = secrets.next().unwrap();
        KeyRing::new(primary, secrets.collect()).unwrap()
    }

    fn tokens(keys: &[u8], purpose: TokenPurpose, name: &str, audience: &str) -> Tokens {
        Tokens::new(&ring(keys), purpose, name, audience).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_name_and_audience_alone() {
        use TokenPurpose::{Device, DeviceChallenge, DeviceIdentifier};
        let made = tokens(&[1], Device, "__Host-s", "prod");
        let text = made.seal(b"content", &mut Counting(0)).unwrap();
        let (content, _) = made.open(text.as_bytes(), NOW).unwrap();
        assert_eq!(*content, b"content");
        for other in [
            tokens(&[1], DeviceChallenge, "__Host-s", "prod"),
            tokens(&[1], DeviceIdentifier, "__Host-s", "prod"),
            tokens(&[1], Device, "__Host-t", "prod"),
            tokens(&[1], Device, "__Host-s", "staging"),
        ] {
            assert_eq!(other.open(text.as_bytes(), NOW).err(), Some(Reason::Forged));
        }
        let foreign = tokens(&[2], Device, "__Host-s", "prod");
        let refused = foreign.open(text.as_bytes(), NOW).err();
        assert!(matches!(refused, Some(Reason::UnknownKey(_))));
        let rotated = tokens(&[2, 1], Device, "__Host-s", "prod");
        assert!(rotated.open(text.as_bytes(), NOW).is_ok());
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let tokens = tokens(&[1], TokenPurpose::Device, "s", "prod");
        let text = tokens.seal(&[7; 44], &mut Counting(0)).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(tokens.open(&changed, NOW).is_err(), "{at}");
            assert!(tokens.open(&text.as_bytes()[..at], NOW).is_err(), "{at}");
        }
        let sealed = (0..Tokens::MAX_CHARACTERS)
            .map(|bytes| tokens.seal(&vec![7; bytes], &mut Counting(0)).unwrap());
        let longest = sealed
            .take_while(|text| text.len() <= Tokens::MAX_CHARACTERS)
            .last()
            .unwrap();
        assert_eq!(longest.len(), Tokens::MAX_CHARACTERS);
        assert!(tokens.open(longest.as_bytes(), NOW).is_ok());
        let long = vec![b'A'; Tokens::MAX_CHARACTERS + 1];
        assert_eq!(tokens.open(&long, NOW).err(), Some(Reason::TooLong));
    }
}
