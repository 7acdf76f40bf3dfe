//! A session whose record is gone for good.

use session_codec::{OpenSession, cookie::Lifetime};

use crate::{gateway::Gateway, platform::Platform, visit::Visit};

/// For how long a browser remembers which session it was told is lost.
const REMEMBERED_SECONDS: u64 = 600;

impl<P: Platform> Gateway<P> {
    /// What becomes of a cookie whose session is lost: taken for none, or, before that, the lines
    /// of an answer that says so.
    ///
    /// The cookie may be an old one that was long on its way, and the browser have a newer one by
    /// now, which a removal would take with it. So unless nothing newer can be, the browser is
    /// first given the name of the record that is lost, in a cookie beside the session's. Who then
    /// comes with that name and the same session cookie has no newer one.
    ///
    /// # Errors
    /// The `Set-Cookie` lines of the answer.
    pub(crate) fn give_up(
        &self,
        visit: &mut Visit<OpenSession>,
        is_newest: bool,
        cookies: &str,
    ) -> Result<(), Vec<String>> {
        if is_newest {
            return Err(visit.removals(&self.site));
        }
        let opened = visit.session();
        let record = opened.and_then(|opened| self.site.codec.record_name(opened));
        let Some((profile, record)) = self.site.lost_profile.as_ref().zip(record) else {
            return Err(vec![]);
        };
        let record = record.to_text();
        if crate::visit::has_cookie(cookies, profile.name(), &record) {
            visit.forget();
            return Ok(());
        }
        let line = profile.set(&record, Lifetime::MaxAge(REMEMBERED_SECONDS));
        Err(line.into_iter().map(|line| line.into_string()).collect())
    }
}
