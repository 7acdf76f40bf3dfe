use alloc::vec::Vec;

use super::{
    KeyPlacement, Placement, PlacementReason,
    outcome::KeyDecision,
    plan::{Planned, overflow_of},
    rules::Rules,
    search::{self, Found, Whole, most_questions},
};
use crate::{atoms::Priority, rules::Overflow, text::order::sort};

/// The keys among which is chosen, and what holds for them.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) planned: Planned<'a>,
    pub(super) rules: &'a Rules,
    pub(super) overflow: Overflow,
}

impl Choice<'_> {
    fn priority(&self, index: u16) -> Priority {
        let key = self.planned.session.raw_key(usize::from(index));
        self.rules.of(key).priority
    }

    /// Where a key without room goes; `None`: nowhere.
    fn overflow(&self, index: usize) -> Option<KeyPlacement> {
        let key = self.planned.session.raw_key(index);
        overflow_of(self.rules.of(key), self.overflow)
    }

    /// The keys that may stay, those that must stay longest first.
    fn order(&self) -> Vec<u16> {
        let Planned { session, plan, .. } = self.planned;
        // Sealing refuses sessions of more than 65,535 keys before it asks.
        let positions = (0..=u16::MAX).take(session.len());
        let priorities: Vec<_> = positions
            .clone()
            .map(|index| self.priority(index))
            .collect();
        let mut order: Vec<u16> = positions
            .filter(|&index| plan.outside(usize::from(index)).is_none())
            .collect();
        sort(&mut order, |&a, &b| {
            priorities
                .get(usize::from(a))
                .cmp(&priorities.get(usize::from(b)))
        });
        order
    }
}

/// The keys of a session in the order in which they stay, and which of them do: the first so many,
/// and single ones behind them that are worth as much as the first that has no room.
pub(crate) struct Selection {
    /// What becomes of each key that does not stay.
    fates: Vec<KeyDecision>,
    order: Vec<u16>,
    kept: usize,
    fillers: Vec<u16>,
}

impl Selection {
    /// The largest selection that takes at most `room`. What must stay longest comes first; ties:
    /// first come, except that a key without room does not take it from smaller ones of the same
    /// priority behind it. `None` if not even the empty one fits, or a key that does not stay may
    /// go nowhere else.
    ///
    /// `estimate` and `measure` say what the prefixes of an order take, about and really; `whole`
    /// is what the whole takes, if it was measured before. For how often `measure` is asked see
    /// [`search::largest`] and [`Self::fill`].
    pub(super) fn largest(
        choice: Choice<'_>,
        room: usize,
        whole: Whole,
        estimate: impl FnOnce(&[u16]) -> Vec<usize>,
        mut measure: impl FnMut(&Placement) -> Option<usize>,
    ) -> Option<Self> {
        let Planned { session, plan, .. } = choice.planned;
        let order = choice.order();
        let costs = estimate(&order);
        let fate = |index| match plan.outside(index) {
            Some(fate) => fate,
            // A key that may go nowhere counts as dropped until it is known not to stay.
            None => KeyDecision {
                placement: choice.overflow(index).unwrap_or(KeyPlacement::Dropped),
                reason: PlacementReason::NoRoom,
            },
        };
        let mut selection = Self {
            fates: (0..session.len()).map(fate).collect(),
            order,
            kept: 0,
            fillers: Vec::new(),
        };
        let found = search::largest(&costs, room, whole, |kept| {
            selection.kept = kept;
            measure(&selection.placement())
        })?;
        selection.kept = found.count;
        selection.fill(choice, &costs, room, &found, measure);
        let may_overflow = |&index: &u16| {
            choice.overflow(usize::from(index)).is_some() || selection.fillers.contains(&index)
        };
        let all_may = selection.order[selection.kept..].iter().all(may_overflow);
        all_may.then_some(selection)
    }

    pub(crate) fn placement(&self) -> Placement {
        if self.kept == self.fates.len() {
            return Placement::ALL_IN_COOKIE;
        }
        let mut fates = self.fates.clone();
        for &index in self.order[..self.kept].iter().chain(&self.fillers) {
            fates[usize::from(index)] = KeyDecision::KEPT;
        }
        Placement::of_fates(fates)
    }

    /// One key less; `false` if none is left, or the one that would go may go nowhere.
    pub(crate) fn shrink(&mut self, may_overflow: impl Fn(usize) -> bool) -> bool {
        let last = self.fillers.pop().or_else(|| {
            self.kept = self.kept.checked_sub(1)?;
            self.order.get(self.kept).copied()
        });
        last.is_some_and(|index| may_overflow(usize::from(index)))
    }

