//! What was handed out, and what may therefore be read.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt;

use session_codec::SessionData;

use super::{device::Bound, keyed::Keyed};

/// For how long a record that was superseded stays: so short that it happens.
pub(super) const STALE_SECONDS: u32 = 60;
/// As many superseded records of a session stay.
pub(super) const MAX_SUPERSEDED: usize = 16;

/// Keys that updates change; each has a text beside it, so that half an update shows.
pub(super) const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// Which update every key is from.
pub(super) type State = BTreeMap<&'static str, u32>;

/// Everything that happened, as seen from outside.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) lives: Vec<Life>,
    writes: Vec<Write>,
    /// Of each request that is known by its key, the attempt that was seen in a session.
    requests: Vec<Option<u32>>,
    /// How often anything was saved, and when last.
    pub(super) saves: usize,
    pub(super) last_save: i64,
}

/// A session between log ins and log outs.
#[derive(Default)]
pub(super) struct Life {
    /// The life it was before a log in.
    parent: Option<usize>,
    pub(super) cookies: Vec<Handed>,
    /// Whether a cookie of it was handed out that has no place in its line: it had never spilled,
    /// so there was no head, and the last answer counts.
    pub(super) was_headless: bool,
    /// What is known of its device.
    pub(super) bound: Bound,
    /// Whether its end was asked for.
    pub(super) end_asked: bool,
    /// When its end was confirmed, in milliseconds.
    pub(super) end_confirmed: Option<i64>,
}

/// A cookie that was handed out, and what it stands for.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) value: String,
    pub(super) state: State,
    /// Whether an update set out from it.
    pub(super) is_base: bool,
    /// Since when its record may be superseded, in milliseconds: where heads are kept, also by an
    /// update that set out from another cookie.
    pub(super) superseded: Option<i64>,
}

impl Handed {
    /// Whether the record may have gone by `millis`: its time is over. Trails count whole seconds.
    pub(super) fn is_stale(&self, millis: i64) -> bool {
        let superseded = self.superseded.map(|at| at / 1000 * 1000);
        superseded.is_some_and(|at| millis >= at + i64::from(STALE_SECONDS) * 1000)
    }
}

/// One update that was tried.
struct Write {
    life: usize,
    keys: BTreeSet<&'static str>,
    base: State,
    is_confirmed: bool,
    /// The number of the request, if it is known by its key: whichever attempt of it this is.
    request: Option<usize>,
}

