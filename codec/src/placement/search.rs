//! The largest number of keys that fits, found with few compressions: pure numbers.

use core::ops::Range;

use alloc::vec::Vec;

/// What the whole was found to take before the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Fits,
    /// Too much; how much, if that is known.
    Exceeds(Option<usize>),
    NotMeasured,
}

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// How many there is room for.
    pub(super) count: usize,
    /// What they take.
    pub(super) size: usize,
    /// How often was asked.
    pub(super) questions: u32,
}

/// How often a placement may be measured, each time a compression: the attempt to keep everything,
/// and log2(keys + 1) + 2 for the search, since none of the keys is a set as well.
pub(super) const fn most_questions(keys: usize) -> u32 {
    1 + (keys + 1).ilog2() + 2
}

/// The largest `n` for which `measure(n)` is at most `room`; `None` if there is none.
///
/// `costs[n]` is about what `n` takes, in units of `room` but off by any factor; `measure(n)` is
/// what it takes, `None` for far too much. Where that grows with `n` the answer is exact whatever
/// the costs are; good costs make it three questions or so, bad ones log2(n) + 3 at most: one for
/// the largest `n` of all, which `whole` answers if that was asked before, and two for guesses that
/// are of no use, after which halving ends the search.
pub(super) fn largest(
    costs: &[usize],
    room: usize,
    whole: Whole,
    mut measure: impl FnMut(usize) -> Option<usize>,
) -> Option<Found> {
    let mut candidates = 0..costs.len();
    let mut left = candidates.len().checked_ilog2()? + 3;
    let mut asked = 0;
    let mut known = Known::default();
    if let Whole::Exceeds(size) = whole {
        candidates.end -= 1;
        left -= 1;
        asked += 1;
        known.above = Point::of(size, costs.last());
    }
    let mut found = None;
    let mut is_blind = false;
    while let Some(last) = candidates.clone().last() {
        let first = candidates.start;
        let guess = if is_blind {
            middle_of(&candidates)
        } else {
            known.guess(costs, room)
        };
        // Whatever the answer, halving must get through what is then left with the questions left.
        left = left.saturating_sub(1);
        let most = (1 << left) - 1;
        let guess = guess
            .max(last.saturating_sub(most))
            .min(first + most)
            .clamp(first, last);
        let size = measure(guess);
        asked += 1;
        let point = Point::of(size, costs.get(guess));
        match size {
            Some(size) if size <= room => {
                found = Some((guess, size));
                known.below = point;
                candidates.start = guess + 1;
            }
            _ => {
                known.above = point;
                candidates.end = guess;
            }
        }
        is_blind = size.is_none();
    }
    found.map(|(count, size)| Found {
        count,
        size,
        questions: asked,
    })
}

/// What halves them.
fn middle_of(candidates: &Range<usize>) -> usize {
    candidates.start + candidates.len() / 2
}

/// Which of the numbers behind the first one without room there seems to be room for, up to `end`:
/// each adds what it costs, by how much those that were `found` were off.
pub(super) fn fillers(costs: &[usize], found: &Found, room: usize, end: usize) -> Vec<usize> {
    let known = costs.get(found.count).copied().unwrap_or(0);
    let mut left = room.saturating_sub(found.size);
    let mut fillers = Vec::new();
    for at in found.count + 1..end {
        let (Some(before), Some(after)) = (costs.get(at), costs.get(at + 1)) else {
            break;
        };
        let cost = after.saturating_sub(*before);
        let size = if known == 0 {
            cost
        } else {
            scaled(cost, found.size, known)
        };
        let size = size + size / BEYOND + 2;
        if size <= left {
            left -= size;
            fillers.push(at);
        }
    }
    fillers
}

/// What a number of keys takes, and what it was taken to cost.
#[derive(Clone, Copy)]
struct Point {
    size: usize,
    cost: usize,
}

impl Point {
    fn of(size: Option<usize>, cost: Option<&usize>) -> Option<Self> {
        let (size, &cost) = size.zip(cost)?;
        Some(Self { size, cost })
    }
}

