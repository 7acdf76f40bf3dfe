//! JSON as Python spells it: what a Django or Flask origin writes of the same value, byte for byte.
//!
//! ```
//! let json = session_codec::json::to_python(r#"{"b": 1.0e3, "a": "café", "b": 1E+3}"#)?;
//! assert_eq!(json, r#"{"b":1000.0,"a":"caf\u00e9"}"#);
//! # Ok::<(), session_codec::JsonError>(())
//! ```

use alloc::string::String;

use crate::text::json::{self, JsonError};

/// What `json.dumps(json.loads(text), separators=(",", ":"))` writes: no white space, ASCII only,
/// Python's floats and integers, of repeated keys the last value at the first one's place.
///
/// # Errors
/// [`JsonError`] if `text` is not one JSON value as Python reads it, or nested deeper than 1000 levels.
pub fn to_python(text: &str) -> Result<String, JsonError> {
    let mut out = String::with_capacity(text.len());
    json::write_canonical(text, json::DEPTH_LIMIT, &mut out)?;
    Ok(out)
}

/// The same with `sort_keys=True`, as Flask writes it.
///
/// # Errors
/// As [`to_python`].
#[cfg(feature = "flask")]
pub fn to_python_sorted(text: &str) -> Result<String, JsonError> {
    let mut out = String::with_capacity(text.len());
    json::write_sorted(text, json::DEPTH_LIMIT, &mut out)?;
    Ok(out)
}
