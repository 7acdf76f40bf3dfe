use core::time::Duration;

use crate::{atoms::Timestamp, error::Reason};

/// Clocks disagree; a cookie issued this much ahead of ours is still accepted.
const SKEW: Duration = Duration::from_secs(300);

/// How long a session lives: two clocks, both checked here and never left to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// From the moment the cookie was last issued.
    pub idle: Duration,
    /// From the moment the session began.
    pub absolute: Duration,
}

impl Default for Lifetimes {
    /// 14 days idle, as Django's `SESSION_COOKIE_AGE`; 30 days in all.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(14 * 24 * 3600),
            absolute: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl Lifetimes {
    /// Equal to a limit is still valid, one millisecond more is not.
    pub(crate) fn check(
        &self,
        issued: Timestamp,
        created: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Reason> {
        if issued > now.after(SKEW) || created.is_some_and(|created| created > now.after(SKEW)) {
            Err(Reason::FromTheFuture)
        } else if now > issued.after(self.idle) {
            Err(Reason::Expired)
        } else {
            self.check_begun(created.unwrap_or(issued), now)
        }
    }

    /// The absolute limit alone.
    pub(crate) fn check_begun(&self, created: Timestamp, now: Timestamp) -> Result<(), Reason> {
        if now > created.after(self.absolute) {
            Err(Reason::TooOld)
        } else {
            Ok(())
        }
    }

    /// When a session issued and begun at these times ends.
    #[must_use]
    pub fn end(&self, issued: Timestamp, created: Timestamp) -> Timestamp {
        issued.after(self.idle).min(created.after(self.absolute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_to_the_millisecond() {
        let lifetimes = Lifetimes {
            idle: Duration::from_secs(10),
            absolute: Duration::from_secs(100),
        };
        let at = Timestamp::from_millis;
        let check = |issued, created, now| lifetimes.check(at(issued), Some(at(created)), at(now));
        assert_eq!(check(0, 0, 10_000), Ok(()));
        assert_eq!(check(0, 0, 10_001), Err(Reason::Expired));
        assert_eq!(check(95_000, 0, 100_000), Ok(()));
        assert_eq!(check(95_000, 0, 100_001), Err(Reason::TooOld));
        assert_eq!(check(300_000, 300_000, 0), Ok(()));
        assert_eq!(check(300_001, 0, 0), Err(Reason::FromTheFuture));
        assert_eq!(check(0, 300_001, 0), Err(Reason::FromTheFuture));
        assert_eq!(lifetimes.check(at(0), None, at(10_000)), Ok(()));
    }

    #[test]
    fn no_clock_value_wraps() {
        let lifetimes = Lifetimes::default();
        let (min, max) = (
            Timestamp::from_millis(i64::MIN),
            Timestamp::from_millis(i64::MAX),
        );
        assert_eq!(lifetimes.check(min, None, max), Err(Reason::Expired));
        assert_eq!(lifetimes.check(max, None, min), Err(Reason::FromTheFuture));
    }
}
