//! Django cookies: `text <-> payload <-> session`.

use alloc::{format, string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::{
    Codec, Lineage, OpenSession, Workspace,
    fit::{Room, Whole},
    lineage::SpilledRecord,
    record::SealedRecord,
};
use crate::{
    atoms::{Envelope, KeyId, KeyPosition, Timestamp},
    error::{Reason, SealError},
    policy::{Placement, Plan, TICKET_KEY},
    session::Session,
    signing::{self, payload},
    text::{base64url, json},
    wire::{
        django::split_last,
        ticket::{self, Ticket},
    },
    workspace::add_member,
};

/// `kid 4 | ticket 36`: a Django cookie does not name a sealing key otherwise.
const TICKET_OCTETS: usize = 4 + ticket::LEN;

/// Characters of a cookie that carries a ticket and no keys: base64url of
/// `{"_edge_ticket":"<54 characters>"}`, a time until 3797 and the signature.
pub(super) const TICKET_ONLY_CHARACTERS: usize = base64url::encoded_len(72) + 1 + 6 + 44;

/// Characters left after a payload for its time and signature, which come after it.
const TAIL_ROOM: usize = 64;

/// How a reader's own writer spells JSON.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    /// As Python does; keys stay where they are.
    Python,
    /// The same with sorted keys.
    #[cfg(feature = "flask")]
    PythonSorted,
}

impl Spelling {
    const fn keeps_order(self) -> bool {
        matches!(self, Self::Python)
    }

    /// Rewrites the workspace's JSON.
    fn apply(self, workspace: &mut Workspace) -> Result<(), SealError> {
        let Workspace { json, spare, .. } = workspace;
        spare.clear();
        let written = match self {
            Self::Python => json::write_canonical(json, json::DEPTH_LIMIT, spare),
            #[cfg(feature = "flask")]
            Self::PythonSorted => json::write_sorted(json, json::DEPTH_LIMIT, spare),
        };
        // It was checked when it entered the session; only its depth can have grown, by one.
        written.map_err(|_| SealError::TooDeep)?;
        core::mem::swap(json, spare);
        Ok(())
    }
}

impl Codec {
    /// A session in the origin's own cookie, which may be far over what a browser would keep:
    /// checked as a record is, not as a browser's cookie is.
    ///
    /// # Errors
    /// The reason, for the operator.
    pub fn open_origin_cookie(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        self.open_signed(value, self.limits.record_octets, now, workspace)
    }

