use alloc::vec::Vec;

use super::{
    plan::{Plan, overflow_of},
    rules::Rules,
};
use crate::{config::Overflow, session::Session, text::order::sort};

/// Where a key went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlacement {
    /// Into the cookie.
    Cookie,
    /// Into the record that the cookie's ticket names.
    Spilled,
    /// Nowhere: it did not fit and the configuration says to drop such keys.
    Dropped,
    /// Nowhere: its own end has come.
    Expired,
}

impl KeyPlacement {
    /// A stable name, of `a-z`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Spilled => "spilled",
            Self::Dropped => "dropped",
            Self::Expired => "expired",
        }
    }
}

/// Why a key went where it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlacementReason {
    /// There was room for it.
    Fits,
    /// There was no room left for it.
    NoRoom,
    /// It is longer than its rule allows in a cookie.
    TooLarge,
    /// Its own end has come.
    Expired,
    /// Its name is one that the format needs for itself.
    Reserved,
}

impl PlacementReason {
    /// A stable name, of `a-z` and `_`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::NoRoom => "no_room",
            Self::TooLarge => "too_large",
            Self::Expired => "expired",
            Self::Reserved => "reserved",
        }
    }
}

/// Where a key goes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) placement: KeyPlacement,
    pub(crate) reason: PlacementReason,
}

impl Fate {
    pub(crate) const KEPT: Self = Self {
        placement: KeyPlacement::Cookie,
        reason: PlacementReason::Fits,
    };
}

/// Where every key of a session went, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// `None`: everything is in the cookie, the common case, which allocates nothing.
    fates: Option<Vec<Fate>>,
}

impl Placement {
    pub(crate) const ALL_IN_COOKIE: Self = Self { fates: None };

    pub(crate) const fn of_fates(fates: Vec<Fate>) -> Self {
        Self { fates: Some(fates) }
    }

    /// Whether every key is in the cookie.
    #[must_use]
    pub const fn is_all_in_cookie(&self) -> bool {
        self.fates.is_none()
    }

    /// Where the key at `index` of the session went.
    #[must_use]
    pub fn of(&self, index: usize) -> KeyPlacement {
        self.fate(index).placement
    }

    /// Why it went there.
    #[must_use]
    pub fn reason(&self, index: usize) -> PlacementReason {
        self.fate(index).reason
    }

    /// Whether any key is in a record.
    #[must_use]
    pub fn spills(&self) -> bool {
        let mut fates = self.fates.iter().flatten();
        fates.any(|fate| fate.placement == KeyPlacement::Spilled)
    }

    pub(crate) fn keeps(&self, index: usize) -> bool {
        self.of(index) == KeyPlacement::Cookie
    }

    fn fate(&self, index: usize) -> Fate {
        match &self.fates {
            None => Fate::KEPT,
            Some(fates) => fates.get(index).copied().unwrap_or(Fate {
                placement: KeyPlacement::Dropped,
                reason: PlacementReason::NoRoom,
            }),
        }
    }
}

