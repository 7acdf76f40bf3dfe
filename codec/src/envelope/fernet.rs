//! Fernet tokens, and Django's signed session cookies inside them (feature `fernet`). Read only.
//!
//! It is here to migrate away from a recipe that hides `signed_cookies` sessions from the browser:
//!
//! ```text
//! key    = SHA-256(SECRET_KEY)
//! cookie = base64(Fernet(key).encrypt(what signed_cookies writes))
//! ```
//!
//! The sealed envelope does the same in one layer instead of three, and binds the cookie's name.
//!
//! Reading is stricter than Python's `cryptography` where only spelling is concerned: both layers of
//! base64 are canonical and padded. It never reads a *different* value.

pub(crate) mod layout;
mod ring;

use core::{fmt, time::Duration};

use alloc::{string::String, vec::Vec};

use super::{
    Envelope, Reading,
    django::signing::{self, Signer},
};
use crate::{
    atoms::Timestamp,
    crypto::{DjangoSecret, Verified},
    error::Reason,
    ring::KeyRing,
    rules::Limits,
    session::OpenSession,
    text::base64_padded,
    workspace::Workspace,
};

use ring::{FernetRing, Stamp};

pub use super::django::signing::Signed;
pub use crate::crypto::{FernetKey, FernetKeyError};

/// How far ahead of our clock a token may be, in seconds: the `_MAX_CLOCK_SKEW` of `cryptography`.
const MAX_CLOCK_SKEW: i64 = 60;

/// Opens tokens under every key of a ring, as `MultiFernet` does.
pub struct Fernet(FernetRing);

impl Fernet {
    /// A reader of these keys, tried in their order.
    #[must_use]
    pub const fn new(keys: KeyRing<FernetKey>) -> Self {
        Self(FernetRing::new(keys))
    }

    /// `MultiFernet.decrypt(token, ttl)` at `now`, whose fraction of a second plays no part, as that
    /// of `ttl`.
    ///
    /// # Errors
    /// [`Reason::Malformed`] for what is no token; [`Reason::Forged`] if no key of the ring signed
    /// it, or if the padding inside is wrong, which cannot be told apart; and with a `ttl`
    /// [`Reason::Expired`] if it is older (equal is valid), or [`Reason::FromTheFuture`] if issued
    /// more than 60 s ahead. Without one, times are not looked at.
    pub fn decrypt(
        &self,
        token: &[u8],
        ttl: Option<Duration>,
        now: Timestamp,
    ) -> Result<Signed<Vec<u8>>, Reason> {
        let mut raw = base64_padded::decode_url_safe(token).map_err(|_| Reason::Malformed)?;
        let (plain, stamp) = self.open(&mut raw, ttl, now)?;
        Ok(Signed {
            value: plain.map(<[u8]>::to_vec),
            issued: Timestamp::from_seconds(stamp.seconds),
            key: stamp.key,
        })
    }

    fn open<'r>(
        &self,
        raw: &'r mut [u8],
        ttl: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Verified<&'r [u8]>, Stamp), Reason> {
        let (plain, stamp) = self.0.open(raw)?;
        if let Some(ttl) = ttl {
            check_age(stamp.seconds, ttl, now.seconds())?;
        }
        Ok((plain, stamp))
    }
}

impl fmt::Debug for Fernet {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fernet").finish_non_exhaustive()
    }
}

/// Reads the session cookies of the recipe.
pub struct Recipe {
    fernet: Fernet,
    signer: Signer,
}

impl Recipe {
    /// Derives the Fernet keys and those of the `signed_cookies` backend.
    #[must_use]
    pub fn new(secrets: &KeyRing<DjangoSecret>) -> Self {
        Self {
            fernet: Fernet(FernetRing::of_django(secrets)),
            signer: Signer::new(signing::COOKIE_SALT, secrets),
        }
    }

    /// The session's JSON text, checked, as it was signed. The cookie may stand in quotes: Python
    /// puts them there where its value has padding.
    ///
    /// `max_age` bounds both layers, each by its own rule ([`Fernet::decrypt`],
    /// [`Signer::unsign_at`]). The time is that of the signed value, the key the older one of the
    /// two that verified.
    ///
    /// # Errors
    /// Those of [`Fernet::decrypt`], then those of [`Signer::loads`].
    pub fn loads(
        &self,
        cookie: &[u8],
        max_age: Option<Duration>,
        now: Timestamp,
        limits: &Limits,
        workspace: &mut Workspace,
    ) -> Result<Signed<String>, Reason> {
        self.read(cookie, max_age, now, limits.record_bytes, workspace)?
            .checked(limits)
    }

    /// As [`Self::loads`], at most `limit` bytes, which may not be JSON.
    pub(crate) fn read(
        &self,
        cookie: &[u8],
        max_age: Option<Duration>,
        now: Timestamp,
        limit: usize,
        workspace: &mut Workspace,
    ) -> Result<Signed<String>, Reason> {
        let token =
            base64_padded::decode_standard(unquoted(cookie)).map_err(|_| Reason::Malformed)?;
        let mut raw = base64_padded::decode_url_safe(&token).map_err(|_| Reason::Malformed)?;
        let (plain, stamp) = self.fernet.open(&mut raw, max_age, now)?;
        let signed = plain.into_inner();
        let signed = self.signer.read(signed, max_age, now, limit, workspace)?;
        Ok(Signed {
            key: signed.key.max(stamp.key),
            ..signed
        })
    }
}

impl fmt::Debug for Recipe {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe").finish_non_exhaustive()
    }
}

impl Recipe {
    /// A cookie of the browser.
    pub(super) fn open(
        &self,
        value: &[u8],
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let limit = reading.bodies.limits().cookie_bytes;
        let max_age = Some(reading.max_age());
        let read = self.read(value, max_age, reading.now, limit, workspace)?;
        reading.check_accepted(Envelope::Fernet, read.issued)?;
        let session = reading.bodies.parse(read.value.into_inner())?;
        Ok(OpenSession::signed(
            Envelope::Fernet,
            session,
            read.issued,
            read.key,
            reading.now,
        ))
    }
}

/// The order is that of `cryptography`; the sums cannot wrap.
fn check_age(issued: i64, ttl: Duration, now: i64) -> Result<(), Reason> {
    let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
    if issued.saturating_add(ttl) < now {
        Err(Reason::Expired)
    } else if now.saturating_add(MAX_CLOCK_SKEW) < issued {
        Err(Reason::FromTheFuture)
    } else {
        Ok(())
    }
}

/// The value inside one pair of quotes, as RFC 6265 section 4.1.1 allows it.
fn unquoted(cookie: &[u8]) -> &[u8] {
    match cookie {
        [b'"', inner @ .., b'"'] => inner,
        _ => cookie,
    }
}
