use serde::{Deserialize, Serialize};

use crate::atoms::{Envelope, Timestamp};

/// An envelope that is read, and until when: a migration has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The envelope.
    pub envelope: Envelope,
    /// Read until this time, in seconds since 1970; without it for ever. What is here for
    /// migrations (`flask`, `fernet`) needs an end, unless it is what is written.
    #[serde(default)]
    pub until: Option<i64>,
    /// Only what was issued before this time, in seconds since 1970.
    #[serde(default)]
    pub issued_before: Option<i64>,
}

impl Acceptance {
    /// Without an end.
    #[must_use]
    pub const fn always(envelope: Envelope) -> Self {
        Self {
            envelope,
            until: None,
            issued_before: None,
        }
    }

    /// Whether an envelope of this kind, issued then, is read now.
    pub(crate) fn covers(&self, envelope: Envelope, issued: Timestamp, now: Timestamp) -> bool {
        self.envelope == envelope
            && self
                .until
                .is_none_or(|until| now < Timestamp::from_seconds(until))
            && self
                .issued_before
                .is_none_or(|before| issued < Timestamp::from_seconds(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_exclusive() {
        let at = Timestamp::from_seconds;
        let migration = Acceptance {
            envelope: Envelope::Django,
            until: Some(100),
            issued_before: Some(50),
        };
        assert!(migration.covers(Envelope::Django, at(49), at(99)));
        assert!(!migration.covers(Envelope::Django, at(50), at(99)));
        assert!(!migration.covers(Envelope::Django, at(49), at(100)));
        assert!(!migration.covers(Envelope::Sealed, at(49), at(99)));
        assert!(Acceptance::always(Envelope::Sealed).covers(Envelope::Sealed, at(0), at(1 << 40)));
    }
}
