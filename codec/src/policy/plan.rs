//! What the rules say of the keys of one session. Where they say nothing but priorities, a plan is
//! empty and allocates nothing.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use super::{
    KeyOverflow, KeyPlacement, Placement, PlacementReason,
    placement::Fate,
    rules::{Rule, Rules},
};
use crate::{
    atoms::{Priority, Timestamp},
    config::Overflow,
    session::Session,
    text::index::TextIndex,
};

/// The reserved key that carries when keys end.
pub(crate) const ENDS_KEY: &str = "_edge_ends";

/// The reserved key that carries the ticket of a record, in the cookies of others: a text, harmless to them.
pub(crate) const TICKET_KEY: &str = "_edge_ticket";

/// What a session's own key may not be called: a reader would take it for ours.
const RESERVED: [&str; 2] = [ENDS_KEY, TICKET_KEY];

/// When a key ends: its raw form, and seconds since 1970.
pub(crate) type KeyEnd = (String, u32);

#[derive(Default)]
pub(crate) struct Plan {
    /// By index, ascending: seconds since 1970.
    ends: Vec<(u16, u32)>,
    /// By index; empty if there are none.
    secrets: Vec<bool>,
    /// What becomes of keys that have no place in the cookie whatever its room; empty if there
    /// are none.
    outside: Vec<Option<Fate>>,
}

impl Plan {
    /// `None` if a key exceeds its cap and may go nowhere else.
    pub(crate) fn new(
        session: &Session,
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
            let octets = session.member_len(index);
            if rule.max_octets.is_some_and(|most| octets > most as usize) {
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
        let fates = self.outside.iter().map(|fate| fate.unwrap_or(Fate::KEPT));
        Placement::of_fates(fates.collect())
    }

    pub(crate) fn outside(&self, index: usize) -> Option<Fate> {
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
        session: &Session,
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
        session: &Session,
        placement: KeyPlacement,
        reason: PlacementReason,
    ) {
        self.outside.resize(session.len(), None);
        self.outside[index] = Some(Fate { placement, reason });
    }
}

/// Where a key without room goes; `None`: nowhere, so nothing may be written.
pub(crate) fn overflow_of(rule: Rule, overflow: Overflow) -> Option<KeyPlacement> {
    match (rule.overflow, overflow) {
        (Some(KeyOverflow::Spill), _) | (None, Overflow::Spill) => Some(KeyPlacement::Spilled),
        _ if rule.priority == Priority::Critical => None,
        (Some(KeyOverflow::Drop), _) | (None, Overflow::Drop) => Some(KeyPlacement::Dropped),
        (None, Overflow::Refuse) => None,
    }
}
