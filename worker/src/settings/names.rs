//! Bindings that nobody reads, although somebody seems to think so.

use super::{Problem, setting::NAMES};

/// How settings begin. What begins so and is none was meant to be one.
const BEGINNINGS: [&str; 4] = ["SESSION", "DJANGO", "ORIGIN", "ALLOW_WEAK"];

/// Of all `names` those that nothing is read from.
pub(super) fn unknown(names: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in names {
        if NAMES.contains(&name.as_str()) {
            continue;
        }
        let spelled = name.to_ascii_uppercase().replace('-', "_");
        let nearest = NAMES
            .iter()
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
                "there is no setting of this name, so it is not read: docs/SETTINGS.md lists them all",
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
        let problems = unknown(&[name.to_owned()]);
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
            "SESSION_ORIGIN_KEY",
            "SESSIONS",
            "SESSIONS_DB",
            "CF_VERSION_METADATA",
            "API_URL",
            "KV",
        ] {
            assert_eq!(named(name), None, "{name}");
        }
        let binding = named("SESSION_DB").unwrap_or_default();
        assert!(binding.contains("SESSIONS_DB is meant?"), "{binding}");
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
