//! What the text of a setting says.

use serde::de::DeserializeOwned;

/// The parser's own message could quote a secret, so it is not shown.
///
/// For each type a function of its own: the engine compiles a function when it is first called, and
/// few settings are given.
#[inline(never)]
pub(super) fn json<T: DeserializeOwned>(text: &str, expected: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        format!(
            "not {expected} (line {}, column {})",
            error.line(),
            error.column()
        )
    })
}
