use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::{PublicKey, Thumbprint};
use crate::{
    atoms::{KeyId, Timestamp},
    crypto::Secret,
    envelope::sealed::tokens::{TokenPurpose, Tokens},
    error::{Reason, SealError},
    names::StoreName,
    ring::{KeyRing, KeyRingError},
};

/// Seals and opens what stands beside a session that is bound to a device. Nothing of it is stored.
pub struct DeviceTokens {
    shown: Tokens,
    challenges: Tokens,
    identifiers: Tokens,
}

/// What the device cookie says: the device of this session was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The session's name in a store.
    pub session: StoreName,
    /// Of the device's key.
    pub thumbprint: Thumbprint,
    /// When what was signed had been asked; whole seconds.
    pub proved: Timestamp,
    /// It is the first one, by which the browser shows that it got the answer to its registration.
    pub is_first: bool,
}

/// What a device has to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// The session's name in a store.
    pub session: StoreName,
    /// When it was asked; whole seconds.
    pub asked: Timestamp,
}

/// What a browser calls a session that is bound to it. It holds the key, so that a proof is
/// verified without a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier {
    /// The session's name in a store.
    pub session: StoreName,
    /// The device's key.
    pub key: PublicKey,
    /// When it was registered; whole seconds.
    pub since: Timestamp,
}

/// Seconds for which a challenge may be signed: a registration waits for the page, and a key in
/// hardware for its turn.
const CHALLENGE_SECONDS: i64 = 300;

/// As much as clocks of two data centres may differ.
const CLOCKS_DIFFER_SECONDS: i64 = 60;

impl DeviceTokens {
    /// Derives the keys once. `cookie_name` is the device cookie's; it and `audience` are bound into
    /// every token.
    ///
    /// # Errors
    /// [`KeyRingError`] as for the keys of cookies.
    pub fn new(
        secrets: &KeyRing<Secret>,
        cookie_name: &str,
        audience: &str,
    ) -> Result<Self, KeyRingError> {
        let tokens = |purpose| Tokens::new(secrets, purpose, cookie_name, audience);
        Ok(Self {
            shown: tokens(TokenPurpose::Device)?,
            challenges: tokens(TokenPurpose::DeviceChallenge)?,
            identifiers: tokens(TokenPurpose::DeviceIdentifier)?,
        })
    }

    /// Seals a device cookie's value.
    ///
    /// # Errors
    /// [`SealError::Entropy`] if there is no randomness.
    pub fn show<R: TryCryptoRng>(&self, shown: &Shown, rng: &mut R) -> Result<String, SealError> {
        let mut content = Vec::with_capacity(24 + 16 + 8 + 1);
        content.extend_from_slice(shown.session.bytes());
        content.extend_from_slice(&shown.thumbprint);
        content.extend_from_slice(&shown.proved.seconds().to_be_bytes());
        content.push(u8::from(shown.is_first));
        self.shown.seal(&content, rng)
    }

    /// Reads a device cookie; `None` if it is none of ours, or older than `seconds`.
    #[must_use]
    pub fn shown(&self, value: &[u8], seconds: u32, now: Timestamp) -> Option<Shown> {
        let (content, _) = self.shown.open(value, now).ok()?;
        let rest = content.as_slice();
        let (session, rest) = rest.split_first_chunk()?;
        let (thumbprint, rest) = rest.split_first_chunk()?;
        let (proved, rest) = rest.split_first_chunk()?;
        let shown = Shown {
            session: StoreName::new(*session),
            thumbprint: *thumbprint,
            proved: Timestamp::from_seconds(i64::from_be_bytes(*proved)),
            is_first: match rest {
                [0] => false,
                [1] => true,
                _ => return None,
            },
        };
        is_within(shown.proved, seconds.into(), now).then_some(shown)
    }

    /// Seals what a device is to sign.
    ///
    /// # Errors
    /// [`SealError::Entropy`] if there is no randomness.
    pub fn challenge<R: TryCryptoRng>(
        &self,
        challenge: &Challenge,
        rng: &mut R,
    ) -> Result<String, SealError> {
        let asked = challenge.asked.seconds().to_be_bytes();
        let content = [challenge.session.bytes().as_slice(), &asked].concat();
        self.challenges.seal(&content, rng)
    }

    /// Reads what was signed; `None` if we did not ask it, or more than five minutes ago.
    #[must_use]
    pub fn asked(&self, text: &str, now: Timestamp) -> Option<Challenge> {
        let (content, _) = self.challenges.open(text.as_bytes(), now).ok()?;
        let (session, asked) = content.split_first_chunk()?;
        let challenge = Challenge {
            session: StoreName::new(*session),
            asked: Timestamp::from_seconds(i64::from_be_bytes(asked.try_into().ok()?)),
        };
        is_within(challenge.asked, CHALLENGE_SECONDS, now).then_some(challenge)
    }

