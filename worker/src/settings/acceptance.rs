//! `SESSION_WRITE` and `SESSION_ACCEPT`: which envelope is written, and which are still read.

use serde::Deserialize;
use session_codec::{Envelope, Timestamp, config::Acceptance};

use super::{keys::day, protocol::ProtocolName, value::json};

/// Plain Django cookies are moved over for as long as nobody says until when.
const BOTH: &str = r#"[{"envelope": "sealed"}, {"envelope": "django"}]"#;

/// An origin that speaks headers has no cookies of its own to move over.
const SEALED: &str = r#"[{"envelope": "sealed"}]"#;

/// What is accepted where nobody says.
pub(super) fn usual(spoken: Option<ProtocolName>) -> &'static str {
    match spoken {
        Some(ProtocolName::Headers) => SEALED,
        _ => BOTH,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    envelope: Envelope,
    until: Option<String>,
    issued_before: Option<String>,
}

pub(super) fn envelope(text: &str) -> Option<Envelope> {
    serde_json::from_value(text.into()).ok()
}

/// A JSON array of `{"envelope", "until", "issued_before"}`, dates as `2027-01-31` (UTC).
pub(super) fn acceptances(
    text: &str,
    date: impl Fn(&str) -> Option<Timestamp>,
) -> Result<Vec<Acceptance>, String> {
    let expected = r#"a JSON array as [{"envelope": "django", "until": "2027-01-31"}]"#;
    let entries: Vec<Entry> = json(text, expected)?;
    let seconds = |text: Option<String>| match text {
        None => Ok(None),
        Some(text) => day(&text)
            .and_then(&date)
            .map(|date| Some(date.seconds()))
            .ok_or_else(|| format!("not {expected}: {text:?} is not a date")),
    };
    let acceptance = |entry: Entry| {
        Ok(Acceptance {
            envelope: entry.envelope,
            until: seconds(entry.until)?,
            issued_before: seconds(entry.issued_before)?,
        })
    };
    entries.into_iter().map(acceptance).collect()
}
