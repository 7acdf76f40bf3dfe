//! Every order of what three requests ask of two stores, while one key of the ring changes; and with
//! one failure or one crash at any of these calls, every order in which a request is held up once by
//! the others.
//!
//! What runs is the gate itself: [`super::load`], [`super::save`] and the list of ended sessions,
//! over a fast store in front of a durable one. Each call of a store waits until it is chosen, and
//! each choice is tried: which call is next, and whether it fails or the process dies, before or
//! after the store did it. What nobody waits for is done in one go when it is begun. Two orders that come to the same (each request has had the same answers,
//! the stores hold the same) are gone on with once. At the end of each all is well again, every
//! cookie that was handed out is tried, and changed once more. What must hold:
//!
//! - **Kept**: no change that was confirmed is lost, but to a later one of the same key.
//! - **Not applied**: none that was refused is there.
//! - **Once**: of attempts of one request, known by its mark, one is applied, and all are answered alike.
//! - **Ended**: after an end that was confirmed no copy of a cookie is good, nothing is handed out,
//!   and no record is left.
//! - **Whole**: a session is as its cookie says or later, never half of a change.
//! - **One line**: a session's revisions go up, in the order in which its head moved.
//!
//! `EXPLORE=all cargo test --release -p session-gateway explorer` tries all triples of requests; without
//! it a selection is tried, one of some dozens.

mod executor;
mod request;
mod stores;
mod world;

use std::time::Instant;

use executor::{Choices, Orders, Seen};
use request::{Kind, Request, Source};
use stores::Control;
use world::{Rings, Scenario, Start, World};

/// What was tried of some scenarios.
#[derive(Debug, Default)]
struct Explored {
    scenarios: usize,
    executions: usize,
    states: usize,
    /// Ends at which everything was looked at.
    ends: usize,
}

/// As often is a request held up by another one where something fails as well.
const HELD_UP: usize = 1;

/// Tries the orders of a scenario; `Err`: what went wrong, and in which order.
fn explore(
    scenario: Scenario,
    orders: Orders,
    control: Control,
    total: &mut Explored,
) -> Result<(), String> {
    let mut choices = Choices::default();
    let mut seen = Seen::default();
    loop {
        total.executions += 1;
        let world = World::new(scenario, orders, control);
        let is_end = world.run(&mut choices, &mut seen);
        let outcome = match is_end {
            true => world.look_back(),
            false => Ok(()),
        };
        total.ends += usize::from(is_end);
        if let Some(told) = world.violation().or(outcome.err()) {
            return Err(format!("{told}\n{scenario:?}\n{}", world.story()));
        }
        if !choices.next() {
            total.states += seen.len();
            return Ok(());
        }
    }
}

fn explore_all(
    scenarios: impl Iterator<Item = Scenario>,
    control: Control,
) -> Result<Explored, String> {
    let mut total = Explored::default();
    for scenario in scenarios {
        let (states, begun) = (total.states, Instant::now());
        explore(scenario, Orders::All, control, &mut total)?;
        explore(scenario, Orders::InTrouble(HELD_UP), control, &mut total)?;
        total.scenarios += 1;
        if std::env::var_os("EXPLORE").is_some() {
            let (states, took) = (total.states - states, begun.elapsed());
            println!("{states} states in {took:?}: {scenario:?}");
        }
    }
    Ok(total)
}

