//! Ten thousand schedules of visitors, tabs and stores in trouble, each from one seed, on a
//! simulated clock. What must hold in all of them:
//!
//! - **Read**: a session is as its cookie says, or as later updates left it; never another
//!   visitor's, never older, never half of an update.
//! - **Kept**: the last cookie that was handed out opens, at the latest when the stores are well
//!   again. Until then the answer is "ask again", not "no session".
//! - **Stale**: so does every cookie that is at most 16 changes old, and whose session did not
//!   change again after its time was over.
//! - **Ended**: after a log out that was confirmed, no copy of a cookie is good again, nor is one
//!   handed out again: at once where it is asked afresh, a while later where it is remembered, and
//!   until the session's absolute end.
//! - **Bound**: a session that a browser has bound to its device, and shown that it knows, stays bound
//!   for everybody; and binding it undoes no log out: at the most, where a store
//!   fails in the middle of it, for the device alone.
//! - **Both**: updates of different keys at once all survive, where the store can compare and swap.
//! - **Bounded**: nobody waits longer than the time limits add up to, and nothing hangs.
//!
//! `SCHEDULE_SEED=123 cargo test -p session-gateway schedules` runs one of them again.

mod controls;
mod device;
mod ledger;
mod stacks;
mod visitor;
mod world;

use controls::Control;
use stacks::Sort;
use world::{Outcome, Schedule};

/// Schedules of one run, shared out among the sorts of stores.
const SCHEDULES: u64 = 10_000;

#[test]
fn schedules_on_kv() {
    run(Sort::Kv);
}

#[test]
fn schedules_on_d1() {
    run(Sort::D1);
}

#[test]
fn schedules_on_kv_before_d1_written_through() {
    run(Sort::Through);
}

#[test]
fn schedules_on_kv_before_d1_written_behind() {
    run(Sort::Behind);
}

#[test]
fn schedules_on_kv_before_d1_written_aside() {
    run(Sort::Aside);
}

/// Runs the schedules of one sort of stores, or the one that `SCHEDULE_SEED` names.
fn run(sort: Sort) {
    let given = std::env::var("SCHEDULE_SEED").ok();
    let given: Option<u64> = given.map(|seed| seed.parse().expect("SCHEDULE_SEED is a number"));
    let seeds = given.map_or(0..SCHEDULES, |seed| seed..seed + 1);
    let mut total = Outcome::default();
    let mut schedules = 0;
    for seed in seeds.filter(|seed| Schedule::of(*seed).sort == sort) {
        match Schedule::of(seed).run(Control::None) {
            Ok(outcome) => total += outcome,
            Err(violation) => panic!("SCHEDULE_SEED={seed}: {violation}"),
        }
        schedules += 1;
    }
    println!("{schedules} schedules: {total:?}");
    if given.is_none() {
        total.assert_everything_happened(sort);
    }
}

/// The first violation among the schedules of a sort that are `hostile` or not.
fn caught(control: Control, is_hostile: bool, sorts: &[Sort]) -> String {
    let schedules = (0..SCHEDULES).map(Schedule::of);
    schedules
        .filter(|schedule| schedule.is_hostile == is_hostile && sorts.contains(&schedule.sort))
        .take(500)
        .find_map(|schedule| schedule.run(control).err())
        .map_or_else(|| "nothing".to_owned(), |violation| violation.to_string())
}

#[test]
fn a_gate_that_believes_whatever_record_it_is_given_is_caught() {
    let violation = caught(Control::Believing, true, &[Sort::Kv]);
    let kinds = ["another session", "older", "not what its cookie"];
    assert!(
        kinds.iter().any(|kind| violation.contains(kind)),
        "{violation}"
    );
}

#[test]
fn a_gate_that_mixes_a_cookie_with_another_record_is_caught() {
    let violation = caught(Control::Patchwork, true, &[Sort::Kv]);
    assert!(violation.contains("half"), "{violation}");
}

#[test]
fn a_gate_that_goes_on_without_what_it_cannot_read_is_caught() {
    let violation = caught(Control::Forgiving, false, &[Sort::Kv, Sort::D1]);
    let kinds = ["half", "older", "not what its cookie"];
    assert!(
        kinds.iter().any(|kind| violation.contains(kind)),
        "{violation}"
    );
}

#[test]
fn a_store_that_confirms_what_it_does_not_keep_is_caught() {
    let violation = caught(Control::Forgets, false, &[Sort::Kv, Sort::D1]);
    assert!(violation.contains("lost"), "{violation}");
}

#[test]
fn a_store_that_brings_back_what_was_ended_is_caught() {
    let violation = caught(Control::Resurrects, false, &[Sort::Kv, Sort::D1]);
    assert!(violation.contains("ended"), "{violation}");
}

#[test]
fn a_gate_that_does_not_ask_before_it_hands_out_a_cookie_is_caught() {
    let violation = caught(Control::Trusting, false, &[Sort::D1, Sort::Through]);
    assert!(violation.contains("handed out again"), "{violation}");
}

#[test]
fn a_store_that_forgets_which_device_it_was_is_caught() {
    let violation = caught(Control::Unbinds, false, &[Sort::D1, Sort::Through]);
    assert!(violation.contains("without its device"), "{violation}");
}

#[test]
fn a_binding_that_does_not_look_for_an_end_is_caught() {
    let violation = caught(Control::Overlooks, false, &[Sort::D1, Sort::Through]);
    assert!(violation.contains("ended"), "{violation}");
}

#[test]
fn a_list_that_forgets_before_the_session_is_over_is_caught() {
    let violation = caught(Control::Shortens, false, &[Sort::Kv, Sort::D1]);
    assert!(violation.contains("good again"), "{violation}");
}

#[test]
fn a_store_that_swaps_without_comparing_is_caught() {
    let violation = caught(Control::SwapsBlindly, false, &[Sort::D1, Sort::Through]);
    assert!(violation.contains("forgotten"), "{violation}");
}

#[test]
fn a_store_without_a_time_limit_is_caught() {
    let violation = caught(Control::Hangs, false, &[Sort::D1]);
    assert!(violation.contains("hang"), "{violation}");
}
