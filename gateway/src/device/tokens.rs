use serde_json::json;
use session_codec::{
    KeyRing, KeyRingError, SealError, Secret, Timestamp,
    device::{self, Challenge, Identifier, Shown},
};

use crate::{
    counters::{self, Label},
    entropy::Entropy,
    log,
};

/// Seals and opens what stands beside a session that is bound to a device. Nothing of it is stored.
pub struct DeviceTokens(device::DeviceTokens);

impl DeviceTokens {
    /// Derives the keys once.
    ///
    /// # Errors
    /// [`KeyRingError`] as for the keys of cookies.
    pub fn new(
        secrets: &KeyRing<Secret>,
        cookie_name: &str,
        audience: &str,
    ) -> Result<Self, KeyRingError> {
        device::DeviceTokens::new(secrets, cookie_name, audience).map(Self)
    }

    pub(crate) fn show(&self, shown: &Shown) -> Result<String, SealError> {
        self.0.show(shown, &mut Entropy)
    }

    /// Reads a device cookie; `None` if it is none of ours, or its time is over.
    pub(crate) fn shown(&self, value: &[u8], seconds: u32, now: Timestamp) -> Option<Shown> {
        self.0.shown(value, seconds, now)
    }

    pub(crate) fn challenge(&self, challenge: &Challenge) -> Result<String, SealError> {
        self.0.challenge(challenge, &mut Entropy)
    }

    /// Reads what was signed; `None` if we did not ask it, or too long ago.
    pub(crate) fn asked(&self, text: &str, now: Timestamp) -> Option<Challenge> {
        self.0.asked(text, now)
    }

    pub(crate) fn identify(&self, identifier: &Identifier) -> Result<String, SealError> {
        self.0.identify(identifier, &mut Entropy)
    }

    /// Reads what a browser calls its session. The key that opened it is counted as those of
    /// cookies are: as long as one is in use the key has to stay.
    pub(crate) fn identified(&self, text: &str, now: Timestamp) -> Option<Identifier> {
        let opened = self.0.identified(text, now);
        let (identifier, key) = opened
            .inspect_err(|reason| log::rejected("device_identifier", reason))
            .ok()?;
        counters::opened(Label::Key(key));
        Some(identifier)
    }
}

/// Tells the operator that nothing could be sealed.
pub(crate) fn unsealed(error: &SealError) {
    log::warn("device-seal-failed", &json!(error.label()));
}
