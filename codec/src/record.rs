//! Records: the keys that did not fit, encrypted for a store.

pub(crate) mod layout;
mod ring;
mod store_op;

use core::time::Duration;

use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use crate::{
    atoms::{RecordId, Timestamp},
    body::Bodies,
    crypto::{Secret, digest16, is_digest16},
    draft::Draft,
    error::{Reason, SealError},
    names::StoreName,
    placement::{KeyPlacement, Placement},
    random::drawn,
    ring::{KeyRing, KeyRingError},
    session::{
        Lineage, OpenSession, SpilledRecord,
        ticket::Ticket,
        trail::{self, Superseded},
    },
    workspace::Workspace,
};

use layout::Fields;
pub(crate) use ring::RecordRing;
pub use store_op::StoreOp;

/// Seals, opens and names records, where there are keys for them.
pub(crate) struct Records {
    ring: Option<RecordRing>,
    /// How long superseded records stay good.
    stale: Duration,
}

/// A record as sealed, and as the next cookie names it.
pub(crate) struct SealedRecord {
    pub(crate) spilled: SpilledRecord,
    raw: Vec<u8>,
}

impl Records {
    pub(crate) fn new(
        secrets: Option<&KeyRing<Secret>>,
        stale: Duration,
    ) -> Result<Self, KeyRingError> {
        let ring = secrets.map(RecordRing::new).transpose()?;
        Ok(Self { ring, stale })
    }

    /// The store's name of a record.
    pub(crate) fn name(&self, spilled: &SpilledRecord) -> Option<StoreName> {
        let SpilledRecord {
            ticket,
            key,
            session_id,
        } = spilled;
        self.ring
            .as_ref()?
            .name(*key, &ticket.id, session_id.as_ref())
    }

    /// Adds the keys of a record to the session whose ticket names it.
    pub(crate) fn open(
        &self,
        opened: &mut OpenSession,
        record: &[u8],
        bodies: &Bodies,
        workspace: &mut Workspace,
    ) -> Result<(), Reason> {
        let Some(ticket) = opened.ticket().copied() else {
            return Err(Reason::WrongRecord);
        };
        if !is_digest16(&ticket.digest, record) {
            return Err(Reason::WrongRecord);
        }
        let ring = self.ring.as_ref().ok_or(Reason::NotAccepted)?;
        let Workspace { raw, inflater, .. } = workspace;
        raw.clear();
        raw.extend_from_slice(record);
        let inner = ring.open(raw, &ticket.id, ticket.revision)?;
        let (fields, body) = inner
            .try_map(|inner| Fields::read(inner, opened.issued))?
            .into_inner();
        let limit = bodies.limits().record_bytes;
        let spilled = bodies.read(body, fields.compression, limit, inflater)?;
        opened.merge(&spilled, &fields.positions)?;
        opened.session.lineage.trail = fields.trail;
        opened.record_merged = true;
        Ok(())
    }

    /// What a store deletes when the session ends: its record, and those before it.
    pub(crate) fn end(&self, lineage: &Lineage) -> Vec<StoreOp> {
        let current = lineage.spilled.as_ref();
        let current = current.filter(|spilled| spilled.ticket.has_record());
        let current = current.and_then(|spilled| self.name(spilled));
        let names = current.into_iter().chain(lineage.trail.names());
        names.map(|name| StoreOp::Delete { name }).collect()
    }

