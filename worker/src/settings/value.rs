//! What the text of a setting says.

use serde::de::DeserializeOwned;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| "neither \"true\" nor \"false\"".to_owned())
}

pub(super) fn positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("not a number of seconds from 1 to 4294967295".to_owned()),
        Ok(seconds) => Ok(seconds),
    }
}

/// A while that may be none, a day at most.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    const MOST: u32 = 24 * 3600;
    let seconds = text.parse().ok().filter(|&seconds| seconds <= MOST);
    seconds.ok_or_else(|| format!("not a number of seconds from 0 to {MOST}"))
}

/// The parser's own message could quote a secret, so it is not shown.
pub(super) fn json<T: DeserializeOwned>(text: &str, expected: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        format!(
            "not {expected} (line {}, column {})",
            error.line(),
            error.column()
        )
    })
}
