//! Scripts that send a change again, with the same `Idempotency-Key`, until they are told that it was made.

use alloc::{collections::BTreeSet, rc::Rc};

use session_codec::{RequestMark, SessionData};

use super::{
    ledger::{Violation, beside},
    stacks::Stack,
    visitor::{Browser, Change, Found, Request, Route, changed_keys, save_as},
    world::World,
};

/// Attempts of one change, at most.
const ATTEMPTS: usize = 4;
/// Until the next attempt, at most, in milliseconds.
const PAUSES: [u64; 3] = [300, 3_000, 20_000];

/// A change that is known by its key.
pub(super) struct Keyed {
    /// Which one it is, in the ledger.
    pub(super) number: usize,
    pub(super) mark: RequestMark,
    /// What it changes: the same in each attempt.
    pub(super) keys: BTreeSet<&'static str>,
}

impl Keyed {
    /// What it changes, with the values that this attempt gives: so it shows which one was made.
    pub(super) fn patch(&self, after: &SessionData) -> SessionData {
        let mut patch = SessionData::new();
        for key in &self.keys {
            for key in [(*key).to_owned(), beside(key)] {
                let value = after.raw(&key).expect("an attempt has all of its keys");
                patch.insert_raw(&key, value).unwrap();
            }
        }
        patch
    }
}

/// What whoever sent a change knows of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It was made.
    Saved,
    /// It was not.
    Refused,
    /// Nothing: it may have been made.
    Nothing,
}

/// Sends a change until it is known whether it was made.
pub(super) async fn change<S: Stack>(
    world: &Rc<World<S>>,
    browser: &Browser,
    life: usize,
    found: Found<'_, S>,
) -> Result<(), Violation> {
    let clock = &world.clock;
    let number = world.ledger.borrow_mut().request();
    let keyed = Keyed {
        number,
        mark: RequestMark::new(&number.to_string(), &[b"PATCH"]),
        keys: changed_keys(world, false),
    };
    let mut cookie = found.1.clone();
    let mut found = Some(found);
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            let pause = PAUSES[clock.roll(PAUSES.len() as u64) as usize];
            clock.sleep(clock.roll(pause)).await;
            if let Some((own, newer)) = &*browser.jar.borrow()
                && *own == life
            {
                cookie = newer.clone();
            }
            let request = Request::new(world, browser.place.get());
            let opened = request.read(Route::Required, life, &cookie).await?;
            found = opened.map(|opened| (opened, cookie.clone(), request));
            world.outcome.borrow_mut().sent_again += 1;
        }
        // Nobody can say yet whether there is a session to change.
        let Some(from) = found.take() else {
            continue;
        };
        let told = save_as(world, browser, life, Some(from), Change::Keyed(&keyed)).await?;
        if told != Told::Nothing {
            break;
        }
    }
    Ok(())
}

pub(super) fn taken_for_another() -> Violation {
    Violation("a request is taken for another one".to_owned())
}
