use serde::{Deserialize, Serialize};

/// Bounds on the work and memory one cookie or record may cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes a cookie's JSON may inflate to. Default 64 KiB: 16 times the largest cookie, where
    /// deflate can reach 1000 times.
    pub cookie_bytes: usize,
    /// Bytes a record's JSON, or an origin's own cookie, may inflate to. Default 1 MiB.
    pub record_bytes: usize,
    /// Levels of nested JSON. Default 1000, as many as Python 3.11 writes; more is refused.
    pub json_depth: u16,
}

impl Limits {
    /// Longest record, in bytes: 1 MiB of session data and what encryption adds to it.
    pub const MAX_RECORD_BYTES: usize = (1 << 20) + 1024;

    /// Seconds for which a record that is not found may only not be visible yet; after them it is
    /// lost. Twice the minute that Workers KV names for its writes to be seen everywhere, since
    /// absence is cached, too; and one for the request that wrote it, whose time is that of its
    /// beginning.
    pub const RECORD_VISIBLE_SECONDS: i64 = 180;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cookie_bytes: 64 << 10,
            record_bytes: 1 << 20,
            json_depth: crate::text::json::DEPTH_LIMIT,
        }
    }
}
