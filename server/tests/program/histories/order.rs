//! Whether what several clients were told of one head can have happened in one order: the search of Wing and Gong, which
//! remembers where it has been as Lowe's does. (The tester of the crate `stateright` remembers nothing: with a dozen calls whose
//! outcome nobody knows it does not end.)

use core::fmt;
use std::collections::HashSet;

/// What was asked of a head. Records have numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Commit { from: Option<u16>, to: u16 },
    Show,
    End,
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Saved,
    Other(u16),
    Ended,
    Absent,
}

/// One call, and what became of it.
#[derive(Clone)]
pub(super) struct Call {
    /// Whose it was, for people.
    pub(super) by: String,
    pub(super) ask: Ask,
    /// `None` where nobody was told: it was done, or not, or is going to be.
    pub(super) told: Option<Told>,
    /// Microseconds. What nobody was told of has no end.
    pub(super) asked: u64,
    pub(super) answered: u64,
}

/// What there is of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Head {
    Absent,
    At(u16),
    Ended,
}

impl Head {
    /// What is there when this was asked, and what is told: docs/ORIGIN-STORE.md.
    fn after(self, ask: Ask) -> (Self, Told) {
        match (ask, self) {
            (Ask::Commit { .. } | Ask::Show, Self::Ended) => (self, Told::Ended),
            (Ask::Commit { from, to }, Self::At(there)) if from != Some(there) && to != there => {
                (self, Told::Other(there))
            }
            (Ask::Commit { to, .. }, _) => (Self::At(to), Told::Saved),
            (Ask::Show, Self::Absent) => (self, Told::Absent),
            (Ask::Show, Self::At(there)) => (self, Told::Other(there)),
            (Ask::End, Self::At(there)) => (Self::Ended, Told::Other(there)),
            (Ask::End, Self::Absent | Self::Ended) => (Self::Ended, Told::Absent),
        }
    }
}

/// An execution of a call. A store whose connection broke asks again by itself: then what was told is what the last execution
/// found, and an earlier one may have been done.
struct Execution {
    call: usize,
    /// What it must have found; nothing is known of an earlier one.
    told: Option<Told>,
    asked: u64,
    answered: u64,
    /// It can only have been before this one.
    before: Option<usize>,
}

/// An order in which all of it can have happened, as places in `calls`; else the longest that was found.
pub(super) fn order(calls: &[Call], may_ask_again: bool) -> Result<(), Vec<usize>> {
    let mut executions = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let last = executions.len();
        executions.push(Execution {
            call: place,
            told: call.told,
            asked: call.asked,
            answered: call.answered,
            before: None,
        });
        let is_change = call.ask != Ask::Show;
        if may_ask_again && is_change && call.told.is_some_and(|told| told != Told::Saved) {
            executions.push(Execution {
                call: place,
                told: None,
                asked: call.asked,
                answered: u64::MAX,
                before: Some(last),
            });
        }
    }
    assert!(executions.len() <= 128, "a history too long to search");
    let mut search = Search {
        calls,
        executions: &executions,
        seen: HashSet::new(),
        done: Vec::new(),
        longest: Vec::new(),
    };
    if search.goes_on(0, Head::Absent) {
        return Ok(());
    }
    Err(search.longest)
}

struct Search<'a> {
    calls: &'a [Call],
    executions: &'a [Execution],
    /// What was done, as bits, and the head that it led to: from there it does not go on.
    seen: HashSet<(u128, Head)>,
    done: Vec<usize>,
    longest: Vec<usize>,
}

