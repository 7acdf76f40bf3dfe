use core::num::NonZeroU32;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::atoms::Priority;

/// What holds for a key, or for all keys that begin alike. Only `key` must be given.
///
/// The most specific rule wins as a whole: an exact one over a pattern, a longer pattern over a
/// shorter one, and of two for the same keys the later one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyRule {
    /// A key, or the beginning of keys followed by `*`.
    pub key: String,
    /// What such keys are worth.
    pub priority: Priority,
    /// Seconds from when the value was last set until the key is gone, however long the session
    /// lives.
    pub max_age: Option<NonZeroU32>,
    /// Whether the value must not show in the length of what is written: it is never compressed.
    pub secret: bool,
    /// Where such keys go when there is no room; the session's way if not given.
    pub overflow: Option<KeyOverflow>,
    /// Most bytes of JSON, key and value, that such a key may take in the cookie. A longer one
    /// overflows at once, whatever its priority.
    pub max_bytes: Option<u32>,
}

impl KeyRule {
    /// A rule that gives a priority and nothing else.
    #[must_use]
    pub fn new(key: impl Into<String>, priority: Priority) -> Self {
        Self {
            key: key.into(),
            priority,
            ..Self::default()
        }
    }
}

/// Where a key goes that has no room in the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyOverflow {
    /// Into the record.
    Spill,
    /// Nowhere; it is reported.
    Drop,
}