/// What was measured nearest to the room, below and above it.
#[derive(Default)]
struct Known {
    below: Option<Point>,
    above: Option<Point>,
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
                let sizes = above.size.abs_diff(below.size);
                let costs = above.cost.abs_diff(below.cost);
                let part = scaled(costs, room.abs_diff(below.size), sizes);
                at_most(below.cost.saturating_add(part)).saturating_sub(1)
            }
            (Some(Point { size, cost }), None) => {
                let end = scaled(cost, room, size);
                at_most(end.saturating_add(end.abs_diff(cost) / BEYOND))
            }
            (None, Some(Point { size, cost })) => {
                let end = scaled(cost, room, size);
                at_most(end.saturating_sub(end.abs_diff(cost) / BEYOND)).saturating_sub(1)
            }
        }
    }
}

/// The part of a step that is added to it: the usual error of costs, once one size is known.
const BEYOND: usize = 16;

/// `number * by / of`.
pub(super) fn scaled(number: usize, by: usize, of: usize) -> usize {
    // 64 bits, since both factors can have 20 and more.
    let scaled = number as u64 * by as u64 / (of as u64).max(1);
    usize::try_from(scaled).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

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
        let whole = if whole_first {
            Whole::Exceeds(measured(sizes.len() - 1))
        } else {
            Whole::NotMeasured
        };
        let found = largest(costs, room, whole, |n| {
            questions += 1;
            assert!(!whole_first || n + 1 < sizes.len(), "asked before");
            measured(n)
        });
        if let Some(found) = found {
            assert_eq!(found.size, sizes[found.count]);
            assert_eq!(found.questions, questions + u32::from(whole_first));
        }
        (found.map(|found| found.count), questions)
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

    #[test]
    fn as_many_questions_as_halving_takes_and_three() {
        let most = [0, 1, 2, 3, 6, 7, 62, 63].map(most_questions);
        assert_eq!(most, [3, 4, 4, 5, 5, 6, 8, 9]);
    }

    /// Estimates that say nothing, or the contrary, and sizes that cannot be told, wherever the room
    /// ends: what random ones hardly ever come to.
    #[test]
    fn the_worst_estimates_take_no_more_questions_than_that() {
        const ROOM: usize = 100;
        let worst: [fn(usize, usize) -> usize; 6] = [
            |_, _| 0,
            |n, _| n,
            |n, _| n * n * n,
            |n, _| n.min(1) * 1000,
            |n, keys| n / keys * 1000,
            |n, keys| n / (keys / 2).max(1) * ROOM,
        ];
        for keys in 1..70 {
            for fit in 0..=keys {
                for (beyond, whole_first) in
                    [(1000, false), (1000, true), (101, false), (101, true)]
                {
                    let size = |n| if n < fit { n } else { beyond + n };
                    let sizes: Vec<usize> = (0..=keys).map(size).collect();
                    for costs in worst {
                        let costs: Vec<_> = (0..=keys).map(|n| costs(n, keys)).collect();
                        let (found, questions) = search(&costs, &sizes, ROOM, whole_first);
                        assert_eq!(found, fit.checked_sub(1));
                        let most = most_questions(keys) - u32::from(whole_first);
                        assert!(
                            questions <= most,
                            "{questions} for {fit} of {keys}: {costs:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn fillers_are_those_for_which_the_room_is_enough_one_after_the_other() {
        // Twice what they were taken to cost: 100 are left, and each takes a little more than it should.
        let found = Found {
            count: 1,
            size: 20,
            questions: 0,
        };
        let costs = [0, 10, 500, 520, 570, 575];
        assert_eq!(fillers(&costs, &found, 120, 5), [2, 4]);
        assert_eq!(fillers(&costs, &found, 120, 4), [2]);
        assert_eq!(fillers(&costs, &found, 63, 5), [4]);
        assert_eq!(fillers(&costs, &found, 64, 5), [2]);
        // The first without room is none, however little it was taken to cost.
        let two = Found { count: 2, ..found };
        assert_eq!(fillers(&[0, 5, 10, 11, 12, 13], &two, 29, 5), [3, 4]);
        // Nothing was kept, so nothing is known of how far costs are off.
        let nothing = Found {
            count: 0,
            size: 5,
            ..found
        };
        assert_eq!(fillers(&[0, 100, 120], &nothing, 28, 2), [1]);
        assert_eq!(fillers(&[0, 100, 120], &nothing, 27, 2), [0; 0]);
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
            prop_assert!(questions <= most_questions(keys) - u32::from(whole_first), "{questions} for {keys} keys");
        }
    }
}