    /// Seals the keys that `placement` spills into a new record, a revision later.
    pub(crate) fn seal(
        &self,
        draft: &Draft<'_>,
        placement: &Placement,
        bodies: &Bodies,
        rng: &mut impl TryCryptoRng,
        workspace: &mut Workspace,
    ) -> Result<SealedRecord, SealError> {
        let Draft {
            planned,
            session_id,
            ..
        } = *draft;
        let ring = self.ring.as_ref().ok_or(SealError::NoKey)?;
        let spilled = |index: usize| placement.of(index) == KeyPlacement::Spilled;
        // No budget: what record_bytes allows always fits.
        let body = bodies
            .write(planned, spilled, usize::MAX, workspace)
            .ok_or(SealError::DoesNotFit {
                budget: bodies.limits().record_bytes,
            })?;
        let fields = Fields {
            compression: body.compression,
            trail: self.superseded(draft).trail,
            positions: (0..=u16::MAX)
                .take(planned.session.len())
                .filter(|&index| spilled(usize::from(index)))
                .collect(),
        };
        let mut ticket = next(draft, rng)?;
        let (id, revision) = (ticket.id, ticket.revision);
        let nonce = drawn(rng)?;
        let mut raw = Vec::with_capacity(workspace.body.len() + 128);
        ring.seal(&nonce, &id, revision, &mut raw, |inner| {
            fields.write(inner);
            inner.extend_from_slice(&workspace.body);
        });
        ticket.digest = digest16(&raw);
        let spilled = SpilledRecord {
            ticket,
            key: ring.primary_id(),
            session_id,
        };
        Ok(SealedRecord { spilled, raw })
    }

    /// The next state of a session that fits into its cookie again, a revision later: there is no
    /// record, and whoever comes with another cookie of it can tell which one is the later.
    /// `None` for one that never spilled, or that has no id to be found by.
    pub(crate) fn state(
        &self,
        draft: &Draft<'_>,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Option<SpilledRecord>, SealError> {
        if !goes_on(draft) {
            return Ok(None);
        }
        let ring = self.ring.as_ref().ok_or(SealError::NoKey)?;
        Ok(Some(SpilledRecord {
            ticket: next(draft, rng)?,
            key: ring.primary_id(),
            session_id: draft.session_id,
        }))
    }

    /// The new record is stored. Those that were the session's before stay for a while: a browser
    /// that was killed comes back with the cookie that it had last written to its disk, and a
    /// request may be long on its way. What was superseded too long ago is deleted, counted from
    /// this change and not by a clock: until the session changes, nothing of it goes.
    pub(crate) fn store_ops(
        &self,
        draft: &Draft<'_>,
        record: Option<SealedRecord>,
        expires: Timestamp,
    ) -> Vec<StoreOp> {
        let put = record.and_then(|record| {
            Some(StoreOp::Put {
                name: self.name(&record.spilled)?,
                record: record.raw,
                expires,
            })
        });
        let gone = self.superseded(draft).gone;
        let gone = gone.into_iter().map(|name| StoreOp::Delete { name });
        put.into_iter().chain(gone).collect()
    }

    /// The trail behind the next record, and the names that are on none any more.
    fn superseded(&self, draft: &Draft<'_>) -> trail::Followed {
        let Draft { lineage, now, .. } = *draft;
        let latest = lineage.spilled.as_ref();
        let latest = latest.filter(|spilled| spilled.ticket.has_record());
        let latest = latest.and_then(|spilled| self.name(spilled));
        let latest = latest.map(|name| Superseded::at(name, now));
        lineage.trail.followed_by(latest, now.before(self.stale))
    }
}

/// Whether a session is one that has spilled before, and has been the same since.
pub(crate) fn goes_on(draft: &Draft<'_>) -> bool {
    let before = draft.lineage.spilled.as_ref();
    draft.session_id.is_some() && before.is_some_and(|before| before.session_id == draft.session_id)
}

/// A ticket a revision later, of no record yet.
fn next(draft: &Draft<'_>, rng: &mut impl TryCryptoRng) -> Result<Ticket, SealError> {
    let mut id = RecordId(drawn(rng)?);
    // When it is written, so that its absence can be told from its loss.
    if let Ok(seconds) = u32::try_from(draft.now.seconds()) {
        id.0[..4].copy_from_slice(&seconds.to_be_bytes());
    }
    let before = draft.lineage.spilled.as_ref();
    Ok(Ticket {
        id,
        revision: before.map_or(1, |before| before.ticket.revision.saturating_add(1)),
        digest: [0; 16],
    })
}