    /// The same session as the cookie that a Django origin reads, signed at `issued`.
    ///
    /// # Errors
    /// [`SealError::NoKey`] without a Django secret.
    pub fn origin_cookie(
        &self,
        session: &Session,
        issued: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<String, SealError> {
        let signer = self.signer.as_ref().ok_or(SealError::NoKey)?;
        workspace.write_json(session, |_| true);
        Spelling::Python.apply(workspace)?;
        let mut value = String::new();
        payload::write(workspace, usize::MAX, &mut value);
        signer.append_time_and_signature(issued, &mut value);
        Ok(value)
    }

    pub(super) fn open_django(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let mut opened = self.open_signed(value, self.limits.cookie_octets, now, workspace)?;
        self.check_accepted(Envelope::Django, opened.issued, now)?;
        // It began at the latest when it was signed.
        self.lifetimes.check_begun(opened.issued, now)?;
        opened.lineage.sid = self.signed_sid(value, opened.key);
        // Only where this codec writes Django cookies with records of its own is the key ours.
        if self.write == Envelope::Django && self.can_spill() {
            self.take_ticket(&mut opened)?;
        }
        opened.take_ends()?;
        Ok(opened)
    }

    fn open_signed(
        &self,
        value: &[u8],
        limit: usize,
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let signer = self.signer.as_ref().ok_or(Reason::NotAccepted)?;
        let signed = signer.unsign_at(value, Some(self.lifetimes.idle), now)?;
        let json = signed
            .value
            .try_map(|text| payload::read(text, limit, workspace))?;
        let session = self.parse_text(json.into_inner())?;
        Ok(OpenSession {
            session,
            envelope: Envelope::Django,
            key: signed.key,
            key_id: None,
            issued: signed.issued,
            lineage: Lineage::new(signed.issued),
            record_merged: false,
            from_django_cookie: false,
            opened_at: now,
            expired: Vec::new(),
        })
    }

    /// The id of the session that a plain cookie becomes: a keyed hash of its signature, so that
    /// the cookie and what was sealed of it end together. Under the secret that signed it, which
    /// is the same for as long as the cookie is read, whatever becomes of other keys.
    fn signed_sid(&self, value: &[u8], key: KeyPosition) -> Option<[u8; 16]> {
        let ring = self.signed_ids.as_ref().filter(|_| self.identify)?;
        let (_, signature) = split_last(value)?;
        ring.mac(key, signature)?.first_chunk().copied()
    }

    /// The cookie's value, the placement, and the record of what did not fit.
    pub(super) fn seal_django<R: TryCryptoRng>(
        &self,
        (session, plan): (&Session, &Plan),
        lineage: &Lineage,
        issued: Timestamp,
        room: usize,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<(String, Placement, Option<SealedRecord>), SealError> {
        let signer = self.signer.as_ref().ok_or(SealError::NoKey)?;
        let capacity = room.saturating_sub(signing::tail_len(issued));
        let spelling = Spelling::Python;
        let (mut value, placement, record) = self.fit_payload(
            spelling,
            (session, plan),
            (lineage, issued),
            capacity,
            rng,
            workspace,
        )?;
        signer.append_time_and_signature(issued, &mut value);
        Ok((value, placement, record))
    }

    /// The payload of what fits into `capacity` characters, spelled as its reader does, the
    /// placement, and the record of what did not fit.
    pub(super) fn fit_payload<R: TryCryptoRng>(
        &self,
        spelling: Spelling,
        (session, plan): (&Session, &Plan),
        (lineage, issued): (&Lineage, Timestamp),
        capacity: usize,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<(String, Placement, Option<SealedRecord>), SealError> {
        let mut value = String::with_capacity(capacity.saturating_add(TAIL_ROOM));
        let placement = plan.whole();
        spelling.apply(workspace)?;
        let octets = workspace.json.len();
        let whole = self.try_whole(capacity, octets, &placement, || {
            let characters = payload::write(workspace, capacity, &mut value);
            self.may_be_opened(workspace).then_some(characters)
        });
        if matches!(whole, Whole::Fits) {
            return Ok((value, placement, None));
        }
        // Where keys keep their places, one rewriting serves all the sets that will be measured.
        let spelled;
        let (session, respelling) = if spelling.keeps_order() {
            workspace.write_json(session, |_| true);
            spelling.apply(workspace)?;
            let json = workspace.json.as_str();
            spelled = Session::from_json(json).map_err(|_| SealError::TooDeep)?;
            (&spelled, None)
        } else {
            (session, Some(spelling))
        };
        // The search asks with a random ticket, which compresses as little as a real one.
        let mut octets = [0; TICKET_OCTETS];
        rng.try_fill_bytes(&mut octets)
            .map_err(|_| SealError::Entropy)?;
        let guess = ticket_member(&octets);
        let room = Room {
            units: capacity,
            unit_bits: 6,
        };
        let measure = |placement: &Placement| {
            let member = placement.spills().then_some(guess.as_str());
            workspace.write_part(session, plan, |index| placement.keeps(index));
            let written = write_with(respelling, member, capacity, &mut value, workspace).ok();
            written.filter(|_| self.may_be_opened(workspace))
        };
        let mut selection = self.place(session, plan, room, &whole, measure)?;
        loop {
            let placement = selection.placement();
            let (mut member, mut record) = (None, None);
            if placement.spills() {
                let sealed = self.seal_record(
                    (session, plan),
                    &placement,
                    (lineage, issued),
                    rng,
                    workspace,
                )?;
                member = Some(ticket_member(&self.ticket_octets_of(&sealed.ticket)?));
                record = Some(sealed);
            }
            workspace.write_part(session, plan, |index| placement.keeps(index));
            let member = member.as_deref();
            if write_with(respelling, member, capacity, &mut value, workspace)? <= capacity {
                return Ok((value, placement, record));
            }
            // The real ticket compressed a few octets worse than the guess: one key less.
            if !selection.shrink(|index| self.may_overflow(session, index)) {
                return Err(self.does_not_fit());
            }
        }
    }

    fn ticket_octets_of(&self, ticket: &Ticket) -> Result<[u8; TICKET_OCTETS], SealError> {
        let ring = self.records.as_ref().ok_or(SealError::NoKey)?;
        let mut octets = Vec::with_capacity(TICKET_OCTETS);
        octets.extend_from_slice(&ring.primary_id().octets());
        ticket.write(&mut octets);
        octets.first_chunk().copied().ok_or(SealError::NoKey)
    }

    /// Turns the reserved key back into the ticket it carries.
    pub(super) fn take_ticket(&self, opened: &mut OpenSession) -> Result<(), Reason> {
        let Some(raw) = opened.session.raw(TICKET_KEY) else {
            return Ok(());
        };
        // A text without escapes, or not one of ours.
        let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        let Some(text) = text else {
            return Ok(());
        };
        let mut octets = Vec::with_capacity(TICKET_OCTETS);
        base64url::decode(text.as_bytes(), &mut octets).map_err(|_| Reason::CorruptBody)?;
        let (key, rest) = octets.split_first_chunk().ok_or(Reason::CorruptBody)?;
        let ticket: &[u8; ticket::LEN] = rest.try_into().map_err(|_| Reason::CorruptBody)?;
        opened.lineage.spilled = Some(SpilledRecord {
            ticket: Ticket::read(ticket),
            key: KeyId(*key),
        });
        opened.session.take(TICKET_KEY);
        Ok(())
    }
}

/// `"_edge_ticket":"<text>"`
fn ticket_member(octets: &[u8; TICKET_OCTETS]) -> String {
    let mut text = String::new();
    base64url::encode_into(octets, &mut text);
    format!("\"{TICKET_KEY}\":\"{text}\"")
}

/// Puts the payload of the workspace's JSON and one more member into `value` if it fits, and says
/// what it takes.
fn write_with(
    respelling: Option<Spelling>,
    member: Option<&str>,
    capacity: usize,
    value: &mut String,
    workspace: &mut Workspace,
) -> Result<usize, SealError> {
    value.clear();
    add_member(&mut workspace.json, member);
    if let Some(spelling) = respelling {
        spelling.apply(workspace)?;
    }
    Ok(payload::write(workspace, capacity, value))
}