impl Search<'_> {
    fn goes_on(&mut self, done: u128, head: Head) -> bool {
        let is_left = |place: usize| done & (1 << place) == 0;
        let left = || (0..self.executions.len()).filter(|place| is_left(*place));
        // Who was answered before another one asked, came before.
        let until = left().map(|place| self.executions[place].answered).min();
        if until.is_none_or(|until| until == u64::MAX) {
            return true;
        }
        if !self.seen.insert((done, head)) {
            return false;
        }
        if self.done.len() > self.longest.len() {
            self.longest.clone_from(&self.done);
        }
        let next: Vec<_> = left()
            .filter(|place| Some(self.executions[*place].asked) <= until)
            .filter(|place| self.executions[*place].before.is_none_or(is_left))
            .collect();
        for place in next {
            let Execution { call, told, .. } = self.executions[place];
            let (then, answer) = head.after(self.calls[call].ask);
            let is_so = match told {
                Some(told) => told == answer,
                // Where it changes nothing it need not have been.
                None => then != head,
            };
            if is_so {
                self.done.push(call);
                if self.goes_on(done | 1 << place, then) {
                    return true;
                }
                self.done.pop();
            }
        }
        false
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, ask, .. } = self;
        let milliseconds = |micros: u64| micros as f64 / 1_000.0;
        write!(f, "{:9.3} ", milliseconds(self.asked))?;
        match self.told {
            Some(_) => write!(f, "{:9.3}", milliseconds(self.answered))?,
            None => write!(f, "        ?")?,
        }
        write!(f, "  {by}  {ask:?}")?;
        match self.told {
            Some(told) => write!(f, ": {told:?}"),
            None => write!(f, ": nobody knows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ask::{Commit, End, Show};
    use super::Told::{Absent, Ended, Other, Saved};
    use super::*;

    /// Calls as `(asked, answered, what, told)`; 0 is never answered.
    fn is_possible(calls: &[(u64, u64, Ask, Option<Told>)], may_ask_again: bool) -> bool {
        let call = |&(asked, answered, ask, told): &(u64, u64, Ask, Option<Told>)| Call {
            by: String::new(),
            ask,
            told,
            asked,
            answered: match told {
                Some(_) => answered,
                None => u64::MAX,
            },
        };
        let calls: Vec<_> = calls.iter().map(call).collect();
        order(&calls, may_ask_again).is_ok()
    }

    const FIRST: (u64, u64, Ask, Option<Told>) = (0, 1, Commit { from: None, to: 0 }, Some(Saved));
    const fn from_first(to: u16) -> Ask {
        Commit { from: Some(0), to }
    }

    #[test]
    fn of_two_that_begin_with_one_record_one_is_kept() {
        let other = (4, 5, from_first(2), Some(Saved));
        for (answered, told) in [(3, Saved), (9, Saved)] {
            let lost = [FIRST, (2, answered, from_first(1), Some(told)), other];
            assert!(!is_possible(&lost, false) && !is_possible(&lost, true));
        }
        let merged = [FIRST, (2, 9, from_first(1), Some(Other(2))), other];
        assert!(is_possible(&merged, false));
    }

    #[test]
    fn what_is_shown_is_the_newest() {
        let moved = (2, 3, from_first(1), Some(Saved));
        assert!(!is_possible(
            &[FIRST, moved, (4, 5, Show, Some(Other(0)))],
            true
        ));
        assert!(is_possible(
            &[FIRST, moved, (2, 5, Show, Some(Other(0)))],
            true
        ));
        // Two that ask one after the other do not see it come and go.
        let moving = (2, 9, from_first(1), Some(Saved));
        let shown = |at, record| (at, at + 1, Show, Some(Other(record)));
        assert!(is_possible(
            &[FIRST, moving, shown(3, 0), shown(5, 1)],
            true
        ));
        assert!(!is_possible(
            &[FIRST, moving, shown(3, 1), shown(5, 0)],
            true
        ));
    }

    #[test]
    fn nobody_knows_when_what_was_not_answered_is_done_but_once_it_is_it_stays() {
        let perhaps = (2, 0, from_first(1), None);
        let shown = |at, record| (at, at + 1, Show, Some(Other(record)));
        assert!(is_possible(
            &[FIRST, perhaps, shown(4, 0), shown(8, 0)],
            true
        ));
        assert!(is_possible(
            &[FIRST, perhaps, shown(4, 0), shown(8, 1)],
            true
        ));
        assert!(!is_possible(
            &[FIRST, perhaps, shown(4, 1), shown(8, 0)],
            true
        ));
    }

    #[test]
    fn after_its_end_nothing_comes() {
        let end = (2, 3, End, Some(Other(0)));
        assert!(!is_possible(
            &[FIRST, end, (4, 5, from_first(1), Some(Saved))],
            true
        ));
        assert!(!is_possible(
            &[FIRST, end, (4, 5, Show, Some(Absent))],
            true
        ));
        assert!(is_possible(&[FIRST, end, (4, 5, Show, Some(Ended))], true));
    }

    #[test]
    fn only_who_may_ask_again_is_refused_what_was_done() {
        let refused = [
            FIRST,
            (2, 9, from_first(1), Some(Other(2))),
            (
                4,
                5,
                Commit {
                    from: Some(1),
                    to: 2,
                },
                Some(Saved),
            ),
        ];
        assert!(is_possible(&refused, true) && !is_possible(&refused, false));
        let ended = [FIRST, (2, 3, End, Some(Absent))];
        assert!(is_possible(&ended, true) && !is_possible(&ended, false));
    }
}
