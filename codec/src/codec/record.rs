//! Records: the keys that did not fit, encrypted for a store.

use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use super::{Codec, Lineage, OpenSession, StoreOp, Workspace, lineage::SpilledRecord, nonce};
use crate::{
    atoms::Timestamp,
    crypto::{digest16, is_digest16},
    error::{Reason, SealError},
    policy::{KeyPlacement, Placement, Plan},
    session::Session,
    wire::{
        record::Fields,
        ticket::Ticket,
        trail::{Superseded, Trail},
    },
};

/// A record as sealed, and the ticket that names it.
pub(super) struct SealedRecord {
    pub(super) ticket: Ticket,
    raw: Vec<u8>,
}

impl Codec {
    /// The store's name of the record that a ticket names; `None` without a ticket that still
    /// waits for its record.
    #[must_use]
    pub fn record_name(&self, opened: &OpenSession) -> Option<[u8; 24]> {
        opened.ticket()?;
        self.name(opened.lineage.spilled.as_ref()?)
    }

    /// Adds the keys of a record to the session whose ticket names it.
    ///
    /// # Errors
    /// [`Reason::WrongRecord`] if it is another one (stale, swapped, rolled back), otherwise what
    /// is wrong with it. The session is then as it was.
    pub fn open_record(
        &self,
        opened: &mut OpenSession,
        record: &[u8],
        workspace: &mut Workspace,
    ) -> Result<(), Reason> {
        let Some(ticket) = opened.ticket().copied() else {
            return Err(Reason::WrongRecord);
        };
        if !is_digest16(&ticket.digest, record) {
            return Err(Reason::WrongRecord);
        }
        let ring = self.records.as_ref().ok_or(Reason::NotAccepted)?;
        let Workspace { raw, inflater, .. } = workspace;
        raw.clear();
        raw.extend_from_slice(record);
        let inner = ring.open(raw, &ticket.id, ticket.revision)?;
        let (fields, body) = inner
            .try_map(|inner| Fields::read(inner, opened.issued))?
            .into_inner();
        let limit = self.limits.record_octets;
        let spilled = self.read_body(body, fields.compression, limit, inflater)?;
        opened.merge(&spilled, &fields.positions)?;
        opened.lineage.trail = fields.trail;
        opened.record_merged = true;
        Ok(())
    }

    /// What a store deletes when the session ends: its record, and those before it.
    #[must_use]
    pub fn end(&self, lineage: &Lineage) -> Vec<StoreOp> {
        let current = lineage
            .spilled
            .as_ref()
            .and_then(|spilled| self.name(spilled));
        let names = current.into_iter().chain(lineage.trail.names());
        names.map(|name| StoreOp::Delete { name }).collect()
    }

    /// Seals the keys that `placement` spills into a new record, a revision later.
    pub(super) fn seal_record<R: TryCryptoRng>(
        &self,
        (session, plan): (&Session, &Plan),
        placement: &Placement,
        (lineage, issued): (&Lineage, Timestamp),
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<SealedRecord, SealError> {
        let ring = self.records.as_ref().ok_or(SealError::NoKey)?;
        let spilled = |index: usize| placement.of(index) == KeyPlacement::Spilled;
        // No budget: what record_octets allows always fits.
        let (compression, _) = self
            .write_body(session, plan, spilled, usize::MAX, workspace)
            .ok_or(SealError::DoesNotFit {
                budget: self.limits.record_octets,
            })?;
        let fields = Fields {
            compression,
            trail: self.superseded(lineage, issued).0,
            positions: (0..=u16::MAX)
                .take(session.len())
                .filter(|&index| spilled(usize::from(index)))
                .collect(),
        };
        let mut id = [0; 16];
        rng.try_fill_bytes(&mut id)
            .map_err(|_| SealError::Entropy)?;
        if let Some(seconds) = lineage
            .written
            .and_then(|at| u32::try_from(at.seconds()).ok())
        {
            id[..4].copy_from_slice(&seconds.to_be_bytes());
        }
        let revision = lineage
            .spilled
            .as_ref()
            .map_or(1, |spilled| spilled.ticket.revision.saturating_add(1));
        let nonce = nonce(rng)?;
        let mut raw = Vec::with_capacity(workspace.body.len() + 128);
        ring.seal(&nonce, &id, revision, &mut raw, |inner| {
            fields.write(inner);
            inner.extend_from_slice(&workspace.body);
        });
        let digest = digest16(&raw);
        let ticket = Ticket {
            id,
            revision,
            digest,
        };
        Ok(SealedRecord { ticket, raw })
    }

    /// The new record is stored. Those that were the session's before stay for a while: a browser
    /// that was killed comes back with the cookie that it had last written to its disk, and a
    /// request may be long on its way. What was superseded too long ago is deleted, counted from
    /// this change and not by a clock: until the session changes, nothing of it goes.
    pub(super) fn store_ops(
        &self,
        lineage: &Lineage,
        record: Option<SealedRecord>,
        issued: Timestamp,
    ) -> Vec<StoreOp> {
        let put = record.and_then(|record| {
            let spilled = SpilledRecord {
                ticket: record.ticket,
                key: self.records.as_ref()?.primary_id(),
            };
            Some(StoreOp::Put {
                name: self.name(&spilled)?,
                record: record.raw,
                expires: self.lifetimes.end(issued, lineage.created),
            })
        });
        let gone = self.superseded(lineage, issued).1.into_iter();
        put.into_iter()
            .chain(gone.map(|name| StoreOp::Delete { name }))
            .collect()
    }

    /// The trail behind the next record, and the names that are on none any more.
    fn superseded(&self, lineage: &Lineage, issued: Timestamp) -> (Trail, Vec<[u8; 24]>) {
        let now = lineage.written.unwrap_or(issued);
        let latest = lineage.spilled.as_ref();
        let latest = latest.and_then(|spilled| self.name(spilled));
        let latest = latest.map(|name| Superseded::at(name, now));
        lineage.trail.followed_by(latest, now.before(self.stale))
    }

    fn name(&self, spilled: &SpilledRecord) -> Option<[u8; 24]> {
        self.records.as_ref()?.name(spilled.key, &spilled.ticket.id)
    }
}
