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
//! - **Once**: a change that is sent again, because nobody knows what became of it, is made once.
//! - **Bounded**: nobody waits longer than the time limits add up to, and nothing hangs.
//!
//! `SCHEDULE_SEED=123 cargo test -p session-gateway schedules` runs one of them again.

mod controls;
mod device;
mod keyed;
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

/// Whether a control is caught, in one of these ways, by the schedules of a sort that are `hostile`
/// or not.
fn assert_caught(control: Control, is_hostile: bool, sorts: &[Sort], ways: &[&str]) {
    let schedules = (0..SCHEDULES).map(Schedule::of);
    let violations = schedules
        .filter(|schedule| schedule.is_hostile == is_hostile && sorts.contains(&schedule.sort))
        .take(500)
        .filter_map(|schedule| schedule.run(control).err());
    let mut other = "nothing".to_owned();
    for violation in violations {
        other = violation.to_string();
        if ways.iter().any(|way| other.contains(way)) {
            return;
        }
    }
    panic!("{control:?}: {other}");
}

#[test]
fn a_gate_that_believes_whatever_record_it_is_given_is_caught() {
    assert_caught(
        Control::Believing,
        true,
        &[Sort::Kv],
        &["another session", "older", "not what its cookie"],
    );
}

#[test]
fn a_gate_that_mixes_a_cookie_with_another_record_is_caught() {
    assert_caught(Control::Patchwork, true, &[Sort::Kv], &["half"]);
}

#[test]
fn a_gate_that_goes_on_without_what_it_cannot_read_is_caught() {
    assert_caught(
        Control::Forgiving,
        false,
        &[Sort::Kv, Sort::D1],
        &["half", "older", "not what its cookie"],
    );
}

#[test]
fn a_store_that_confirms_what_it_does_not_keep_is_caught() {
    assert_caught(Control::Forgets, false, &[Sort::Kv, Sort::D1], &["lost"]);
}

#[test]
fn a_store_that_brings_back_what_was_ended_is_caught() {
    assert_caught(
        Control::Resurrects,
        false,
        &[Sort::Kv, Sort::D1],
        &["ended"],
    );
}

#[test]
fn a_gate_that_does_not_ask_before_it_hands_out_a_cookie_is_caught() {
    assert_caught(
        Control::Trusting,
        false,
        &[Sort::D1, Sort::Through],
        &["handed out again"],
    );
}

#[test]
fn a_gate_that_makes_a_change_again_is_caught() {
    assert_caught(
        Control::Repeats,
        false,
        &[Sort::D1, Sort::Through],
        &["made twice"],
    );
}

#[test]
fn a_store_that_forgets_which_device_it_was_is_caught() {
    assert_caught(
        Control::Unbinds,
        false,
        &[Sort::D1, Sort::Through],
        &["without its device"],
    );
}

#[test]
fn a_binding_that_does_not_look_for_an_end_is_caught() {
    assert_caught(
        Control::Overlooks,
        false,
        &[Sort::D1, Sort::Through],
        &["ended"],
    );
}

#[test]
fn a_list_that_forgets_before_the_session_is_over_is_caught() {
    assert_caught(
        Control::Shortens,
        false,
        &[Sort::Kv, Sort::D1],
        &["good again"],
    );
}

#[test]
fn a_store_that_swaps_without_comparing_is_caught() {
    assert_caught(
        Control::SwapsBlindly,
        false,
        &[Sort::D1, Sort::Through],
        &["forgotten"],
    );
}

#[test]
fn a_store_without_a_time_limit_is_caught() {
    assert_caught(Control::Hangs, false, &[Sort::D1], &["hang"]);
}