    /// Seals what a browser is to call its session.
    ///
    /// # Errors
    /// [`SealError::Entropy`] if there is no randomness.
    pub fn identify<R: TryCryptoRng>(
        &self,
        identifier: &Identifier,
        rng: &mut R,
    ) -> Result<String, SealError> {
        let since = identifier.since.seconds().to_be_bytes();
        let content = [
            identifier.session.bytes().as_slice(),
            &identifier.key.0,
            &since,
        ]
        .concat();
        self.identifiers.seal(&content, rng)
    }

    /// Reads what a browser calls its session, and gives the key that opened it: as long as one is in
    /// use its secret has to stay.
    ///
    /// # Errors
    /// The reason, for the operator's counters.
    pub fn identified(&self, text: &str, now: Timestamp) -> Result<(Identifier, KeyId), Reason> {
        let (content, key) = self.identifiers.open(text.as_bytes(), now)?;
        let read = || {
            let (session, rest) = content.split_first_chunk()?;
            let (key_bytes, since) = rest.split_first_chunk()?;
            let since = i64::from_be_bytes(since.try_into().ok()?);
            Some(Identifier {
                session: StoreName::new(*session),
                key: PublicKey(*key_bytes),
                since: Timestamp::from_seconds(since),
            })
        };
        let identifier = read().ok_or(Reason::Malformed)?;
        Ok((identifier, key))
    }
}

impl Challenge {
    /// For how many seconds a browser is to keep the device cookie that this challenge's signature
    /// fetches, where the cookie counts for `seconds`: they began when it was asked, so a signature
    /// that somebody took down and sends again is good for no longer.
    #[must_use]
    pub fn cookie_seconds(&self, seconds: u32, now: Timestamp) -> u64 {
        let passed = now.millis_since(self.asked).max(0) / 1000;
        let left = i64::from(seconds) - passed - ON_ITS_WAY_SECONDS;
        u64::try_from(left.max(1)).unwrap_or(1)
    }
}

/// So much earlier than its time is over a browser forgets the cookie: what it sends at the last
/// moment arrives in time.
const ON_ITS_WAY_SECONDS: i64 = 10;

/// Whether no more seconds have passed since then, by clocks that differ a little.
fn is_within(then: Timestamp, seconds: i64, now: Timestamp) -> bool {
    let age = now.millis_since(then);
    (-CLOCKS_DIFFER_SECONDS * 1000..=seconds * 1000).contains(&age)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::tests::Counting;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn tokens(secret: u8) -> DeviceTokens {
        let secrets = KeyRing::new(Secret::from_bytes([secret; 32]), vec![]).unwrap();
        DeviceTokens::new(&secrets, "__Host-sessionid", "default").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds() + seconds)
    }

    #[test]
    fn each_opens_in_its_own_place_alone_and_for_its_time() {
        let (tokens, foreign) = (tokens(7), tokens(8));
        let shown = Shown {
            session: StoreName::new([1; 24]),
            thumbprint: [2; 16],
            proved: NOW,
            is_first: true,
        };
        let challenge = Challenge {
            session: StoreName::new([1; 24]),
            asked: NOW,
        };
        let identifier = Identifier {
            session: StoreName::new([1; 24]),
            key: PublicKey([3; 64]),
            since: NOW,
        };
        let cookie = tokens.show(&shown, &mut Counting(0)).unwrap();
        let asked = tokens.challenge(&challenge, &mut Counting(1)).unwrap();
        let name = tokens.identify(&identifier, &mut Counting(2)).unwrap();
        let read = |text: &str, now| {
            (
                tokens.shown(text.as_bytes(), 600, now),
                tokens.asked(text, now),
                tokens.identified(text, now).ok().map(|(read, _)| read),
            )
        };
        assert_eq!(read(&cookie, NOW), (Some(shown), None, None));
        assert_eq!(read(&asked, NOW), (None, Some(challenge), None));
        assert_eq!(read(&name, NOW), (None, None, Some(identifier)));
        assert_eq!(read(&cookie, at(600)).0, Some(shown));
        assert_eq!(read(&cookie, at(601)).0, None);
        assert_eq!(read(&cookie, at(-61)).0, None);
        assert_eq!(read(&asked, at(300)).1, Some(challenge));
        assert_eq!(read(&asked, at(301)).1, None);
        assert_eq!(read(&name, at(100_000_000)).2, Some(identifier));
        assert!(cookie.len() < 140 && asked.len() < 110 && name.len() < 200);
        assert_eq!(foreign.shown(cookie.as_bytes(), 600, NOW), None);
        assert_eq!(foreign.asked(&asked, NOW), None);
        assert!(matches!(
            foreign.identified(&name, NOW),
            Err(Reason::UnknownKey(_))
        ));
        assert_eq!(challenge.cookie_seconds(600, at(100)), 490);
        assert_eq!(challenge.cookie_seconds(600, at(-30)), 590);
        assert_eq!(challenge.cookie_seconds(180, at(300)), 1);
    }
}
