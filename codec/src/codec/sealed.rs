//! Sealed cookies: `text <-> raw <-> inner <-> body <-> session`.

use alloc::string::String;

use rand_core::TryCryptoRng;

use super::{
    Codec, Lineage, OpenSession, Workspace,
    body::{expand, seconds},
    lineage::SpilledRecord,
    nonce,
    record::SealedRecord,
};
use crate::{
    atoms::{Envelope, Timestamp},
    config::Overflow,
    error::{Reason, SealError},
    policy::Placement,
    session::Session,
    text::base64url,
    wire::{
        inner::{self, Compression, Fields},
        sealed, ticket,
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
        let (verified, key) = ring.open(raw)?;
        let (fields, body) = verified.try_map(inner::read)?.into_inner();
        let issued = Timestamp::from_seconds(fields.issued.into());
        let created = fields
            .created
            .map(|seconds| Timestamp::from_seconds(seconds.into()));
        self.lifetimes.check(issued, created, now)?;
        self.check_accepted(Envelope::Sealed, issued, now)?;
        let limit = self.limits.cookie_octets;
        let json = expand(body.main, fields.compression, limit, inflater)?;
        let mut session = self.parse(json)?;
        if let Some(plain) = body.plain {
            session.merge(&self.parse(plain.to_vec())?, &[]);
        }
        Ok(OpenSession {
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
                previous: None,
            },
            record_merged: false,
            from_django_cookie: false,
        })
    }

    /// The cookie's value, the placement, and the record of what did not fit.
    pub(super) fn seal_sealed<R: TryCryptoRng>(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        room: usize,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<(String, Placement, Option<SealedRecord>), SealError> {
        let capacity = sealed::inner_capacity(room);
        let mut fields = Fields {
            issued: seconds(issued)?,
            created: Some(seconds(lineage.created)?),
            sid: lineage.sid,
            compression: Compression::None,
            ticket: None,
        };
        let (mut placement, mut record) = (Placement::ALL_IN_COOKIE, None);
        let body_capacity = capacity.saturating_sub(fields.encoded_len());
        match self.compress(body_capacity, workspace) {
            Some(compression) => fields.compression = compression,
            None => {
                let ticket_len = if self.overflow == Overflow::Spill {
                    ticket::LEN
                } else {
                    0
                };
                let left = body_capacity.saturating_sub(ticket_len);
                let fits = |workspace: &mut _| self.compress(left, workspace).is_some();
                placement = self.place(session, workspace, fits)?.placement();
                if self.overflow == Overflow::Spill {
                    let sealed = self.seal_record(session, &placement, lineage, rng, workspace)?;
                    fields.ticket = Some(sealed.ticket);
                    record = Some(sealed);
                }
                workspace.write_json(session, |index| placement.keeps(index));
                fields.compression =
                    self.compress(left, workspace)
                        .ok_or(SealError::DoesNotFit {
                            budget: self.budget.octets(),
                        })?;
            }
        }
        let nonce = nonce(rng)?;
        let ring = self.cookies.as_ref().ok_or(SealError::NoKey)?;
        let Workspace { raw, body, .. } = workspace;
        raw.clear();
        ring.seal(&nonce, raw, |inner| {
            fields.write(inner);
            inner.extend_from_slice(body);
        });
        let mut value = String::with_capacity(base64url::encoded_len(raw.len()));
        base64url::encode_into(raw, &mut value);
        Ok((value, placement, record))
    }
}
