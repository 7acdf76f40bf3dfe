//! Flask's session cookies: itsdangerous' `URLSafeTimedSerializer` as Flask configures it
//! (feature `flask`). What Flask signs, this verifies, and the reverse; checked against 3.1.3.
//!
//! It is here to migrate sessions to an envelope that nobody can read or replay under another
//! cookie's name. Flask's own has neither property: it is signed with HMAC-SHA1 over the value
//! alone.
//!
//! **The session's JSON is the tagged text as it stands on the wire.** Flask writes what JSON has no
//! form for as an object with one key: `{" t":[…]}` is a tuple, `" b"` bytes in base64, `" m"`
//! markup, `" u"` a UUID, `" d"` an HTTP date, and `" di"` wraps an object that merely looks like
//! one of these. Nothing but Python can hold all of these apart from lists, texts and objects, so
//! taking the tags off would lose what Flask needs to read the session again.
//!
//! Reading is stricter than Flask where nothing that Flask writes is concerned: the signature and the
//! timestamp have one spelling, the payload is canonical base64url and inflates within a limit. It
//! never reads a *different* value from what Flask reads.
//!
//! ```
//! use session_codec::{KeyRing, Timestamp, Workspace, flask::{FlaskSecret, Serializer}};
//!
//! let secrets = KeyRing::new(FlaskSecret::new("6fe3a0d1c94b27e58a3c6f0e9d42b718")?, vec![])?;
//! let serializer = Serializer::new(&secrets);
//! let (now, mut workspace) = (Timestamp::from_seconds(1_700_000_000), Workspace::new());
//! let cookie = serializer.dumps(r#"{"user": "ada", "at": {" t": [1, 2]}}"#, now, &mut workspace)?;
//! let loaded = serializer.loads(cookie.as_bytes(), None, now, &Default::default(), &mut workspace)?;
//! assert_eq!(*loaded.value, r#"{"at":{" t":[1,2]},"user":"ada"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod layout;
#[cfg(test)]
mod tests;

use core::{fmt, time::Duration};

use alloc::string::String;

use rand_core::TryCryptoRng;
use sha1::Sha1;

use super::{
    Draft, Envelope, Reading, SigningRing, Tools, Written,
    payload::{self, Spelling},
    sealed::seconds,
    ticket_member,
};
use crate::{
    atoms::Timestamp,
    error::{Reason, SealError},
    ring::KeyRing,
    rules::Limits,
    session::OpenSession,
    text::{
        base64url,
        json::{self, JsonError},
    },
    workspace::Workspace,
};

use layout::{SEPARATOR, TIMESTAMP_CHARACTERS};

pub use super::django::signing::Signed;
pub use crate::crypto::{FlaskSecret, WeakFlaskSecret};

/// Signs under the primary secret of a ring and verifies under all of them, as Flask does with
/// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
pub struct Serializer(SigningRing<Sha1>);

impl Serializer {
    /// Derives `HMAC-SHA1(secret, "cookie-session")` for each secret.
    #[must_use]
    pub fn new(secrets: &KeyRing<FlaskSecret>) -> Self {
        Self(SigningRing::new(
            secrets.map(FlaskSecret::mac_key),
            SEPARATOR,
        ))
    }

