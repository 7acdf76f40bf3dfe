//! Sealed cookies: `text <-> raw <-> inner <-> body <-> session`.

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::{
    Codec, Lineage, OpenSession, Workspace,
    body::seconds,
    fit::{Room, Whole, measurable},
    lineage::SpilledRecord,
    nonce,
    record::SealedRecord,
};
use crate::{
    atoms::{Envelope, Timestamp},
    error::{Reason, SealError},
    policy::{Placement, Plan},
    session::Session,
    text::base64url,
    wire::{
        inner::{self, Compression, Fields},
        sealed, ticket,
        trail::Trail,
    },
};

/// Characters of a cookie that carries a ticket and no keys: base64url of everything around
/// `{}` with every optional field.
pub(super) const TICKET_ONLY_CHARACTERS: usize =
    base64url::encoded_len(sealed::raw_len(1 + 4 + 4 + 16 + ticket::LEN + 2));

impl Codec {
    pub(super) fn open_sealed(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let Workspace { raw, inflater, .. } = workspace;
        raw.clear();
        base64url::decode(value, raw).map_err(|_| Reason::Malformed)?;
        let ring = self.cookies.as_ref().ok_or(Reason::NotAccepted)?;
        let (verified, key) = ring.open(raw, now)?;
        let (fields, body) = verified.try_map(inner::read)?.into_inner();
        let issued = Timestamp::from_seconds(fields.issued.into());
        let created = fields
            .created
            .map(|seconds| Timestamp::from_seconds(seconds.into()));
        self.lifetimes.check(issued, created, now)?;
        self.check_accepted(Envelope::Sealed, issued, now)?;
        let limit = self.limits.cookie_octets;
        let session = self.read_body(body, fields.compression, limit, inflater)?;
        let mut opened = OpenSession {
            session,
            envelope: Envelope::Sealed,
            key: key.position,
            key_id: Some(key.id),
            issued,
            lineage: Lineage {
                created: created.unwrap_or(issued),
                sid: fields.sid,
                spilled: fields.ticket.map(|ticket| SpilledRecord {
                    ticket,
                    key: key.id,
                }),
                trail: Trail::EMPTY,
                ends: Vec::new(),
                written: None,
            },
            record_merged: false,
            from_django_cookie: false,
            opened_at: now,
            expired: Vec::new(),
        };
        opened.take_ends()?;
        Ok(opened)
    }

    /// The cookie's value, the placement, and the record of what did not fit.
    pub(super) fn seal_sealed<R: TryCryptoRng>(
        &self,
        (session, plan): (&Session, &Plan),
        lineage: &Lineage,
        issued: Timestamp,
        (room, sid): (usize, Option<[u8; 16]>),
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<(String, Placement, Option<SealedRecord>), SealError> {
        let capacity = sealed::inner_capacity(room);
        let mut fields = Fields {
            issued: seconds(issued)?,
            created: Some(seconds(lineage.created)?),
            sid,
            compression: Compression::None,
            ticket: None,
        };
        let room = capacity.saturating_sub(fields.encoded_len());
        let mut measure = |workspace: &mut Workspace, placement: &Placement| {
            let chosen = |index| placement.keeps(index);
            let (compression, octets) =
                self.write_body(session, plan, chosen, measurable(room), workspace)?;
            if !self.may_be_opened(workspace) {
                return None;
            }
            let octets = octets + if placement.spills() { ticket::LEN } else { 0 };
            if octets <= room {
                fields.compression = compression;
                let Workspace { body, kept, .. } = workspace;
                core::mem::swap(body, kept);
            }
            Some(octets)
        };
        let mut placement = plan.whole();
        let octets = workspace.json.len();
        let whole = self.try_whole(room, octets, &placement, || measure(workspace, &placement));
        if !matches!(whole, Whole::Fits) {
            let room = Room {
                units: room,
                unit_bits: 8,
            };
            let measure = |placement: &Placement| measure(workspace, placement);
            let selection = self.place(session, plan, room, &whole, measure)?;
            placement = selection.placement();
        }
        let mut record = None;
        if placement.spills() {
            let sealed = self.seal_record(
                (session, plan),
                &placement,
                (lineage, issued),
                rng,
                workspace,
            )?;
            fields.ticket = Some(sealed.ticket);
            record = Some(sealed);
        }
        let nonce = nonce(rng)?;
        let ring = self.cookies.as_ref().ok_or(SealError::NoKey)?;
        let Workspace { raw, kept, .. } = workspace;
        raw.clear();
        ring.seal(&nonce, raw, |inner| {
            fields.write(inner);
            inner.extend_from_slice(kept);
        });
        let mut value = String::with_capacity(base64url::encoded_len(raw.len()));
        base64url::encode_into(raw, &mut value);
        Ok((value, placement, record))
    }
}
