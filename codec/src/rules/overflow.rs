use serde::{Deserialize, Serialize};

/// What happens to keys that do not fit the cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// They go into a record, and the cookie carries a ticket for it: there is a store.
    Spill,
    /// They are dropped, lowest priority first, and reported; `critical` keys never are.
    Drop,
    /// Nothing is written: sealing such a session is an error.
    #[default]
    Refuse,
}
