//! What an isolate has seen that shows a setting to be wrong which looks right.

use crate::shared::Shared;

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Why the site's first session could not be read, as long as none could.
    pub unread_origin_cookie: Option<&'static str>,
    /// One of the site's sessions was read.
    pub has_read_one: bool,
    /// The site set a session for another domain or path than the settings say.
    pub session_elsewhere: bool,
    /// `Set-Cookie` lines came joined with commas.
    pub joined_lines: bool,
    /// A request of our own came back to us.
    pub own_request: bool,
    /// A browser was sent the cookie without TLS.
    pub cookie_over_http: bool,
}

static SEEN: Shared<Seen> = Shared::new(Seen {
    unread_origin_cookie: None,
    has_read_one: false,
    session_elsewhere: false,
    joined_lines: false,
    own_request: false,
    cookie_over_http: false,
});

/// What was seen so far.
pub fn so_far() -> Seen {
    SEEN.with(|seen| *seen)
}

/// The site set a session, and this came of reading it.
pub(crate) fn origin_cookie(outcome: Result<(), &'static str>) {
    SEEN.with(|seen| *seen = seen.with_origin_cookie(outcome));
    crate::counters::origin_cookie(outcome.err().unwrap_or("read"));
}

/// The site set a session for another domain or path than the settings say.
pub(crate) fn session_elsewhere() {
    SEEN.with(|seen| seen.session_elsewhere = true);
}

/// `Set-Cookie` lines came joined with commas.
pub(crate) fn joined_lines() {
    SEEN.with(|seen| seen.joined_lines = true);
}

/// A request of our own came back to us.
pub(crate) fn own_request() {
    SEEN.with(|seen| seen.own_request = true);
}

/// A browser was sent the cookie without TLS.
pub(crate) fn cookie_over_http() {
    SEEN.with(|seen| seen.cookie_over_http = true);
}

impl Seen {
    fn with_origin_cookie(self, outcome: Result<(), &'static str>) -> Self {
        let has_read_one = self.has_read_one || outcome.is_ok();
        let unread = self.unread_origin_cookie.or(outcome.err());
        Self {
            unread_origin_cookie: unread.filter(|_| !has_read_one),
            has_read_one,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_read_clears_those_that_were_not() {
        let unread = |outcomes: &[Result<(), &'static str>]| {
            let seen = outcomes.iter().fold(Seen::default(), |seen, outcome| {
                seen.with_origin_cookie(*outcome)
            });
            seen.unread_origin_cookie
        };
        assert_eq!(unread(&[]), None);
        assert_eq!(unread(&[Err("forged"), Err("expired")]), Some("forged"));
        assert_eq!(unread(&[Err("forged"), Ok(())]), None);
        assert_eq!(unread(&[Ok(()), Err("forged")]), None);
    }
}
