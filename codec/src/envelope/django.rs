//! Django cookies: `text <-> payload <-> session`.

pub(crate) mod layout;
pub mod signing;

use alloc::string::String;

use rand_core::TryCryptoRng;

use super::{
    Draft, Envelope, Reading, SigningRing, Tools, Written,
    payload::{self, Spelling},
    ticket_member,
};
use crate::{
    atoms::{KeyPosition, SessionId, Timestamp},
    crypto::{DjangoSecret, MacText},
    error::{Reason, SealError},
    ring::KeyRing,
    session::{OpenSession, SessionData},
    text::base62,
    workspace::Workspace,
};

use signing::Signer;

/// Characters of a time until 3797.
const TIME_CHARACTERS: usize = 6;

/// Characters of a cookie that carries a ticket and no keys, a time until 3797 and the signature.
pub(super) const TICKET_ONLY_CHARACTERS: usize =
    ticket_member::ONLY_CHARACTERS + 1 + TIME_CHARACTERS + 1 + MacText::MAX_LEN;

/// The salt of the key that makes ids of signatures: no key of Django's own has it.
const SESSION_ID_SALT: &[u8] = b"edge-session.session-id";

/// Reads and writes the cookies of the `signed_cookies` backend.
pub(crate) struct Django {
    pub(crate) signer: Signer,
    /// Makes ids of signatures, where sessions are to have them.
    ids: Option<SigningRing>,
}

impl Django {
    pub(super) fn new(secrets: &KeyRing<DjangoSecret>, session_ids: bool) -> Self {
        Self {
            signer: Signer::new(signing::COOKIE_SALT, secrets),
            ids: session_ids.then(|| signing::ring(SESSION_ID_SALT, secrets)),
        }
    }

    /// A cookie of the browser.
    pub(super) fn read(
        &self,
        value: &[u8],
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let limit = reading.bodies.limits().cookie_bytes;
        let mut opened = self.read_signed(value, limit, reading, workspace)?;
        reading.check_accepted(Envelope::Django, opened.issued)?;
        // It began at the latest when it was signed.
        reading.lifetimes.check_begun(opened.issued, reading.now)?;
        opened.session.lineage.session_id = self.session_id(value, opened.key);
        reading.take_own(&mut opened)?;
        Ok(opened)
    }

    /// Any value that the backend signs, at most `limit` bytes of JSON.
    pub(crate) fn read_signed(
        &self,
        value: &[u8],
        limit: usize,
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let idle = reading.lifetimes.idle;
        let signed = self
            .signer
            .read(value, Some(idle), reading.now, limit, workspace)?;
        Ok(OpenSession::signed(
            Envelope::Django,
            reading.bodies.parse(signed.value.into_inner())?,
            signed.issued,
            signed.key,
            reading.now,
        ))
    }

    /// What fits, signed, and the record of what does not.
    pub(super) fn write(
        &self,
        draft: &Draft<'_>,
        room: usize,
        tools: &Tools<'_>,
        rng: &mut impl TryCryptoRng,
        workspace: &mut Workspace,
    ) -> Result<Written, SealError> {
        let capacity = room.saturating_sub(tail_len(draft.issued));
        let mut written = payload::fit(Spelling::Python, draft, capacity, tools, rng, workspace)?;
        self.signer
            .append_time_and_signature(draft.issued, &mut written.value);
        Ok(written)
    }

    /// A whole session, of any length.
    pub(crate) fn write_whole(
        &self,
        session: &SessionData,
        issued: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<String, SealError> {
        session.write_only(|_| true, &mut workspace.json);
        Spelling::Python.apply(workspace)?;
        let mut value = String::new();
        payload::write_nearby(workspace, PLAIN_UNTIL, &mut value);
        self.signer.append_time_and_signature(issued, &mut value);
        Ok(value)
    }

    /// The id of the session that a plain cookie becomes: a keyed hash of its signature, so that
    /// the cookie and what was sealed of it end together. Under the secret that signed it, which
    /// is the same for as long as the cookie is read, whatever becomes of other keys.
    fn session_id(&self, value: &[u8], key: KeyPosition) -> Option<SessionId> {
        let (_, signature) = layout::split_last(value)?;
        let id = self.ids.as_ref()?.mac(key, signature)?;
        id.first_chunk().copied().map(SessionId)
    }
}

/// Bytes of JSON that become at most 4,000 characters of a cookie, with its name and signature: no
/// server refuses a header of that length, so nothing is gained by compressing them.
const PLAIN_UNTIL: usize = 2900;

/// Characters that the time and the signature take after a payload.
fn tail_len(issued: Timestamp) -> usize {
    let mut time = String::new();
    base62::encode_into(issued.seconds(), &mut time);
    2 + time.len() + MacText::MAX_LEN
}
