//! Flask cookies: `text <-> payload <-> session`, whose JSON is Flask's tagged one.

use alloc::string::String;

use rand_core::TryCryptoRng;

use super::{
    Codec, Config, ConfigError, Keys, Lineage, OpenSession, Workspace, body::seconds,
    foreign::Foreign, record::SealedRecord, signed::Spelling,
};
use crate::{
    atoms::{Envelope, Timestamp},
    error::{Reason, SealError},
    flask::{FlaskSecret, Serializer, TAIL_LEN},
    policy::{Placement, Plan},
    ring::KeyRing,
    session::Session,
    text::base64url,
};

/// Characters of a cookie that carries a ticket and no keys: base64url of
/// `{"_edge_ticket":"<54 characters>"}`, the time and the signature.
pub(super) const TICKET_ONLY_CHARACTERS: usize = base64url::encoded_len(72) + TAIL_LEN;

impl Codec {
    /// As [`Self::new`], for a configuration that reads or writes `flask`.
    ///
    /// # Errors
    /// [`ConfigError`] with the setting and the reason; nothing is guessed.
    pub fn with_flask(
        config: Config,
        keys: &Keys,
        flask: &KeyRing<FlaskSecret>,
    ) -> Result<Self, ConfigError> {
        let mut foreign = Foreign::new(keys);
        foreign.flask = Some(Serializer::new(flask));
        Self::build(config, keys, foreign)
    }

    pub(super) fn open_flask(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let serializer = self.foreign.flask.as_ref().ok_or(Reason::NotAccepted)?;
        let limit = self.limits.cookie_octets;
        let max_age = Some(self.foreign_max_age());
        let read = serializer.read(value, max_age, now, limit, workspace)?;
        self.check_accepted(Envelope::Flask, read.issued, now)?;
        let mut opened = OpenSession {
            session: self.parse_text(read.value.into_inner())?,
            envelope: Envelope::Flask,
            key: read.key,
            key_id: None,
            issued: read.issued,
            lineage: Lineage::new(read.issued),
            record_merged: false,
            from_django_cookie: false,
            opened_at: now,
            expired: alloc::vec::Vec::new(),
        };
        // Only where this codec writes Flask cookies with records of its own is the key ours.
        if self.write == Envelope::Flask && self.can_spill() {
            self.take_ticket(&mut opened)?;
        }
        opened.take_ends()?;
        Ok(opened)
    }

    /// The cookie's value, the placement, and the record of what did not fit.
    pub(super) fn seal_flask<R: TryCryptoRng>(
        &self,
        (session, plan): (&Session, &Plan),
        lineage: &Lineage,
        issued: Timestamp,
        room: usize,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<(String, Placement, Option<SealedRecord>), SealError> {
        let serializer = self.foreign.flask.as_ref().ok_or(SealError::NoKey)?;
        seconds(issued)?;
        let capacity = room.saturating_sub(TAIL_LEN);
        let spelling = Spelling::PythonSorted;
        let (mut value, placement, record) = self.fit_payload(
            spelling,
            (session, plan),
            (lineage, issued),
            capacity,
            rng,
            workspace,
        )?;
        serializer.append_time_and_signature(issued, &mut value);
        Ok((value, placement, record))
    }
}