/// What must not happen.
#[derive(Debug)]
pub(super) struct Violation(pub(super) String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ledger {
    pub(super) fn begin(&mut self, parent: Option<usize>) -> usize {
        self.lives.push(Life {
            parent,
            ..Life::default()
        });
        self.lives.len() - 1
    }

    /// An update is about to be tried; gives its number, from 1.
    pub(super) fn write(&mut self, life: usize, keys: BTreeSet<&'static str>, base: State) -> u32 {
        self.writes.push(Write {
            life,
            keys,
            base,
            is_confirmed: false,
            request: None,
        });
        u32::try_from(self.writes.len()).unwrap()
    }

    /// A request that is known by its key is about to be sent; gives its number.
    pub(super) fn request(&mut self) -> usize {
        self.requests.push(None);
        self.requests.len() - 1
    }

    /// An update is an attempt of a request, which what it sets out from has not got.
    pub(super) fn attempt(&mut self, keyed: &Keyed, number: u32) -> Result<(), Violation> {
        for key in &keyed.keys {
            let mut before = number;
            while before != 0 {
                let write = &self.writes[before as usize - 1];
                if write.request == Some(keyed.number) {
                    return Err(Violation(format!(
                        "a request that was sent again is made twice: {before} led to {number}"
                    )));
                }
                before = write.base.get(key).copied().unwrap_or(0);
            }
        }
        self.writes[number as usize - 1].request = Some(keyed.number);
        Ok(())
    }

    /// Somebody is shown a session: of each request one attempt was made, whoever saw it.
    pub(super) fn show(&mut self, state: &State) -> Result<(), Violation> {
        for &number in state.values() {
            let Some(request) = self.writes[number as usize - 1].request else {
                continue;
            };
            let made = *self.requests[request].get_or_insert(number);
            if made != number {
                return Err(Violation(format!(
                    "a request that was sent again is made twice: {made} and {number}"
                )));
            }
        }
        Ok(())
    }

    /// A session that says that it has a request's change has it, or what came of that.
    pub(super) fn check_made(&self, keyed: &Keyed, state: &State) -> Result<(), Violation> {
        let is_attempt = |(write, _): &(&Write, u32)| write.request == Some(keyed.number);
        let attempts = self.writes.iter().zip(1..).filter(is_attempt);
        let attempts: Vec<_> = attempts.map(|(_, number)| number).collect();
        let is_before =
            |key: &str, seen: u32, number: u32| seen != number && self.is_older(key, seen, number);
        for key in &keyed.keys {
            let seen = state.get(key).copied().unwrap_or(0);
            if attempts.iter().all(|&number| is_before(key, seen, number)) {
                return Err(Violation(format!(
                    "{key}={seen} is from before a request that the session says it has: {attempts:?}"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn confirm(&mut self, number: u32) {
        self.writes[number as usize - 1].is_confirmed = true;
    }

    /// Whether the update `older` was known to whoever made `newer`.
    fn is_older(&self, key: &str, older: u32, newer: u32) -> bool {
        let mut number = newer;
        while number != 0 {
            let base = &self.writes[number as usize - 1].base;
            number = base.get(key).copied().unwrap_or(0);
            if number == older {
                return true;
            }
        }
        false
    }

    /// Which updates a session shows, if it is one that this life may have.
    pub(super) fn read(&self, life: usize, session: &SessionData) -> Result<State, Violation> {
        let mut state = State::new();
        for key in KEYS {
            let number = session.value::<u32>(key).unwrap();
            let beside = session.value::<String>(&beside(key)).unwrap();
            let Some(number) = number else {
                if beside.is_some() {
                    return Err(Violation(format!("half an update of {key}")));
                }
                continue;
            };
            if beside.is_none_or(|beside| !is_text_of(&beside, number)) {
                return Err(Violation(format!("half an update of {key}: {number}")));
            }
            let write = &self.writes[number as usize - 1];
            if !self.is_of(write.life, life) || !write.keys.contains(key) {
                let owner = write.life;
                return Err(Violation(format!(
                    "{key}={number} of another session: {owner}, not {life}"
                )));
            }
            state.insert(key, number);
        }
        Ok(state)
    }

    fn is_of(&self, writer: usize, life: usize) -> bool {
        let parent = |life: &usize| self.lives[*life].parent;
        core::iter::successors(Some(life), parent).any(|life| life == writer)
    }

    /// A state that is not older than another one, in any key.
    pub(super) fn check_order(&self, expected: &State, seen: &State) -> Result<(), Violation> {
        for (key, &newer) in expected {
            let number = seen.get(key).copied().unwrap_or(0);
            if number != newer && self.is_older(key, number, newer) {
                return Err(Violation(format!(
                    "{key}={number} is older than {newer}, which its cookie stands for"
                )));
            }
        }
        Ok(())
    }

    /// Nothing that was confirmed to a life is missing from its last state.
    pub(super) fn check_complete(&self, life: usize, last: &State) -> Result<(), Violation> {
        for (index, write) in self.writes.iter().enumerate() {
            if write.life != life || !write.is_confirmed {
                continue;
            }
            let number = u32::try_from(index + 1).unwrap();
            for key in &write.keys {
                let seen = last.get(key).copied().unwrap_or(0);
                if seen != number && self.is_older(key, seen, number) {
                    return Err(Violation(format!(
                        "{key}={number} was confirmed and is forgotten: {seen}"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The key of the text that belongs to `key`.
pub(super) fn beside(key: &str) -> String {
    format!("{key}_text")
}

/// A text of an update, `bytes` long, that deflate cannot make short.
pub(super) fn text_of(number: u32, bytes: usize) -> String {
    let mut rng = fastrand::Rng::with_seed(number.into());
    format!("{number}:") + &(0..bytes).map(|_| rng.alphanumeric()).collect::<String>()
}

fn is_text_of(text: &str, number: u32) -> bool {
    let bytes = text.len().saturating_sub(format!("{number}:").len());
    text == text_of(number, bytes)
}
