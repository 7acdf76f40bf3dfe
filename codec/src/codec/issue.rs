use crate::{atoms::Timestamp, cookie::Lifetime};

/// When a cookie is issued, and for how long a browser keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// The time by our clock.
    pub now: Timestamp,
    /// The time that the cookie tells, from which its idle limit counts: now, or when an origin
    /// signed what is sealed. Never before the session began.
    pub issued: Timestamp,
    /// What the browser is told.
    pub lifetime: Lifetime,
}

impl Issue {
    /// A cookie of now.
    #[must_use]
    pub const fn new(now: Timestamp, lifetime: Lifetime) -> Self {
        Self {
            now,
            issued: now,
            lifetime,
        }
    }

    /// The same, with the time of another cookie.
    #[must_use]
    pub const fn dated(self, issued: Timestamp) -> Self {
        Self { issued, ..self }
    }
}
