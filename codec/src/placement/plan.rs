//! What the rules say of the keys of one session. Where they say nothing but priorities, a plan is
//! empty and allocates nothing.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use super::{
    KeyPlacement, Placement, PlacementReason,
    outcome::KeyDecision,
    rules::{Rule, Rules},
};
use crate::{
    atoms::{Priority, Timestamp},
    rules::{KeyOverflow, Overflow},
    session::{KeyEnd, RESERVED, SessionData},
    text::{index::TextIndex, json::add_member},
};

/// A session, and what the rules say of its keys.
#[derive(Clone, Copy)]
pub(crate) struct Planned<'a> {
    pub(crate) session: &'a SessionData,
    pub(crate) plan: &'a Plan,
    /// The member that says which requests the session has the changes of, without the braces round
    /// it.
    pub(crate) done: Option<&'a str>,
}

impl Planned<'_> {
    /// Puts the JSON of the members that `chosen` picks, and what is said of them, in the place of
    /// `json`.
    pub(crate) fn write_part(self, chosen: impl Fn(usize) -> bool + Copy, json: &mut String) {
        self.session.write_only(chosen, json);
        self.add_reserved(chosen, json);
    }

    /// Adds when the chosen keys end, and which requests are done.
    pub(crate) fn add_reserved(self, chosen: impl Fn(usize) -> bool, json: &mut String) {
        let Self {
            session,
            plan,
            done,
        } = self;
        add_member(json, plan.ends_member(session, chosen).as_deref());
        add_member(json, done);
    }

    /// As the cookie has it: which requests are done is in the record, if there is one, which has
    /// room.
    pub(crate) fn in_cookie(self, placement: &Placement) -> Self {
        Self {
            done: self.done.filter(|_| !placement.spills()),
            ..self
        }
    }
}

#[derive(Default)]
pub(crate) struct Plan {
    /// By index, ascending: seconds since 1970.
    ends: Vec<(u16, u32)>,
    /// By index; empty if there are none.
    secrets: Vec<bool>,
    /// What becomes of keys that have no place in the cookie whatever its room; empty if there
    /// are none.
    outside: Vec<Option<KeyDecision>>,
}

impl Plan {
    /// `None` if a key exceeds its cap and may go nowhere else.
    pub(crate) fn new(
        session: &SessionData,
        rules: &Rules,
        overflow: Overflow,
        before: &[KeyEnd],
        issued: Timestamp,
    ) -> Option<Self> {
        let mut plan = Self::default();
        let has_reserved = || RESERVED.iter().any(|key| session.contains(key));
        if !rules.has_special && !has_reserved() {
            return Some(plan);
        }
        let now = u32::try_from(issued.seconds()).unwrap_or(0);
        let carried = TextIndex::new(before.iter().map(|(key, _)| key.as_str()));
        for (index, position) in (0..session.len()).zip(0..=u16::MAX) {
            let key = session.raw_key(index);
            let rule = rules.of(key);
            if RESERVED.contains(&key) {
                plan.exclude(
                    index,
                    session,
                    KeyPlacement::Dropped,
                    PlacementReason::Reserved,
                );
                continue;
            }
            if rule.is_secret {
                plan.secrets.resize(session.len(), false);
                plan.secrets[index] = true;
            }
            if let Some(age) = rule.max_age {
                let latest = now.saturating_add(age.get());
                let carried = carried.position(key).and_then(|at| before.get(at));
                let end = carried.map_or(latest, |(_, end)| latest.min(*end));
                if end <= now {
                    plan.exclude(
                        index,
                        session,
                        KeyPlacement::Expired,
                        PlacementReason::Expired,
                    );
                    continue;
                }
                plan.ends.push((position, end));
            }
            let bytes = session.member_len(index);
            if rule.max_bytes.is_some_and(|most| bytes > most as usize) {
                let placement = overflow_of(rule, overflow)?;
                plan.exclude(index, session, placement, PlacementReason::TooLarge);
            }
        }
        Some(plan)
    }

    /// Everything in the cookie but what has no place there.
    pub(crate) fn whole(&self) -> Placement {
        if self.outside.is_empty() {
            return Placement::ALL_IN_COOKIE;
        }
        let fates = self
            .outside
            .iter()
            .map(|fate| fate.unwrap_or(KeyDecision::KEPT));
        Placement::of_fates(fates.collect())
    }

    pub(crate) fn outside(&self, index: usize) -> Option<KeyDecision> {
        self.outside.get(index).copied().flatten()
    }

    pub(crate) const fn has_outside(&self) -> bool {
        !self.outside.is_empty()
    }

    pub(crate) fn is_secret(&self, index: usize) -> bool {
        self.secrets.get(index).copied().unwrap_or(false)
    }

    pub(crate) const fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The member that says when the chosen keys end, without the braces round it; `None` if none
    /// of them does.
    pub(crate) fn ends_member(
        &self,
        session: &SessionData,
        chosen: impl Fn(usize) -> bool,
    ) -> Option<String> {
        let mut member = String::new();
        for &(position, end) in &self.ends {
            let index = usize::from(position);
            if !chosen(index) {
                continue;
            }
            let before = if member.is_empty() {
                "\"_edge_ends\":{"
            } else {
                ","
            };
            // Writing to a text cannot fail.
            let _ = write!(member, "{before}\"{}\":{end}", session.raw_key(index));
        }
        (!member.is_empty()).then(|| member + "}")
    }

    fn exclude(
        &mut self,
        index: usize,
        session: &SessionData,
        placement: KeyPlacement,
        reason: PlacementReason,
    ) {
        self.outside.resize(session.len(), None);
        self.outside[index] = Some(KeyDecision { placement, reason });
    }
}

/// Where a key without room goes; `None`: nowhere, so nothing may be written.
pub(super) fn overflow_of(rule: Rule, overflow: Overflow) -> Option<KeyPlacement> {
    match (rule.overflow, overflow) {
        (Some(KeyOverflow::Spill), _) | (None, Overflow::Spill) => Some(KeyPlacement::Spilled),
        _ if rule.priority == Priority::Critical => None,
        (Some(KeyOverflow::Drop), _) | (None, Overflow::Drop) => Some(KeyPlacement::Dropped),
        (None, Overflow::Refuse) => None,
    }
}
