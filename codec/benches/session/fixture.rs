//! Keys, times and randomness, the same for everything that is compared.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, KeyRing, Keys, Lineage, Secret, Session, SessionData,
    Timestamp,
    config::{Acceptance, Overflow},
    cookie::Budget,
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const CREATED: Timestamp = Timestamp::from_seconds(1_799_990_000);

/// A codec as it comes, with a store to spill to.
pub(crate) fn codec(write: Envelope, fallbacks: usize) -> Codec {
    let config = Config {
        write,
        accept: vec![Acceptance::always(write)],
        overflow: Overflow::Spill,
        budget: Budget::MAX,
        ..Config::default()
    };
    let keys = Keys::sealing(sealing_ring(fallbacks)).django(django_ring(0, fallbacks));
    Codec::new(config, &keys).expect("the configuration is right")
}

/// A session that began a while ago.
pub(crate) fn session_of(json: &str) -> Session {
    let data = SessionData::from_json(json).expect("payloads are JSON");
    Session::resumed(data, Lineage::new(CREATED))
}

/// `fallbacks` + 1 secrets that nobody else has.
pub(crate) fn sealing_ring(fallbacks: usize) -> KeyRing<Secret> {
    let mut rng = Counting(1);
    let mut secret = || match Secret::generate(&mut rng) {
        Ok(secret) => secret,
    };
    let primary = secret();
    KeyRing::new(primary, (0..fallbacks).map(|_| secret()).collect()).expect("few fallbacks")
}

/// Django secrets `first`, `first + 1` ... `first + fallbacks`.
pub(crate) fn django_ring(first: usize, fallbacks: usize) -> KeyRing<DjangoSecret> {
    let secret = |index: usize| {
        DjangoSecret::new(django_secret(first + index)).expect("the secret is long and varied")
    };
    KeyRing::new(secret(0), (1..=fallbacks).map(secret).collect()).expect("few fallbacks")
}

pub(crate) fn django_secret(index: usize) -> String {
    format!("benchmark-{index}-8s7df6g87sd6fg0q9we8r7t6y5u4i3o2p1a2s3d4f5g6h")
}

/// Counts instead of drawing lots: costs next to nothing on both sides of a ratio. Every byte
/// differs from its neighbours, so that nonces and record ids do not compress.
pub(crate) struct Counting(pub(crate) u64);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Ok(self.0 ^ self.0 >> 29)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

/// A text whose last character is another one.
pub(crate) fn forged(text: &str) -> String {
    let mut forged = text.to_owned();
    // `A` and `E` agree in the low bits that must be zero, whatever the length.
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    forged
}
