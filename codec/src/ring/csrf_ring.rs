use super::KeyRing;
use crate::{
    atoms::Timestamp,
    crypto::{MAC_TEXT_LEN, MacKey, Prk, Secret},
};

/// Makes and checks what a form carries to show that it comes from the session's own pages.
pub(crate) struct CsrfRing(KeyRing<CsrfKey>);

struct CsrfKey {
    key: MacKey,
    not_after: Option<Timestamp>,
}

impl CsrfRing {
    /// Derives the keys once.
    pub(crate) fn new(secrets: &KeyRing<Secret>) -> Self {
        Self(secrets.map(|secret| CsrfKey {
            key: Prk::of(secret).csrf_key(),
            not_after: secret.not_after(),
        }))
    }

    /// `base64url(HMAC-SHA256(HKDF-Expand(prk, "csrf", 32), sid))` under the primary key.
    pub(crate) fn token(&self, sid: &[u8; 16]) -> [u8; MAC_TEXT_LEN] {
        self.0.primary().key.mac_text(sid)
    }

    /// Whether one of the keys that have not ended made this token for this session: a page that
    /// was open during a rotation may still be sent.
    pub(crate) fn verify(&self, sid: &[u8; 16], token: &[u8], now: Timestamp) -> bool {
        let mut keys = self.0.iter();
        keys.any(|CsrfKey { key, not_after }| {
            not_after.is_none_or(|end| now < end) && key.verify_text(sid, token).is_some()
        })
    }
}
