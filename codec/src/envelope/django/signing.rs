//! `django.core.signing` over SHA-256: what Django signs, this verifies, and the reverse.
//!
//! Reading is stricter than Django where only a key holder could notice: payloads must be
//! canonical base64url of ASCII text and inflate within a limit. It never reads a *different*
//! value from what Django reads.

use core::{fmt, time::Duration};

use alloc::string::String;

use crate::{
    atoms::{KeyPosition, Timestamp},
    crypto::{DjangoSecret, Verified},
    envelope::{SigningRing, payload},
    error::Reason,
    ring::KeyRing,
    rules::Limits,
    text::{
        base62,
        json::{self, JsonError},
    },
    workspace::Workspace,
};

use super::layout::{SEPARATOR, split_last};

/// The salt of the `signed_cookies` session backend.
pub const COOKIE_SALT: &str = "django.contrib.sessions.backends.signed_cookies";
/// The salt of `SessionBase.encode`: rows of the db and `cached_db` backends, files.
pub const ROW_SALT: &str = "django.contrib.sessions.SessionStore";

/// Signs under the primary secret of a ring and verifies under all of them, with one salt.
///
/// The signature covers the salt and the value, but not the cookie's name: that is Django's
/// format, and one reason for the sealed envelope.
pub struct Signer(SigningRing);

/// A value whose signature and age are right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed<T> {
    /// The value.
    pub value: Verified<T>,
    /// When it was signed; whole seconds. May lie ahead: Django accepts that.
    pub issued: Timestamp,
    /// Which key of the ring signed it.
    pub key: KeyPosition,
}

impl Signed<String> {
    /// As it is, if it is JSON: what `loads` of every framework gives.
    pub(in crate::envelope) fn checked(self, limits: &Limits) -> Result<Self, Reason> {
        json::validate(&self.value, limits.json_depth).map_err(|_| Reason::CorruptBody)?;
        Ok(self)
    }
}

impl Signer {
    /// Derives `SHA-256(salt || "signer" || secret)` for each secret.
    ///
    /// The empty salt is taken as it is. Django's `Signer(salt="")` takes its class's name instead: write
    /// `django.core.signing.Signer` (or `…TimestampSigner`) for that.
    #[must_use]
    pub fn new(salt: impl AsRef<[u8]>, secrets: &KeyRing<DjangoSecret>) -> Self {
        Self(ring(salt.as_ref(), secrets))
    }

    /// `Signer(salt=…).sign(value)`: the value, `:`, 43 characters of signature.
    #[must_use]
    pub fn sign(&self, value: &str) -> String {
        let mut text = String::with_capacity(value.len() + 44);
        text.push_str(value);
        self.append_signature(&mut text);
        text
    }

    /// `Signer(salt=…).unsign(signed)`: the value, and the key that verified.
    ///
    /// # Errors
    /// [`Reason::Forged`], also for a text without a separator.
    pub fn unsign<'s>(
        &self,
        signed: &'s [u8],
    ) -> Result<(Verified<&'s [u8]>, KeyPosition), Reason> {
        self.0.verify(signed)
    }

    /// `TimestampSigner(salt=…).sign(value)` at `now`, fractions of a second dropped.
    #[must_use]
    pub fn sign_at(&self, value: &str, now: Timestamp) -> String {
        // The separator, 6 characters of time until 3797, the separator and the signature.
        let mut text = String::with_capacity(value.len() + 1 + 6 + 44);
        text.push_str(value);
        self.append_time_and_signature(now, &mut text);
        text
    }

    /// `TimestampSigner(salt=…).unsign(signed, max_age)` at `now`. Both count whole milliseconds: whoever
    /// has a finer clock, and wants nothing accepted that Django would not, rounds `now` up.
    ///
    /// # Errors
    /// In Django's order: [`Reason::Forged`], [`Reason::CorruptBody`] for what is signed but has
    /// no time, [`Reason::Expired`] if older than `max_age` (equal is valid).
    pub fn unsign_at<'s>(
        &self,
        signed: &'s [u8],
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> Result<Signed<&'s [u8]>, Reason> {
        let (message, key) = self.0.verify(signed)?;
        let (value, time) = split_last(message.into_inner()).ok_or(Reason::CorruptBody)?;
        let seconds = base62::decode(time).map_err(|_| Reason::CorruptBody)?;
        let issued = Timestamp::from_seconds(seconds);
        if max_age.is_some_and(|max_age| now > issued.after(max_age)) {
            return Err(Reason::Expired);
        }
        Ok(Signed {
            value: message.map(|_| value),
            issued,
            key,
        })
    }

    /// `signing.dumps(value, compress=True)` at `now`, as the session backends call it. The JSON
    /// is written as Python writes it; compressed if that gains at least two bytes.
    ///
    /// Uncompressed output is byte-identical to Django's; compressed output inflates to the same.
    ///
    /// # Errors
    /// [`JsonError`] if `json` is not one JSON value.
    pub fn dumps(
        &self,
        json: &str,
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<String, JsonError> {
        workspace.json.clear();
        json::write_canonical(json, json::DEPTH_LIMIT, &mut workspace.json)?;
        let mut text = String::new();
        payload::write(workspace, usize::MAX, &mut text);
        self.append_time_and_signature(now, &mut text);
        Ok(text)
    }

    /// `signing.loads(signed, max_age=…)` at `now`: the JSON text, checked, as it was signed.
    ///
    /// # Errors
    /// As [`Self::unsign_at`]; then [`Reason::TooLarge`] beyond `limits.record_bytes` and
    /// [`Reason::CorruptBody`] for what is not JSON.
    pub fn loads(
        &self,
        signed: &[u8],
        max_age: Option<Duration>,
        now: Timestamp,
        limits: &Limits,
        workspace: &mut Workspace,
    ) -> Result<Signed<String>, Reason> {
        self.read(signed, max_age, now, limits.record_bytes, workspace)?
            .checked(limits)
    }

    /// As [`Self::loads`], at most `limit` bytes, which may not be JSON.
    pub(crate) fn read(
        &self,
        signed: &[u8],
        max_age: Option<Duration>,
        now: Timestamp,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Result<Signed<String>, Reason> {
        let Signed { value, issued, key } = self.unsign_at(signed, max_age, now)?;
        let value = value.try_map(|payload| payload::read(payload, limit, workspace))?;
        Ok(Signed { value, issued, key })
    }

    pub(crate) fn append_time_and_signature(&self, now: Timestamp, text: &mut String) {
        text.push(char::from(SEPARATOR));
        base62::encode_into(now.seconds(), text);
        self.append_signature(text);
    }

    fn append_signature(&self, text: &mut String) {
        let signature = self.0.signature(text.as_bytes());
        text.push(char::from(SEPARATOR));
        text.extend(signature.iter().copied().map(char::from));
    }
}

impl fmt::Debug for Signer {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// The keys of these secrets for one salt.
pub(super) fn ring(salt: &[u8], secrets: &KeyRing<DjangoSecret>) -> SigningRing {
    SigningRing::new(secrets.map(|secret| secret.mac_key(salt)), SEPARATOR)
}
