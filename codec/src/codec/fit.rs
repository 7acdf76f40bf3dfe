//! Which keys stay in the cookie: the session's share of the placement.

use alloc::vec::Vec;

use super::{Codec, Workspace};
use crate::{
    atoms::Priority,
    compress::Estimate,
    config::Overflow,
    error::SealError,
    policy::{KeyPlacement, Prefix, scaled},
    session::Session,
};

/// JSON of up to so many times the room is compressed at once, in the hope that it fits: sessions
/// compress to a third or a half. Beyond that an estimate, a quarter of the cost, comes first.
const LIKELY_RATIO: usize = 3;
/// What is so many times too long is not worth finishing: its size would say little of shorter
/// sets.
const MEASURABLE_RATIO: usize = 4;

/// What the whole session came to.
pub(super) enum Whole {
    Fits,
    /// It does not, and takes that much, if that is known.
    Exceeds(Option<usize>),
    /// It hardly can.
    NotTried,
}

/// Octets or characters of the cookie, at which measuring may stop.
pub(super) const fn measurable(room: usize) -> usize {
    room.saturating_mul(MEASURABLE_RATIO)
}

impl Codec {
    /// Measures the whole session, whose JSON is in the workspace, unless that is hopeless.
    pub(super) fn try_whole(
        &self,
        room: usize,
        workspace: &mut Workspace,
        measure: impl FnOnce(&mut Workspace) -> Option<usize>,
    ) -> Whole {
        if self.overflow != Overflow::Refuse
            && workspace.json.len() > room.saturating_mul(LIKELY_RATIO)
        {
            return Whole::NotTried;
        }
        match measure(workspace) {
            Some(size) if size <= room => Whole::Fits,
            size => Whole::Exceeds(size),
        }
    }

    /// Finds the largest set of keys by priority that takes at most `room`.
    ///
    /// `measure` is asked with some keys' JSON in the workspace, and whether that is all of them;
    /// it says what they take, with a ticket unless they are all, or `None` if that is more than
    /// [`measurable`]. Of the sets that fit, the one found is measured last.
    pub(super) fn place(
        &self,
        session: &Session,
        room: Room,
        whole: &Whole,
        workspace: &mut Workspace,
        mut measure: impl FnMut(&mut Workspace, bool) -> Option<usize>,
    ) -> Result<Prefix, SealError> {
        let refusal = SealError::DoesNotFit {
            budget: self.budget.octets(),
        };
        let overflow = match (whole, self.overflow) {
            (Whole::Fits, _) => return Ok(Prefix::WHOLE),
            (_, Overflow::Spill) => KeyPlacement::Spilled,
            (_, Overflow::Drop) => KeyPlacement::Dropped,
            (_, Overflow::Refuse) => return Err(refusal),
        };
        let whole = match whole {
            Whole::Exceeds(size) => Some(*size),
            _ => None,
        };
        let prefix = Prefix::largest(
            session,
            &self.priorities,
            overflow,
            |order| costs(session, order, room),
            (room.units, whole),
            |placement| {
                workspace.write_json(session, |index| placement.keeps(index));
                measure(workspace, placement.is_all_in_cookie())
            },
        )
        .ok_or(refusal)?;
        let is_critical = |index| self.priorities.of(session.raw_key(index)) == Priority::Critical;
        if overflow == KeyPlacement::Dropped && prefix.overflowing().any(is_critical) {
            return Err(refusal);
        }
        Ok(prefix)
    }
}

/// How much a body may take, in octets or in characters of base64url.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) units: usize,
    /// 8 for octets, 6 for characters.
    pub(super) unit_bits: usize,
}

/// About what the first 0, 1, 2 ... keys in this order take. What lies far beyond the room is not
/// looked at: it is taken to be like the rest.
fn costs(session: &Session, order: &[u16], room: Room) -> Vec<usize> {
    let mut estimate = Estimate::new(session.text());
    let enough = room.units.saturating_mul(room.unit_bits) / 2 * 3;
    let (mut bits, mut octets) = (0_usize, 0_usize);
    let mut costs = Vec::with_capacity(order.len() + 1);
    costs.push(0);
    for &index in order {
        let ranges = session.member_ranges(usize::from(index));
        let length: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        bits += if bits > enough {
            scaled(bits, length, octets)
        } else {
            ranges.into_iter().map(|range| estimate.bits(range)).sum()
        };
        octets += length;
        costs.push(bits / room.unit_bits);
    }
    costs
}
