//! Which keys stay in the cookie: the session's share of the placement.

use alloc::vec::Vec;

use super::{Codec, Workspace};
use crate::{
    compress::Estimate,
    config::Overflow,
    error::SealError,
    policy::{Placement, Plan, Selection, overflow_of, scaled},
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
    /// Measures everything that has a place in the cookie, about `octets` of JSON, unless that is
    /// hopeless.
    pub(super) fn try_whole(
        &self,
        room: usize,
        octets: usize,
        whole: &Placement,
        measure: impl FnOnce() -> Option<usize>,
    ) -> Whole {
        let may_overflow = self.overflow != Overflow::Refuse || self.rules.has_overflow;
        // With a record it is one of the sets that the search looks at.
        if whole.spills() || (may_overflow && octets > room.saturating_mul(LIKELY_RATIO)) {
            return Whole::NotTried;
        }
        match measure() {
            Some(size) if size <= room => Whole::Fits,
            size => Whole::Exceeds(size),
        }
    }

    /// Finds the largest set of keys by priority that takes at most `room`, after the whole did
    /// not fit.
    ///
    /// `measure` says what a placement's keys take in the cookie, with a ticket if it spills, or
    /// `None` if that is more than [`measurable`]. Of the sets that fit, the one found is measured
    /// last.
    pub(super) fn place(
        &self,
        session: &Session,
        plan: &Plan,
        room: Room,
        whole: &Whole,
        measure: impl FnMut(&Placement) -> Option<usize>,
    ) -> Result<Selection, SealError> {
        let whole = match whole {
            Whole::Exceeds(size) => Some(*size),
            _ => None,
        };
        let found = Selection::largest(
            session,
            (&self.rules, plan, self.overflow),
            |order| costs(session, plan, order, room),
            (room.units, whole),
            measure,
        );
        found.ok_or_else(|| self.does_not_fit())
    }

    /// Whether the workspace's JSON is within what a cookie may inflate to. However well it
    /// compresses, beyond that no cookie that is written would ever be opened.
    pub(super) fn may_be_opened(&self, workspace: &Workspace) -> bool {
        workspace.json.len() <= self.limits.cookie_octets
    }

    /// Whether a key without room may go anywhere.
    pub(super) fn may_overflow(&self, session: &Session, index: usize) -> bool {
        overflow_of(self.rules.of(session.raw_key(index)), self.overflow).is_some()
    }

    pub(super) const fn does_not_fit(&self) -> SealError {
        SealError::DoesNotFit {
            budget: self.budget.octets(),
        }
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
fn costs(session: &Session, plan: &Plan, order: &[u16], room: Room) -> Vec<usize> {
    let mut estimate = Estimate::new(session.text());
    let enough = room.units.saturating_mul(room.unit_bits) / 2 * 3;
    let (mut bits, mut octets) = (0_usize, 0_usize);
    let mut costs = Vec::with_capacity(order.len() + 1);
    costs.push(0);
    for &index in order {
        let ranges = session.member_ranges(usize::from(index));
        let length: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        bits += if plan.is_secret(usize::from(index)) {
            // Not compressed, and what it holds must not show in what else stays.
            length * 8
        } else if bits > enough {
            scaled(bits, length, octets)
        } else {
            ranges.into_iter().map(|range| estimate.bits(range)).sum()
        };
        octets += length;
        costs.push(bits / room.unit_bits);
    }
    costs
}
