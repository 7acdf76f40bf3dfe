//! When the counts of an isolate are handed on to whoever sums all of them, and that each counts
//! once.

use alloc::string::{String, ToString as _};

use session_codec::Timestamp;

use super::{Series, so_far, take};
use crate::shared::Shared;

/// Requests after which counts are handed on, however little time has passed.
const MOST_REQUESTS: u32 = 1000;
/// Milliseconds after which they are, however few.
pub const MOST_MILLIS: u32 = 10_000;
/// A taker that was asked and has not answered in this time does not answer any more: the platform
/// ended the request in which it was asked.
const BROKEN_MILLIS: i64 = 3 * MOST_MILLIS as i64;

static STATE: Shared<State> = Shared::new(State::new());

struct State {
    /// Its name among all, drawn when it first hands on.
    isolate: Option<String>,
    sequence: u64,
    /// Counts whose taker has not confirmed that it has them.
    waiting: Option<String>,
    requests: u32,
    /// When it was promised to hand on in [`MOST_MILLIS`].
    promised: Option<Timestamp>,
    /// When the taker was asked that has not answered yet.
    asked: Option<Timestamp>,
}

/// What a request has to do for the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Hand them on in [`MOST_MILLIS`].
    Later,
    /// Hand them on.
    Now,
}

/// Counts for whoever sums them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose they are.
    pub isolate: String,
    /// One with a number that is not above that of the isolate's last one is the same once more.
    pub sequence: u64,
    /// The text of [`super::Series`].
    pub text: String,
}

/// A request came.
pub fn request(now: Timestamp) -> Due {
    STATE.with(|state| state.request(now))
}

/// What is to be handed on: what was not confirmed once more, or what was counted since, which `taken`
/// is shown. `None` without either, or while a taker is asked. `isolate` draws a name.
pub fn begin(
    now: Timestamp,
    isolate: impl FnOnce() -> String,
    taken: impl FnOnce(&Series),
) -> Option<Batch> {
    STATE.with(|state| {
        state.begin(now, isolate, || {
            let counted = take();
            taken(&counted);
            counted.to_string()
        })
    })
}

/// There is nobody to hand on to.
pub fn skip() {
    STATE.with(|state| state.requests = 0);
}

/// What was counted since this was last asked; it stays what it is for [`super::so_far`].
pub fn since_last() -> Series {
    static LAST: Shared<Series> = Shared::new(Series::new());
    let counted = so_far();
    LAST.with(|last| {
        let since = counted.since(last);
        *last = counted;
        since
    })
}

/// The taker has answered, or has not.
pub fn end(batch: &Batch, is_taken: bool) {
    STATE.with(|state| state.end(batch, is_taken));
}

impl State {
    const fn new() -> Self {
        Self {
            isolate: None,
            sequence: 0,
            waiting: None,
            requests: 0,
            promised: None,
            asked: None,
        }
    }

    fn request(&mut self, now: Timestamp) -> Due {
        self.requests += 1;
        if self.requests >= MOST_REQUESTS {
            self.requests = 0;
            return Due::Now;
        }
        // One promise is enough however often it is due at once meanwhile, and whether or not it is kept.
        match self.promised {
            Some(promised) if (0..i64::from(MOST_MILLIS)).contains(&now.millis_since(promised)) => {
                Due::Nothing
            }
            _ => {
                self.promised = Some(now);
                Due::Later
            }
        }
    }

    fn begin(
        &mut self,
        now: Timestamp,
        isolate: impl FnOnce() -> String,
        take: impl FnOnce() -> String,
    ) -> Option<Batch> {
        if let Some(asked) = self.asked
            && (0..BROKEN_MILLIS).contains(&now.millis_since(asked))
        {
            return None;
        }
        self.requests = 0;
        if self.waiting.is_none() {
            self.waiting = Some(take()).filter(|text| !text.is_empty());
            self.sequence += u64::from(self.waiting.is_some());
        }
        let text = self.waiting.clone()?;
        self.asked = Some(now);
        Some(Batch {
            isolate: self.isolate.get_or_insert_with(isolate).clone(),
            sequence: self.sequence,
            text,
        })
    }

    fn end(&mut self, batch: &Batch, is_taken: bool) {
        // Another may be under way if this one took very long.
        if batch.sequence == self.sequence {
            self.asked = None;
            if is_taken {
                self.waiting = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn begin(state: &mut State, seconds: i64, counted: &str) -> Option<(u64, String)> {
        let batch = state.begin(at(seconds), || "one".into(), || counted.into())?;
        assert_eq!(batch.isolate, "one");
        Some((batch.sequence, batch.text))
    }

    fn end(state: &mut State, sequence: u64, is_taken: bool) {
        let batch = Batch {
            isolate: "one".into(),
            sequence,
            text: String::new(),
        };
        state.end(&batch, is_taken);
    }

    #[test]
    fn the_first_request_promises_and_the_thousandth_does_not_wait() {
        let mut state = State::new();
        assert_eq!(state.request(at(0)), Due::Later);
        let due: Vec<_> = (1..2000).map(|_| state.request(at(1))).collect();
        let now: Vec<_> = (0..due.len()).filter(|&n| due[n] == Due::Now).collect();
        assert_eq!(now, [998, 1998]);
        assert!(!due.contains(&Due::Later));
        // What is handed on meanwhile makes no further promise.
        assert_eq!(begin(&mut state, 9, "a 1"), Some((1, "a 1".into())));
        assert_eq!(state.request(at(9)), Due::Nothing);
        // There is the next one when its time is over, kept or broken.
        assert_eq!(state.request(at(10)), Due::Later);
        assert_eq!(state.request(at(19)), Due::Nothing);
        assert_eq!(state.request(at(20)), Due::Later);
        // A clock that was set back holds nothing up.
        assert_eq!(state.request(at(5)), Due::Later);
    }

    #[test]
    fn what_was_not_confirmed_goes_again_under_its_number() {
        let mut state = State::new();
        assert_eq!(begin(&mut state, 0, ""), None, "nothing was counted");
        assert_eq!(begin(&mut state, 0, "a 1"), Some((1, "a 1".into())));
        assert_eq!(begin(&mut state, 1, "b 1"), None, "one at a time");
        end(&mut state, 1, false);
        assert_eq!(begin(&mut state, 2, "b 1"), Some((1, "a 1".into())));
        end(&mut state, 1, true);
        assert_eq!(begin(&mut state, 3, "b 1"), Some((2, "b 1".into())));
        // A taker that never answers holds nothing up for ever.
        assert_eq!(begin(&mut state, 40, "c 1"), Some((2, "b 1".into())));
        end(&mut state, 1, true);
        assert_eq!(begin(&mut state, 80, "c 1"), Some((2, "b 1".into())));
    }
}