/// The keys of a session in the order in which they stay, and which of them do: the first so many,
/// and single ones behind them that are worth as much as the first that has no room.
pub(crate) struct Selection {
    /// What becomes of each key that does not stay.
    fates: Vec<Fate>,
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
    /// [`largest`] and [`Self::fill`].
    pub(crate) fn largest(
        session: &Session,
        (rules, plan, overflow): (&Rules, &Plan, Overflow),
        estimate: impl FnOnce(&[u16]) -> Vec<usize>,
        (room, whole): (usize, Option<Option<usize>>),
        mut measure: impl FnMut(&Placement) -> Option<usize>,
    ) -> Option<Self> {
        // Sealing refuses sessions of more than 65,535 keys before it asks.
        let positions = (0..=u16::MAX).take(session.len());
        let mut order: Vec<u16> = positions
            .filter(|&index| plan.outside(usize::from(index)).is_none())
            .collect();
        let priority = |index: u16| rules.of(session.raw_key(usize::from(index))).priority;
        let priorities: Vec<_> = (0..=u16::MAX).take(session.len()).map(priority).collect();
        sort(&mut order, |&a, &b| {
            priorities
                .get(usize::from(a))
                .cmp(&priorities.get(usize::from(b)))
        });
        let costs = estimate(&order);
        let fate = |index| match plan.outside(index) {
            Some(fate) => fate,
            // A key that may go nowhere counts as dropped until it is known not to stay.
            None => Fate {
                placement: overflow_of(rules.of(session.raw_key(index)), overflow)
                    .unwrap_or(KeyPlacement::Dropped),
                reason: PlacementReason::NoRoom,
            },
        };
        let mut selection = Self {
            fates: (0..session.len()).map(fate).collect(),
            order,
            kept: 0,
            fillers: Vec::new(),
        };
        let (mut questions, mut size) = (u32::from(whole.is_some()), 0);
        selection.kept = largest(&costs, room, whole, |kept| {
            selection.kept = kept;
            questions += 1;
            let measured = measure(&selection.placement());
            if let Some(fitting) = measured.filter(|&octets| octets <= room) {
                size = fitting;
            }
            measured
        })?;
        selection.fill(&costs, (room, size), questions, priority, measure);
        let may_overflow = |&index: &u16| {
            overflow_of(rules.of(session.raw_key(usize::from(index))), overflow).is_some()
                || selection.fillers.contains(&index)
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
            fates[usize::from(index)] = Fate::KEPT;
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
        costs: &[usize],
        (room, size): (usize, usize),
        questions: u32,
        priority: impl Fn(u16) -> crate::atoms::Priority,
        mut measure: impl FnMut(&Placement) -> Option<usize>,
    ) {
        let Some(&first_out) = self.order.get(self.kept) else {
            return;
        };
        let tier = priority(first_out);
        let known = costs.get(self.kept).copied().unwrap_or(0);
        let mut left = room.saturating_sub(size);
        for (at, &index) in self.order.iter().enumerate().skip(self.kept + 1) {
            if priority(index) != tier {
                break;
            }
            let (Some(before), Some(after)) = (costs.get(at), costs.get(at + 1)) else {
                break;
            };
            let cost = after.saturating_sub(*before);
            let octets = if known == 0 {
                cost
            } else {
                scaled(cost, size, known)
            };
            let octets = octets + octets / BEYOND + 2;
            if octets <= left {
                left -= octets;
                self.fillers.push(index);
            }
        }
        for _ in 0..most_questions(self.order.len())
            .saturating_sub(questions)
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

/// How often a placement may be measured, each time a compression: the attempt to keep everything,
/// and log2(keys + 1) + 2 for the search, since none of the keys is a set as well.
const fn most_questions(keys: usize) -> u32 {
    1 + (keys + 1).ilog2() + 2
}

/// The largest `n` for which `measure(n)` is at most `room`; `None` if there is none.
///
/// `costs[n]` is about what `n` takes, in units of `room` but off by any factor; `measure(n)` is
/// what it takes, `None` for far too much. Where that grows with `n` the answer is exact whatever
/// the costs are; good costs make it three questions or so, bad ones log2(n) + 3 at most: one for
/// the largest `n` of all, which `whole` answers if that was asked before (too much), and two for
/// guesses that are of no use, after which halving ends the search.
fn largest(
    costs: &[usize],
    room: usize,
    whole: Option<Option<usize>>,
    mut measure: impl FnMut(usize) -> Option<usize>,
) -> Option<usize> {
    let mut candidates = 0..costs.len();
    let mut questions = candidates.len().checked_ilog2()? + 3;
    let mut known = Known::default();
    if let Some(size) = whole {
        candidates.end -= 1;
        questions -= 1;
        known.above = size.zip(costs.last().copied());
    }
    let mut found = None;
    let mut is_blind = false;
    while let Some(last) = candidates.clone().last() {
        let first = candidates.start;
        let guess = if is_blind {
            first + candidates.len() / 2
        } else {
            known.guess(costs, room)
        };
        // Whatever the answer, halving must get through what is then left with the questions left.
        questions = questions.saturating_sub(1);
        let most = (1 << questions) - 1;
        let guess = guess
            .max(last.saturating_sub(most))
            .min(first + most)
            .clamp(first, last);
        let size = measure(guess);
        let point = size.zip(costs.get(guess).copied());
        if size.is_some_and(|size| size <= room) {
            found = Some(guess);
            known.below = point;
            candidates.start = guess + 1;
        } else {
            known.above = point;
            candidates.end = guess;
        }
        is_blind = size.is_none();
    }
    found
}

/// What was measured nearest to the room, below and above it: (size, cost).
#[derive(Default)]
struct Known {
    below: Option<(usize, usize)>,
    above: Option<(usize, usize)>,
}

impl Known {
    /// What to ask about next. With one side known it is the other side that is looked for, a
    /// little beyond where the room ends: between the two sides few candidates are left, and the
    /// costs are then as good as exact.
    fn guess(&self, costs: &[usize], room: usize) -> usize {
        let at_most = |cost| costs.partition_point(|&c| c <= cost);
        match (self.below, self.above) {
            (None, None) => at_most(room).saturating_sub(1),
            (Some(below), Some(above)) => {
                let (sizes, costs) = (above.0.abs_diff(below.0), above.1.abs_diff(below.1));
                let part = scaled(costs, room.abs_diff(below.0), sizes);
                at_most(below.1.saturating_add(part)).saturating_sub(1)
            }
            (Some((size, cost)), None) => {
                let end = scaled(cost, room, size);
                at_most(end.saturating_add(end.abs_diff(cost) / BEYOND))
            }
            (None, Some((size, cost))) => {
                let end = scaled(cost, room, size);
                at_most(end.saturating_sub(end.abs_diff(cost) / BEYOND)).saturating_sub(1)
            }
        }
    }
}

/// The part of a step that is added to it: the usual error of costs, once one size is known.
const BEYOND: usize = 16;

/// `number * by / of`.
pub(crate) fn scaled(number: usize, by: usize, of: usize) -> usize {
    // 64 bits, since both factors can have 20 and more.
    let scaled = number as u64 * by as u64 / (of as u64).max(1);
    usize::try_from(scaled).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{atoms::Priority, policy::KeyRule};

    /// Asks for the answer as the codec does; also says how often it was asked for sizes.
    fn search(
        costs: &[usize],
        sizes: &[usize],
        room: usize,
        whole_first: bool,
    ) -> (Option<usize>, u32) {
        let mut questions = 0;
        let far_too_much = room.saturating_mul(4);
        let measured = |n: usize| Some(sizes[n]).filter(|&size| size <= far_too_much);
        let whole = whole_first.then(|| measured(sizes.len() - 1));
        let found = largest(costs, room, whole, |n| {
            questions += 1;
            measured(n)
        });
        (found, questions)
    }

    #[test]
    fn good_estimates_take_few_questions() {
        for count in 1..300_usize {
            let sizes: Vec<usize> = (0..=count).map(|n| 50 + n * 37 + n % 7).collect();
            // A tenth too high, and without what every cookie takes.
            let costs: Vec<usize> = (0..=count).map(|n| n * 41).collect();
            for room in (50..*sizes.last().unwrap()).step_by(97) {
                let (found, questions) = search(&costs, &sizes, room, false);
                assert_eq!(found, sizes.iter().rposition(|&size| size <= room));
                assert!(questions <= 5, "{count} {room}: {questions}");
            }
        }
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
            let session = Session::from_json(format!("{{{}}}", members.join(","))).unwrap();
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
            let selection = Selection::largest(
                &session,
                (&rules, &Plan::default(), Overflow::Spill),
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
                (room, None),
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

        #[test]
        fn the_answer_is_exact_and_the_questions_few_whatever_the_estimates(
            steps in proptest::collection::vec((1..500_usize, 0..500_usize), 1..300),
            base in 0..500_usize,
            room in 0..20_000_usize,
            whole_first: bool,
        ) {
            let sum = |start, step: fn(&(usize, usize)) -> usize| {
                let mut sums = vec![start];
                sums.extend(steps.iter().map(step).scan(start, |sum, step| {
                    *sum += step;
                    Some(*sum)
                }));
                sums
            };
            let (sizes, costs) = (sum(base, |s| s.0), sum(0, |s| s.1));
            let whole_first = whole_first && sizes.last() > Some(&room);
            let (found, questions) = search(&costs, &sizes, room, whole_first);
            prop_assert_eq!(found, sizes.iter().rposition(|&size| size <= room));
            let keys = steps.len();
            prop_assert!(questions <= most_questions(keys) - u32::from(whole_first), "{questions} for {keys} keys");
        }
    }
}
