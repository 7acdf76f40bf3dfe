//! Bindings that nobody reads, although somebody seems to think so.

use super::{Problem, Tier};

/// How settings begin. What begins so and is none was meant to be one.
const BEGINNINGS: [&str; 4] = ["SESSION", "DJANGO", "ORIGIN", "ALLOW_WEAK"];

/// Settings that are looked for only where others ask for them, and why they are without effect
/// elsewhere.
const ASKED_ELSEWHERE: [(&str, &str); 3] = [
    ("SESSION_ORIGIN_KEY", r#"SESSION_PROTOCOL is not "headers""#),
    (
        "SESSION_ORIGIN_STORE_URL",
        r#"SESSION_STORE does not name "origin""#,
    ),
    (
        "SESSION_ORIGIN_STORE_KEY",
        r#"SESSION_STORE does not name "origin""#,
    ),
];

/// Of all `names` those that set nothing, given the settings that were looked for.
pub(super) fn without_effect(names: &[String], asked: &[&str]) -> Vec<Problem> {
    let known = || {
        let elsewhere = ASKED_ELSEWHERE.iter().map(|(name, _)| *name);
        asked.iter().copied().chain(elsewhere)
    };
    let bindings = || Tier::ALL.into_iter().map(Tier::binding);
    let mut problems = Vec::new();
    for name in names {
        if asked.contains(&name.as_str()) || bindings().any(|binding| binding == name) {
            continue;
        }
        if let Some((name, reason)) = ASKED_ELSEWHERE.iter().find(|(known, _)| known == name) {
            problems.push(Problem::new(*name, format!("has no effect: {reason}")));
            continue;
        }
        let spelled = name.to_ascii_uppercase().replace('-', "_");
        let nearest = known()
            .map(|known| (distance(&spelled, known), known))
            .min()
            .filter(|(distance, _)| *distance <= MISSPELLED);
        let begins_like_ours = BEGINNINGS
            .iter()
            .any(|beginning| spelled.starts_with(beginning));
        match nearest {
            Some((_, meant)) => problems.push(Problem::new(
                name.clone(),
                format!("there is no setting of this name, so it is not read. {meant} is meant?"),
            )),
            None if begins_like_ours => problems.push(Problem::new(
                name.clone(),
                "there is no setting of this name, so it is not read: docs/OPERATING.md lists them all",
            )),
            None => {}
        }
    }
    problems
}

/// Letters that may be wrong, missing or too many.
const MISSPELLED: usize = 2;

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, a) in a.bytes().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(b.bytes()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<String> {
        let problems = without_effect(&[name.to_owned()], &["SESSION_ROUTES", "ORIGIN_URL"]);
        problems.first().map(ToString::to_string)
    }

    #[test]
    fn misspelled_names_are_named_with_what_was_meant() {
        for name in [
            "SESSION_ROUTE",
            "SESSION_ROUTES_",
            "SESION_ROUTES",
            "Session_Routes",
            "SESSION-ROUTES",
            "SESSOIN_ROUTES",
            "ESSION_ROUTES",
        ] {
            let problem = named(name).unwrap_or_default();
            assert!(
                problem.starts_with(name) && problem.contains("SESSION_ROUTES is meant?"),
                "{name}: {problem}"
            );
        }
        for name in [
            "SESSION_ROUTING_TABLE",
            "DJANGO_SETTINGS_MODULE",
            "session_x",
            "ORIGIN",
        ] {
            assert!(
                named(name).is_some_and(|problem| problem.contains("no setting")),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_read_or_somebody_elses_is_not() {
        for name in [
            "SESSION_ROUTES",
            "ORIGIN_URL",
            "SESSIONS",
            "SESSIONS_DB",
            "CF_VERSION_METADATA",
            "API_URL",
            "KV",
        ] {
            assert_eq!(named(name), None, "{name}");
        }
        assert!(named("SESSION_ORIGIN_KEY").is_some_and(|problem| problem.contains("no effect")));
    }

    #[test]
    fn letters_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