    /// Lets keys stay that are worth as much as the first without room, and for which there seems
    /// to be room. Asks at most twice, and no more than the search before left over of
    /// [`most_questions`].
    fn fill(
        &mut self,
        choice: Choice<'_>,
        costs: &[usize],
        room: usize,
        found: &Found,
        mut measure: impl FnMut(&Placement) -> Option<usize>,
    ) {
        let behind = self.order.get(self.kept..).unwrap_or_default();
        let Some(&first_out) = behind.first() else {
            return;
        };
        let tier = choice.priority(first_out);
        let alike = behind
            .iter()
            .take_while(|&&index| choice.priority(index) == tier);
        let fillers = search::fillers(costs, found, room, self.kept + alike.count());
        let fillers = fillers.iter().filter_map(|&at| self.order.get(at));
        self.fillers = fillers.copied().collect();
        for _ in 0..most_questions(self.order.len())
            .saturating_sub(found.questions)
            .min(2)
        {
            if self.fillers.is_empty() {
                return;
            }
            if measure(&self.placement()).is_some_and(|size| size <= room) {
                return;
            }
            let half = self.fillers.len() / 2;
            self.fillers.truncate(half);
        }
        self.fillers.clear();
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{placement::plan::Plan, rules::KeyRule, session::SessionData};

    /// A key that has no room, and behind it five that have by what they were taken to cost, of which
    /// only `fit` really do.
    fn kept_behind(fit: usize) -> Vec<usize> {
        let session = format!(
            r#"{{"first":"{}","a":1,"b":1,"c":1,"d":1,"e":1}}"#,
            "x".repeat(900)
        );
        let session = SessionData::from_json(session).unwrap();
        let choice = Choice {
            planned: Planned {
                session: &session,
                plan: &Plan::default(),
                done: None,
            },
            rules: &Rules::new(&[]),
            overflow: Overflow::Spill,
        };
        let kept =
            |placement: &Placement| (0..6).filter(|&at| placement.keeps(at)).collect::<Vec<_>>();
        let costs = |_: &[u16]| vec![0, 1000, 1001, 1002, 1003, 1004, 1005];
        let selection = Selection::largest(choice, 100, Whole::NotMeasured, costs, |placement| {
            let kept = kept(placement);
            let has_room = kept.len() <= fit && !kept.contains(&0);
            Some(if has_room { 10 } else { 1000 })
        });
        kept(&selection.unwrap().placement())
    }

    #[test]
    fn of_what_does_not_fit_behind_a_key_without_room_half_is_tried() {
        assert_eq!(kept_behind(6), [1, 2, 3, 4, 5]);
        assert_eq!(kept_behind(5), [1, 2, 3, 4, 5]);
        assert_eq!(kept_behind(4), [1, 2]);
        assert_eq!(kept_behind(2), [1, 2]);
        assert_eq!(kept_behind(1), [0; 0]);
    }

    proptest! {
        #[test]
        fn a_whole_placement_keeps_to_its_questions_and_never_inverts_priorities(
            lengths in proptest::collection::vec((0..400_usize, 0..4_usize), 1..60),
            room in 10..3_000_usize,
            factor in 1..30_usize,
        ) {
            const PRIORITIES: [Priority; 4] =
                [Priority::Critical, Priority::Important, Priority::Normal, Priority::Optional];
            let members: Vec<_> = lengths
                .iter()
                .enumerate()
                .map(|(at, (length, tier))| format!("\"{tier}{at}\":\"{}\"", "x".repeat(*length)))
                .collect();
            let session = SessionData::from_json(format!("{{{}}}", members.join(","))).unwrap();
            let rules: Vec<_> = PRIORITIES
                .iter()
                .enumerate()
                .map(|(tier, &priority)| KeyRule::new(format!("{tier}*"), priority))
                .collect();
            let rules = Rules::new(&rules);
            let size = |placement: &Placement| -> usize {
                let kept = (0..session.len()).filter(|&index| placement.keeps(index));
                kept.map(|index| session.member_len(index)).sum()
            };
            let mut questions = 0;
            let choice = Choice {
                planned: Planned {
                    session: &session,
                    plan: &Plan::default(),
                    done: None,
                },
                rules: &rules,
                overflow: Overflow::Spill,
            };
            let selection = Selection::largest(
                choice,
                room,
                Whole::NotMeasured,
                |order| {
                    let mut sum = 0;
                    let mut costs = vec![0];
                    // Estimates are off by any factor, and by more for some keys.
                    costs.extend(order.iter().map(|&index| {
                        sum += session.member_len(usize::from(index)) * factor / 10 + usize::from(index) % 9;
                        sum
                    }));
                    costs
                },
                |placement| {
                    questions += 1;
                    Some(size(placement))
                },
            )
            .unwrap();
            let placement = selection.placement();
            prop_assert!(size(&placement) <= room);
            prop_assert!(questions <= most_questions(session.len()), "{questions}");
            let tier = |index: usize| rules.of(session.raw_key(index)).priority;
            let kept = (0..session.len()).filter(|&index| placement.keeps(index)).map(tier).max();
            let out = (0..session.len()).filter(|&index| !placement.keeps(index)).map(tier).min();
            prop_assert!(kept.is_none() || out.is_none() || kept <= out);
        }
    }
}
