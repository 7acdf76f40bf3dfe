//! What a merge patch makes the allocator hold, counted: a small one, sixty levels deep, once took 120 MiB.
//!
//! One test, in a program of its own: the counting allocator counts for the whole process.
#![allow(clippy::unwrap_used)]

use peak_alloc::PeakAlloc;
use session_codec::SessionData;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

const LEVELS: usize = 64;
const SESSION: usize = 1 << 20;

/// `value` in objects of one key, `levels` of them.
fn nested(levels: usize, value: &str) -> String {
    format!("{}{value}{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes))
}

fn members(bytes: usize) -> String {
    let members: Vec<String> = (0..bytes / 16)
        .map(|n| format!("\"{n:08x}\":\"{n:03x}\""))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn a_patch_takes_four_times_session_and_patch_at_most() {
    let around = |value: &str| format!(r#"{{"b":{},"a":{value}}}"#, text(SESSION / 2));
    let cases: [(&str, String, String); 9] = [
        (
            "one leaf, replaced",
            nested(LEVELS - 1, &text(SESSION)),
            nested(LEVELS, "1"),
        ),
        (
            "a key beside the leaf",
            nested(LEVELS, &text(SESSION)),
            nested(LEVELS - 1, r#"{"b":1}"#),
        ),
        (
            "the leaf taken away",
            nested(LEVELS - 1, &text(SESSION)),
            nested(LEVELS - 1, "null"),
        ),
        (
            "a large patch",
            nested(LEVELS, &text(SESSION)),
            nested(LEVELS - 1, &format!(r#"{{"b":{}}}"#, text(SESSION))),
        ),
        (
            "nothing was there",
            "{}".into(),
            nested(LEVELS - 1, &text(SESSION)),
        ),
        (
            "no object was there",
            nested(2, &text(SESSION)),
            nested(LEVELS - 1, r#"{"b":null}"#),
        ),
        (
            "something at each level",
            (0..LEVELS).fold("1".into(), |inner: String, _| {
                format!(r#"{{"b":{},"a":{inner}}}"#, text(SESSION / LEVELS))
            }),
            nested(LEVELS - 1, r#"{"b":1}"#),
        ),
        ("flat", around("1"), r#"{"a":2}"#.into()),
        (
            "many keys, deep",
            nested(LEVELS - 1, &members(SESSION)),
            nested(LEVELS - 1, r#"{"0000000a":1}"#),
        ),
    ];
    for (what, session, patch) in cases {
        let (peak, given) = applied(what, &session, &patch);
        assert!(peak <= 4 * given, "{what}: {peak} bytes for {given}");
    }
    // Where a key is repeated the object is first written as Python would, with a list of its
    // members; the patch does not multiply.
    let repeated = format!("{{{}\"a\":{{}}}}", r#""a":{},"#.repeat(SESSION / 7));
    let session = nested(LEVELS - 2, &repeated);
    let patch = nested(LEVELS - 1, &members(SESSION / 16));
    let (peak, given) = applied("one key, many times", &session, &patch);
    assert!(peak <= 16 * given, "{peak} bytes for {given}");
}

/// What is allocated at once, and how long session and patch are.
fn applied(what: &str, session: &str, patch: &str) -> (usize, usize) {
    let session = SessionData::from_json(session).unwrap();
    let patch = SessionData::from_json(patch).unwrap();
    let given = session.to_json().len() + patch.to_json().len();
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let after = session.patched(&patch).unwrap();
    let peak = PEAK.peak_usage() - before;
    println!("{what:<24} {given:>8} bytes, peak {peak:>8}");
    assert!(!after.to_json().is_empty());
    (peak, given)
}
