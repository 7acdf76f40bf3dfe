//! What the origin's answer, or time, does to the session.

use serde_json::json;
use session_codec::{
    OpenSession,
    cookie::{SetCookie, SetCookieError},
};

use super::save::{Change, Made};
use crate::{
    gate::{NotSaved, SaveError},
    gateway::{Gateway, Outbound, Unasked},
    lifetime,
    platform::Platform,
    routes::Mode,
    visit::Visit,
    workspace::with_workspace,
};

impl<P: Platform> Gateway<P> {
    /// The origin set its session in a `Set-Cookie` line.
    pub(crate) async fn seal_origin_line(
        &self,
        visit: &Visit<OpenSession>,
        mode: Mode,
        line: &str,
    ) -> Outbound {
        let opened = visit.session();
        match SetCookie::read(line.as_bytes()) {
            Err(error) => unreadable(&error),
            Ok(cookie) if lifetime::is_removal(&cookie, self.now, self.site.date) => {
                self.end(visit, opened).await
            }
            Ok(_) if !mode.may_set_session(visit.has_session()) => without_session("origin_cookie"),
            Ok(cookie) => self.seal_origin_cookie(visit, &cookie, opened).await,
        }
    }

    /// The origin said nothing of the session.
    pub(super) async fn unchanged(&self, visit: &Visit<OpenSession>, unasked: Unasked) -> Outbound {
        let cause = visit.session().and_then(|opened| {
            let cause = self.reissue_cause(opened).filter(|_| unasked.reissue);
            cause.map(|cause| (opened, cause))
        });
        if let Some((opened, cause)) = cause {
            return self.reissue(visit, opened, cause).await;
        }
        if !unasked.removal {
            return Outbound::default();
        }
        Outbound::lines(match visit.session() {
            Some(_) => visit.plain_removal(&self.site).into_iter().collect(),
            None => visit.removals(&self.site),
        })
    }

    /// Why a session should be sealed again although the origin did not change it.
    pub(super) fn reissue_cause(&self, opened: &OpenSession) -> Option<&'static str> {
        let age = self.now.millis_since(opened.issued());
        if self.site.codec.needs_reissue(opened) {
            Some(if opened.key().is_primary() {
                "envelope"
            } else {
                "key"
            })
        } else if opened.expired_keys().next().is_some() {
            Some("key_end")
        } else if self.site.touch_millis.is_some_and(|touch| age >= touch) {
            Some("touch")
        } else {
            None
        }
    }

    /// The same session under the key, envelope and time that are written today.
    async fn reissue(
        &self,
        visit: &Visit<OpenSession>,
        opened: &OpenSession,
        cause: &'static str,
    ) -> Outbound {
        let issued = match cause {
            "touch" => self.now,
            _ => opened.issued(),
        };
        let age = self.site.cookie_age;
        let lifetime =
            lifetime::of_session(opened.session(), age, issued, self.now, self.site.date);
        let change = Change {
            before: Some(opened),
            after: opened.session(),
            patch: None,
            mark: None,
        };
        // No cookie gets a new life without an answer, where nobody asked for one.
        let followed = Some((opened, true));
        match self.seal(change, followed, issued, lifetime).await {
            Ok(saved) => {
                crate::counters::reissued(cause);
                self.told(visit, saved)
            }
            // The site had changed nothing that could have been lost.
            Err(failed) => Outbound {
                unsaved: None,
                ..self.not_saved(visit, failed)
            },
        }
    }

    /// The origin set its session: verified, sealed, and stored before the browser hears of it.
    async fn seal_origin_cookie(
        &self,
        visit: &Visit<OpenSession>,
        cookie: &SetCookie<'_>,
        opened: Option<&OpenSession>,
    ) -> Outbound {
        let codec = &self.site.codec;
        let read = |workspace: &mut _| codec.open_origin_cookie(cookie.value, self.now, workspace);
        let read = with_workspace(read);
        crate::seen::origin_cookie(read.as_ref().map(drop).map_err(|reason| reason.label()));
        let fresh = match read {
            Ok(fresh) => fresh,
            // Most likely the origin signs with a key that is not configured here.
            Err(reason) => return failed("origin_cookie", reason.label()),
        };
        let lifetime = lifetime::of_cookie(cookie, self.now, self.site.date);
        let made = Made {
            after: fresh.session(),
            patch: None,
            mark: None,
        };
        let saved = self.save(visit, opened, made, fresh.issued(), lifetime);
        saved
            .await
            .unwrap_or_else(|failed| self.not_saved(visit, failed))
    }

    /// A session that could not be saved leaves everything as it was: the browser keeps its cookie,
    /// and the old record is still there.
    ///
    /// One that ended is removed, but not where it was in force when the request came, nor that of
    /// a stranger: then the browser may have logged in meanwhile, and what it has now is no business
    /// of this answer. If it has not, its next request says so.
    pub(crate) fn not_saved(
        &self,
        visit: &Visit<OpenSession>,
        NotSaved { error, deletions }: NotSaved,
    ) -> Outbound {
        let mut outbound = failed("seal", error.label());
        outbound.deletions = deletions;
        let rule = &self.site.class_rule;
        let is_user = |opened: &OpenSession| rule.has_user(opened.session());
        if error == SaveError::Ended && !visit.is_judged && visit.session().is_some_and(is_user) {
            outbound.lines = self.all_removals(visit);
        }
        outbound
    }
}

/// The origin set its session in a line that is no cookie, or is too long for one: what the
/// visitor changed with this request is lost, and the log and a header can tell.
fn unreadable(error: &SetCookieError) -> Outbound {
    let reason = match error {
        SetCookieError::TooLong { .. } => "too_large",
        SetCookieError::Nameless | SetCookieError::Control => "malformed",
    };
    crate::counters::saved(reason);
    crate::log::warn(
        "session-save-failed",
        &json!({ "step": "origin_cookie", "reason": reason, "why": error.to_string() }),
    );
    Outbound::unsaved(reason)
}

/// What the origin wrote on such a route is not the visitor's session, so nothing of it is missed.
pub(crate) fn without_session(step: &str) -> Outbound {
    Outbound {
        unsaved: None,
        ..failed(step, "route_without_session")
    }
}

pub(crate) fn failed(step: &str, reason: &'static str) -> Outbound {
    crate::log::warn(
        "session-save-failed",
        &json!({ "step": step, "reason": reason }),
    );
    Outbound::unsaved(reason)
}
