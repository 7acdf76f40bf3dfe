//! Which keys stay in the cookie.

use alloc::vec::Vec;

use super::{
    Placement, Planned, Report,
    plan::{Plan, overflow_of},
    report::is_nearly_full,
    rules::Rules,
    search::{Whole, scaled},
    selection::{Choice, Selection},
};
use crate::{
    atoms::Timestamp,
    compress::Estimate,
    config::Config,
    cookie::Budget,
    error::SealError,
    rules::Overflow,
    session::{KeyEnd, SessionData},
    workspace::Workspace,
};

/// JSON of up to so many times the room is compressed at once, in the hope that it fits: sessions
/// compress to a third or a half. Beyond that an estimate, a quarter of the cost, comes first.
const LIKELY_RATIO: usize = 3;
/// What is so many times too long is not worth finishing: its size would say little of shorter
/// sets.
const MEASURABLE_RATIO: usize = 4;

/// Bytes or characters of the cookie, at which measuring may stop.
pub(crate) const fn measurable(room: usize) -> usize {
    room.saturating_mul(MEASURABLE_RATIO)
}

/// Chooses by the rules what stays within the budget.
pub(crate) struct Placing {
    rules: Rules,
    overflow: Overflow,
    budget: Budget,
    /// Bytes of JSON that a cookie may inflate to.
    openable: usize,
}

impl Placing {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            rules: Rules::new(&config.rules),
            overflow: config.overflow,
            budget: config.budget,
            openable: config.limits.cookie_bytes,
        }
    }

    pub(crate) const fn budget(&self) -> Budget {
        self.budget
    }

    /// Whether keys may go into a record.
    pub(crate) const fn can_spill(&self) -> bool {
        matches!(self.overflow, Overflow::Spill) || self.rules.has_spill
    }

    /// What the rules say of a session's keys, of which some have `ends` from before.
    pub(crate) fn plan(
        &self,
        session: &SessionData,
        ends: &[KeyEnd],
        issued: Timestamp,
    ) -> Result<Plan, SealError> {
        Plan::new(session, &self.rules, self.overflow, ends, issued)
            .ok_or_else(|| self.does_not_fit())
    }

    /// Measures everything that has a place in the cookie, about `bytes` of JSON, unless that is
    /// hopeless.
    pub(crate) fn try_whole(
        &self,
        room: usize,
        bytes: usize,
        whole: &Placement,
        measure: impl FnOnce() -> Option<usize>,
    ) -> Whole {
        let may_overflow = self.overflow != Overflow::Refuse || self.rules.has_overflow;
        // With a record it is one of the sets that the search looks at.
        if whole.spills() || (may_overflow && bytes > room.saturating_mul(LIKELY_RATIO)) {
            return Whole::NotMeasured;
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
    pub(crate) fn place(
        &self,
        planned: Planned<'_>,
        room: Room,
        whole: Whole,
        measure: impl FnMut(&Placement) -> Option<usize>,
    ) -> Result<Selection, SealError> {
        let choice = Choice {
            planned,
            rules: &self.rules,
            overflow: self.overflow,
        };
        let estimate = |order: &[u16]| costs(planned, order, room);
        Selection::largest(choice, room.units, whole, estimate, measure)
            .ok_or_else(|| self.does_not_fit())
    }

    /// Whether the workspace's JSON is within what a cookie may inflate to. However well it
    /// compresses, beyond that no cookie that is written would ever be opened.
    pub(crate) fn may_be_opened(&self, workspace: &Workspace) -> bool {
        workspace.json.len() <= self.openable
    }

    /// Whether a key without room may go anywhere.
    pub(crate) fn may_overflow(&self, session: &SessionData, index: usize) -> bool {
        overflow_of(self.rules.of(session.raw_key(index)), self.overflow).is_some()
    }

    pub(crate) const fn does_not_fit(&self) -> SealError {
        SealError::DoesNotFit {
            budget: self.budget.bytes(),
        }
    }

    /// Where every key went.
    pub(crate) fn report(
        &self,
        session: &SessionData,
        placement: &Placement,
        cookie_bytes: usize,
    ) -> Report {
        let budget = self.budget.bytes();
        Report::new(session, placement, &self.rules, cookie_bytes, budget)
    }

    /// Whether there is something to tell without being asked.
    pub(crate) const fn is_remarkable(&self, placement: &Placement, cookie_bytes: usize) -> bool {
        !placement.is_all_in_cookie() || is_nearly_full(cookie_bytes, self.budget.bytes())
    }
}

/// How much a body may take.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    units: usize,
    /// 8 for bytes, 6 for characters.
    unit_bits: usize,
}

impl Room {
    pub(crate) const fn bytes(units: usize) -> Self {
        Self {
            units,
            unit_bits: 8,
        }
    }

    /// Of base64url.
    pub(crate) const fn characters(units: usize) -> Self {
        Self {
            units,
            unit_bits: 6,
        }
    }
}

/// About what the first 0, 1, 2 ... keys in this order take. What lies far beyond the room is not
/// looked at: it is taken to be like the rest.
fn costs(Planned { session, plan, .. }: Planned<'_>, order: &[u16], room: Room) -> Vec<usize> {
    let mut estimate = Estimate::new(session.text());
    let enough = room.units.saturating_mul(room.unit_bits) / 2 * 3;
    let (mut bits, mut bytes) = (0_usize, 0_usize);
    let mut costs = Vec::with_capacity(order.len() + 1);
    costs.push(0);
    for &index in order {
        let ranges = session.member_ranges(usize::from(index));
        let length: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        bits += if plan.is_secret(usize::from(index)) {
            // Not compressed, and what it holds must not show in what else stays.
            length * 8
        } else if bits > enough {
            scaled(bits, length, bytes)
        } else {
            ranges.into_iter().map(|range| estimate.bits(range)).sum()
        };
        bytes += length;
        costs.push(bits / room.unit_bits);
    }
    costs
}