/// All triples of requests, wherever they set out from, under every change of the ring.
fn scenarios() -> Vec<Scenario> {
    let kinds = [Kind::Grow, Kind::Shrink, Kind::Load, Kind::End];
    // Whichever comes first by number comes first by nothing else, so without what another was
    // given order means nothing.
    let sources = [
        [Source::Latest, Source::Latest, Source::Latest],
        [Source::Older, Source::Latest, Source::Latest],
        [Source::Latest, Source::Latest, Source::AnswerOf(0)],
        [Source::Latest, Source::AnswerOf(0), Source::AnswerOf(1)],
    ];
    let mut all = Vec::new();
    for start in [Start::Spilled, Start::Shrunk] {
        for source in sources {
            for first in kinds {
                for second in kinds {
                    for third in kinds {
                        let kinds = [first, second, third];
                        let is_sorted = first <= second && second <= third;
                        let writes = kinds.iter().any(|kind| *kind != Kind::Load);
                        if !writes || (source[0] == source[2] && !is_sorted) {
                            continue;
                        }
                        for rings in Rings::ALL {
                            let request = |n: usize| Request {
                                kind: kinds[n],
                                source: source[n],
                            };
                            let scenario = Scenario {
                                start,
                                requests: core::array::from_fn(request),
                                rings,
                                is_one_request: false,
                            };
                            let only_changes =
                                |kind: &Kind| matches!(kind, Kind::Grow | Kind::Shrink);
                            if kinds.iter().all(only_changes) {
                                all.push(Scenario {
                                    is_one_request: true,
                                    ..scenario
                                });
                            }
                            all.push(scenario);
                        }
                    }
                }
            }
        }
    }
    all
}

/// One in so many scenarios of those without an end is tried, unless `EXPLORE` is set to `all` or to
/// another number.
const ONE_IN: usize = 37;

/// What is tried without being asked for: an end makes ten to a hundred times as many orders, so
/// that one scenario stands for all that have one.
fn selection() -> Vec<Scenario> {
    let kinds = |scenario: &Scenario| scenario.requests.map(|request| request.kind);
    let (with_end, without): (Vec<_>, Vec<_>) = scenarios()
        .into_iter()
        .partition(|scenario| kinds(scenario).contains(&Kind::End));
    // With what a change was answered it is ended, twice; and with the last cookie, in which all has a
    // place again, while one of before makes it grow.
    let wanted = |start, all, source| {
        move |scenario: &&Scenario| {
            let is_so = scenario.start == start && kinds(scenario) == all;
            is_so && scenario.requests.map(|request| request.source) == source
        }
    };
    let twice = [Source::Latest, Source::AnswerOf(0), Source::AnswerOf(1)];
    let older = [Source::Older, Source::Latest, Source::Latest];
    let ended = [
        wanted(Start::Spilled, [Kind::Grow, Kind::End, Kind::End], twice),
        wanted(Start::Shrunk, [Kind::Grow, Kind::End, Kind::Load], older),
    ];
    let ended = ended.map(|wanted| with_end.iter().find(wanted).copied());
    let ended = ended.into_iter().flatten();
    without.into_iter().step_by(ONE_IN).chain(ended).collect()
}

#[test]
fn nothing_confirmed_is_lost_and_nothing_ended_lives_in_any_order() {
    let given = std::env::var("EXPLORE").ok();
    let chosen = match given.as_deref() {
        None => selection(),
        Some("all") => scenarios(),
        Some(number) => {
            let one_in = number.parse().expect("EXPLORE is all, or a number");
            scenarios().into_iter().step_by(one_in).collect()
        }
    };
    let begun = Instant::now();
    let explored = explore_all(chosen.into_iter(), Control::None);
    let explored = explored.unwrap_or_else(|told| panic!("{told}"));
    println!("{explored:?} in {:?}", begun.elapsed());
    let is_enough = explored.scenarios > 10 && explored.states > 5_000;
    assert!(is_enough || given.is_some(), "{explored:?}");
}

/// What is said of stores that are wrong.
fn caught(control: Control) -> String {
    let all = scenarios().into_iter().step_by(5);
    explore_all(all, control).err().unwrap_or_default()
}

#[test]
fn a_store_that_moves_heads_from_anything_is_caught() {
    let told = caught(Control::SwapsBlindly);
    assert!(told.contains("same place"), "{told}");
}

#[test]
fn a_store_that_leaves_the_head_of_what_has_ended_is_caught() {
    let told = caught(Control::LeavesHead);
    assert!(told.contains("ended"), "{told}");
}
