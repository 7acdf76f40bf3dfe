use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

use super::Priorities;
use crate::{atoms::Priority, session::Session};

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
}

/// Where every key of a session went, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// `None`: everything is in the cookie, the common case, which allocates nothing.
    kept: Option<Vec<bool>>,
    overflow: KeyPlacement,
}

impl Placement {
    pub(crate) const ALL_IN_COOKIE: Self = Self {
        kept: None,
        overflow: KeyPlacement::Spilled,
    };

    /// Whether every key is in the cookie.
    #[must_use]
    pub const fn is_all_in_cookie(&self) -> bool {
        self.kept.is_none()
    }

    /// Where the key at `index` of the session went.
    #[must_use]
    pub fn of(&self, index: usize) -> KeyPlacement {
        if self.keeps(index) {
            KeyPlacement::Cookie
        } else {
            self.overflow
        }
    }

    pub(crate) fn keeps(&self, index: usize) -> bool {
        self.kept
            .as_ref()
            .is_none_or(|kept| kept.get(index).copied().unwrap_or(false))
    }
}

/// The keys of a session in the order in which they stay, and how many of them do.
pub(crate) struct Prefix {
    order: Vec<u16>,
    kept: usize,
    overflow: KeyPlacement,
}

impl Prefix {
    /// Everything stays.
    pub(crate) const WHOLE: Self = Self {
        order: Vec::new(),
        kept: 0,
        overflow: KeyPlacement::Spilled,
    };

    /// The largest prefix that takes at most `room`. What must stay longest comes first; ties:
    /// first come. `None` if not even the empty prefix does. `estimate` and `measure` say what the
    /// prefixes of an order take, about and really; `whole` is what the whole takes, if it was
    /// measured before. For how often `measure` is asked see [`largest`].
    pub(crate) fn largest(
        session: &Session,
        priorities: &Priorities,
        overflow: KeyPlacement,
        estimate: impl FnOnce(&[u16]) -> Vec<usize>,
        (room, whole): (usize, Option<Option<usize>>),
        mut measure: impl FnMut(&Placement) -> Option<usize>,
    ) -> Option<Self> {
        // Sealing refuses sessions of more than 65,535 keys before it asks.
        let mut order: Vec<u16> = (0..=u16::MAX).take(session.len()).collect();
        order.sort_by_key(|&index| priorities.of(session.raw_key(usize::from(index))));
        let costs = estimate(&order);
        let mut prefix = Self {
            order,
            kept: 0,
            overflow,
        };
        prefix.kept = largest(&costs, room, whole, |kept| {
            prefix.kept = kept;
            measure(&prefix.placement())
        })?;
        Some(prefix)
    }

    pub(crate) fn placement(&self) -> Placement {
        if self.kept == self.order.len() {
            return Placement::ALL_IN_COOKIE;
        }
        let mut kept = vec![false; self.order.len()];
        for &index in &self.order[..self.kept] {
            kept[usize::from(index)] = true;
        }
        Placement {
            kept: Some(kept),
            overflow: self.overflow,
        }
    }

    /// The indices of the keys that do not stay.
    pub(crate) fn overflowing(&self) -> impl Iterator<Item = usize> {
        self.order[self.kept..]
            .iter()
            .map(|&index| usize::from(index))
    }

    /// One key less; `false` if none is left.
    pub(crate) const fn shrink(&mut self) -> bool {
        let shrinks = self.kept > 0;
        self.kept = self.kept.saturating_sub(1);
        shrinks
    }
}

/// One line of a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReport {
    /// The key, as JSON spells it between quotes.
    pub key: String,
    /// Octets the key takes in JSON, before compression.
    pub octets: usize,
    /// What it is worth by the rules.
    pub priority: Priority,
    /// Where it went.
    pub placement: KeyPlacement,
}

/// Where everything went and how full the cookie is. Made when asked for, never on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// One line a key, in the session's order.
    pub keys: Vec<KeyReport>,
    /// Octets of the cookie's name and value.
    pub cookie_octets: usize,
    /// Octets the name and value may have.
    pub budget: usize,
}

impl Report {
    pub(crate) fn new(
        session: &Session,
        placement: &Placement,
        priorities: &Priorities,
        cookie_octets: usize,
        budget: usize,
    ) -> Self {
        let line = |index| {
            let key = session.raw_key(index);
            KeyReport {
                key: key.to_owned(),
                octets: session.member_len(index),
                priority: priorities.of(key),
                placement: placement.of(index),
            }
        };
        Self {
            keys: (0..session.len()).map(line).collect(),
            cookie_octets,
            budget,
        }
    }

    /// Whether the cookie has reached 80 % of its budget: time to look at what fills it.
    #[must_use]
    pub const fn is_nearly_full(&self) -> bool {
        self.cookie_octets * 5 >= self.budget * 4
    }
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
    use proptest::prelude::*;

    use super::*;

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
            prop_assert!(questions <= (keys + 1).ilog2() + 3 - u32::from(whole_first), "{questions} for {keys} keys");
        }
    }
}
