//! Sealed cookies: `text <-> raw <-> inner <-> body <-> session`.

pub(crate) mod inner;
pub(crate) mod layout;
mod ring;
pub(crate) mod tokens;

use alloc::string::String;

use rand_core::TryCryptoRng;

use super::{Draft, Envelope, Reading, Tools, Written};
use crate::{
    atoms::Timestamp,
    body::compression::Compression,
    crypto::{Secret, framing},
    error::{Reason, SealError},
    placement::{Placement, Room, Whole, measurable},
    random::drawn,
    record,
    ring::{KeyRing, KeyRingError},
    session::{Lineage, OpenSession, SpilledRecord, ticket},
    text::base64url,
    workspace::Workspace,
};

use inner::Fields;
use ring::CookieRing;

/// The purpose bound into every session cookie: a token made for another use never opens here.
const PURPOSE: &str = "session";

/// Characters of a cookie that carries a ticket and no keys: base64url of everything around
/// `{}` with every optional field.
pub(super) const TICKET_ONLY_CHARACTERS: usize =
    base64url::encoded_len(framing::raw_len(1 + 4 + 4 + 16 + ticket::LEN + 2));

/// Reads and writes the cookies of one name in one environment.
pub(crate) struct Sealed(CookieRing);

impl Sealed {
    pub(super) fn new(
        secrets: &KeyRing<Secret>,
        cookie_name: &str,
        audience: &str,
    ) -> Result<Self, KeyRingError> {
        CookieRing::new(secrets, PURPOSE, cookie_name, audience).map(Self)
    }

    pub(super) fn read(
        &self,
        value: &[u8],
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let Workspace { raw, inflater, .. } = workspace;
        raw.clear();
        base64url::decode(value, raw).map_err(|_| Reason::Malformed)?;
        let (verified, key) = self.0.open(raw, reading.now)?;
        let (fields, body) = verified.try_map(inner::read)?.into_inner();
        let issued = Timestamp::from_seconds(fields.issued.into());
        let created = fields
            .created
            .map(|seconds| Timestamp::from_seconds(seconds.into()));
        reading.lifetimes.check(issued, created, reading.now)?;
        reading.check_accepted(Envelope::Sealed, issued)?;
        let bodies = reading.bodies;
        let limit = bodies.limits().cookie_bytes;
        let data = bodies.read(body, fields.compression, limit, inflater)?;
        let lineage = Lineage {
            session_id: fields.session_id,
            spilled: fields.ticket.map(|ticket| SpilledRecord {
                ticket,
                key: key.id,
                session_id: fields.session_id,
            }),
            ..Lineage::new(created.unwrap_or(issued))
        };
        let now = reading.now;
        let signed = OpenSession::signed(Envelope::Sealed, data, issued, key.position, now);
        let mut opened = OpenSession {
            key_id: Some(key.id),
            ..signed
        };
        opened.session.lineage = lineage;
        opened.take_reserved()?;
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
        let Tools {
            placing, bodies, ..
        } = *tools;
        let mut fields = Fields {
            issued: seconds(draft.issued)?,
            created: Some(seconds(draft.lineage.created)?),
            session_id: draft.session_id,
            compression: Compression::None,
            ticket: None,
        };
        // Where it once spilled its place in its line stands in the cookie for as long as it lives.
        let goes_on = record::goes_on(draft);
        let place = if goes_on { ticket::LEN } else { 0 };
        let room = framing::inner_capacity(room).saturating_sub(fields.encoded_len() + place);
        let mut measure = |workspace: &mut Workspace, placement: &Placement| {
            let chosen = |index| placement.keeps(index);
            let planned = draft.planned.in_cookie(placement);
            let body = bodies.write(planned, chosen, measurable(room), workspace)?;
            if !placing.may_be_opened(workspace) {
                return None;
            }
            let spills = placement.spills() && !goes_on;
            let ticket = if spills { ticket::LEN } else { 0 };
            let bytes = body.bytes + ticket;
            if bytes <= room {
                fields.compression = body.compression;
                let Workspace { body, kept, .. } = workspace;
                core::mem::swap(body, kept);
            }
            Some(bytes)
        };
        let mut placement = draft.planned.plan.whole();
        let bytes = workspace.json.len();
        let whole = placing.try_whole(room, bytes, &placement, || measure(workspace, &placement));
        if !matches!(whole, Whole::Fits) {
            let measure = |placement: &Placement| measure(workspace, placement);
            let selection = placing.place(draft.planned, Room::bytes(room), whole, measure)?;
            placement = selection.placement();
        }
        let records = tools.records;
        let record = match placement.spills() {
            true => Some(records.seal(draft, &placement, bodies, rng, workspace)?),
            false => None,
        };
        let named = match &record {
            Some(record) => Some(record.spilled),
            None => records.state(draft, rng)?,
        };
        fields.ticket = named.map(|named| named.ticket);
        let nonce = drawn(rng)?;
        let Workspace { raw, kept, .. } = workspace;
        raw.clear();
        self.0.seal(&nonce, raw, |inner| {
            fields.write(inner);
            inner.extend_from_slice(kept);
        });
        let mut value = String::with_capacity(base64url::encoded_len(raw.len()));
        base64url::encode_into(raw, &mut value);
        Ok(Written {
            value,
            placement,
            record,
            named,
        })
    }
}

/// A time as the format's 32-bit seconds.
pub(super) fn seconds(time: Timestamp) -> Result<u32, SealError> {
    u32::try_from(time.seconds()).map_err(|_| SealError::TimeOutOfRange)
}