    /// `serializer.dumps(session)` at `now`, fractions of a second dropped, a time before 1970
    /// taken for 1970. `json` is tagged JSON in any spelling and order; it is written as Flask
    /// writes it, keys sorted, and compressed if that gains at least two bytes.
    ///
    /// Uncompressed output is byte-identical to Flask's; compressed output inflates to the same.
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
        json::write_sorted(json, json::DEPTH_LIMIT, &mut workspace.json)?;
        let mut text = String::new();
        payload::write(workspace, usize::MAX, &mut text);
        self.append_time_and_signature(now, &mut text);
        Ok(text)
    }

    /// `serializer.loads(signed, max_age=…)` at `now`: the tagged JSON text, checked, as it was
    /// signed.
    ///
    /// `max_age` counts whole seconds, as Flask's does: the fraction of `now` and of `max_age`
    /// plays no part. With one, a time ahead of `now` is refused; without, times are not looked at.
    ///
    /// # Errors
    /// [`Reason::Forged`], also where parts are missing or the signature has another spelling;
    /// [`Reason::CorruptBody`] for what is signed but has no time; [`Reason::Expired`] if older than
    /// `max_age` (equal is valid); [`Reason::FromTheFuture`]; then [`Reason::TooLarge`] beyond
    /// `limits.record_bytes` and [`Reason::CorruptBody`] for what is not JSON in UTF-8.
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
        let (message, key) = self.0.verify(signed)?;
        let (text, time) = layout::split_last(message.into_inner()).ok_or(Reason::Forged)?;
        let seconds = layout::read_timestamp(time)?;
        if let Some(max_age) = max_age {
            check_age(seconds, max_age, now)?;
        }
        let value = message.try_map(|_| {
            let bytes = payload::read_bytes(text, limit, workspace)?;
            String::from_utf8(bytes).map_err(|_| Reason::CorruptBody)
        })?;
        Ok(Signed {
            value,
            issued: Timestamp::from_seconds(seconds),
            key,
        })
    }

    pub(crate) fn append_time_and_signature(&self, now: Timestamp, text: &mut String) {
        text.push(char::from(SEPARATOR));
        layout::write_timestamp(u64::try_from(now.seconds()).unwrap_or(0), text);
        let signature = self.0.signature(text.as_bytes());
        text.push(char::from(SEPARATOR));
        text.extend(signature.iter().copied().map(char::from));
    }
}

impl fmt::Debug for Serializer {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serializer").finish_non_exhaustive()
    }
}

/// Characters of an HMAC-SHA1.
const MAC_CHARACTERS: usize = base64url::encoded_len(20);

/// Characters that the time and the signature take after a payload, at most.
const TAIL_CHARACTERS: usize = 2 + TIMESTAMP_CHARACTERS + MAC_CHARACTERS;

/// Characters of a cookie that carries a ticket and no keys.
pub(super) const TICKET_ONLY_CHARACTERS: usize = ticket_member::ONLY_CHARACTERS + TAIL_CHARACTERS;

/// itsdangerous compares whole seconds, and takes a time ahead of its own for a bad one.
fn check_age(seconds: i64, max_age: Duration, now: Timestamp) -> Result<(), Reason> {
    let age = now.seconds().saturating_sub(seconds);
    if age < 0 {
        Err(Reason::FromTheFuture)
    } else if age.unsigned_abs() > max_age.as_secs() {
        Err(Reason::Expired)
    } else {
        Ok(())
    }
}

/// Reads and writes Flask's session cookies, whose JSON is the tagged one.
pub(crate) struct Flask(Serializer);

impl Flask {
    pub(super) fn new(secrets: &KeyRing<FlaskSecret>) -> Self {
        Self(Serializer::new(secrets))
    }

    pub(super) fn read(
        &self,
        value: &[u8],
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let limit = reading.bodies.limits().cookie_bytes;
        let max_age = Some(reading.max_age());
        let read = self.0.read(value, max_age, reading.now, limit, workspace)?;
        reading.check_accepted(Envelope::Flask, read.issued)?;
        let session = reading.bodies.parse(read.value.into_inner())?;
        let mut opened =
            OpenSession::signed(Envelope::Flask, session, read.issued, read.key, reading.now);
        reading.take_own(&mut opened)?;
        Ok(opened)
    }

    pub(super) fn write(
        &self,
        draft: &Draft<'_>,
        room: usize,
        tools: &Tools<'_>,
        rng: &mut impl TryCryptoRng,
        workspace: &mut Workspace,
    ) -> Result<Written, SealError> {
        seconds(draft.issued)?;
        let capacity = room.saturating_sub(TAIL_CHARACTERS);
        let spelling = Spelling::PythonSorted;
        let mut written = payload::fit(spelling, draft, capacity, tools, rng, workspace)?;
        self.0
            .append_time_and_signature(draft.issued, &mut written.value);
        Ok(written)
    }
}
