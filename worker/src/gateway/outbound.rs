//! What the origin's answer, or time, does to the session.

use alloc::rc::Rc;

use serde_json::json;
use session_codec::{
    Lineage, OpenSession, Session,
    cookie::{SetCookie, SetCookieError},
};
use session_store::{RecordName, SessionStore};
use worker::Context;

use super::{Gateway, end::insist, save::Change};
use crate::{
    gate::{self, SaveError},
    lifetime,
    routes::Mode,
    state::with_workspace,
    visit::Visit,
};

/// What a request leaves behind.
#[derive(Default)]
pub(crate) struct Outbound {
    /// `Set-Cookie` lines for the browser.
    pub(super) lines: Vec<String>,
    /// Records that nobody needs once the lines are sent.
    pub(super) deletions: Vec<RecordName>,
    /// A session that ended, while the store would not take it down.
    pub(crate) unrevoked: Option<Lineage>,
    /// The debug header.
    pub(crate) placement: Option<String>,
    /// The session that was saved, if it is not the one that was to be: others changed it too.
    pub(crate) merged: Option<Session>,
}

impl Outbound {
    fn lines(lines: Vec<String>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }
}

/// Lines that an answer can take although the origin did not ask for them.
#[derive(Clone, Copy)]
pub(crate) struct Unasked {
    /// A cookie issued anew.
    pub(crate) reissue: bool,
    /// The removal of a cookie that is good for nothing.
    pub(crate) removal: bool,
}

/// Why what the origin wrote on such a route is not the visitor's session.
pub(crate) const ROUTE_WITHOUT_SESSION: &str = "route_without_session";

impl<S: SessionStore + 'static> Gateway<S> {
    /// Decides what the browser is told of its session.
    pub(super) async fn outbound(
        &self,
        visit: &Visit,
        mode: Mode,
        line: Option<&str>,
        unasked: Unasked,
    ) -> Outbound {
        let cookie = line.map(|line| SetCookie::read(line.as_bytes()));
        match (cookie, visit.session()) {
            (Some(Err(error)), _) => unreadable(&error),
            (Some(Ok(cookie)), opened) if lifetime::is_removal(&cookie, self.now) => {
                self.end(visit, opened).await
            }
            (Some(Ok(_)), _) if !mode.may_set_session(visit.has_session()) => {
                failed("origin_cookie", ROUTE_WITHOUT_SESSION)
            }
            (Some(Ok(cookie)), opened) => self.seal_origin_cookie(visit, &cookie, opened).await,
            (None, Some(opened)) => {
                let cause = self.reissue_cause(opened);
                match cause.filter(|_| unasked.reissue) {
                    Some(cause) => self.reissue(visit, opened, cause).await,
                    None => Outbound::lines(
                        visit
                            .plain_removal(&self.settings)
                            .filter(|_| unasked.removal)
                            .into_iter()
                            .collect(),
                    ),
                }
            }
            (None, None) if unasked.removal => Outbound::lines(visit.removals(&self.settings)),
            (None, None) => Outbound::default(),
        }
    }

    /// Why a session should be sealed again although the origin did not change it.
    pub(super) fn reissue_cause(&self, opened: &OpenSession) -> Option<&'static str> {
        let age = self.now.millis_since(opened.issued());
        if self.settings.codec.needs_reissue(opened) {
            Some(if opened.key().is_primary() {
                "envelope"
            } else {
                "key"
            })
        } else if opened.expired_keys().next().is_some() {
            Some("key_end")
        } else if self.settings.touch_millis.is_some_and(|touch| age >= touch) {
            Some("touch")
        } else {
            None
        }
    }

    /// The same session under the key, envelope and time that are written today.
    async fn reissue(&self, visit: &Visit, opened: &OpenSession, cause: &'static str) -> Outbound {
        let issued = match cause {
            "touch" => self.now,
            _ => opened.issued(),
        };
        let age = self.settings.cookie_age;
        let lifetime = lifetime::of_session(opened.session(), age, issued, self.now);
        let change = Change {
            before: Some(opened),
            after: opened.session(),
        };
        // No cookie gets a new life without an answer, where nobody asked for one.
        let followed = Some((opened, true));
        let lineage = opened.lineage().clone();
        match self.seal(change, followed, lineage, issued, lifetime).await {
            Ok(saved) => {
                crate::counters::reissued(cause);
                self.told(visit, saved)
            }
            Err(error) => self.not_saved(visit, &error),
        }
    }

    /// The origin set its session: verified, sealed, and stored before the browser hears of it.
    async fn seal_origin_cookie(
        &self,
        visit: &Visit,
        cookie: &SetCookie<'_>,
        opened: Option<&OpenSession>,
    ) -> Outbound {
        let codec = &self.settings.codec;
        let read = |workspace: &mut _| codec.open_origin_cookie(cookie.value, self.now, workspace);
        let read = with_workspace(read);
        crate::seen::origin_cookie(read.as_ref().map(drop).map_err(|reason| reason.label()));
        let fresh = match read {
            Ok(fresh) => fresh,
            // Most likely the origin signs with a key that is not configured here.
            Err(reason) => return failed("origin_cookie", reason.label()),
        };
        let lifetime = lifetime::of_cookie(cookie, self.now);
        let saved = self.save(visit, opened, fresh.session(), fresh.issued(), lifetime);
        saved
            .await
            .unwrap_or_else(|error| self.not_saved(visit, &error))
    }

    /// A session that could not be saved leaves everything as it was: the browser keeps its cookie,
    /// and the old record is still there.
    ///
    /// One that ended is removed, but not where it was in force when the request came, nor that of
    /// a stranger: then the browser may have logged in meanwhile, and what it has now is no business
    /// of this answer. If it has not, its next request says so.
    pub(crate) fn not_saved(&self, visit: &Visit, error: &SaveError) -> Outbound {
        let mut outbound = failed("seal", error.label());
        let rule = &self.settings.class_rule;
        let is_user = |opened: &OpenSession| rule.has_user(opened.session());
        if *error == SaveError::Ended && !visit.is_judged && visit.session().is_some_and(is_user) {
            outbound.lines = self.all_removals(visit);
        }
        outbound
    }

    /// Deletes records that were written for nothing; nobody waits for it.
    pub(super) fn delete_later(&self, names: Vec<RecordName>) {
        let Some(store) = self.store.clone().filter(|_| !names.is_empty()) else {
            return;
        };
        self.context
            .wait_until(async move { gate::delete_all(&*store, names).await });
    }

    /// Leaves what nobody waits for to after the answer, and gives the lines for it.
    pub(crate) fn finish_later(&self, outbound: Outbound, context: &Rc<Context>) -> Vec<String> {
        let Outbound {
            lines,
            deletions,
            unrevoked,
            ..
        } = outbound;
        if let Some(store) = self.store.clone()
            && !(deletions.is_empty() && unrevoked.is_none())
        {
            let settings = Rc::clone(&self.settings);
            let memory = self.memory.clone();
            let now = self.now;
            context.wait_until(async move {
                let mut deletions = deletions;
                if let Some(lineage) = unrevoked {
                    deletions.extend(insist(&settings, &*store, &memory, &lineage, now).await);
                }
                gate::delete_all(&*store, deletions).await;
            });
        }
        lines
    }
}

/// The origin set its session in a line that is no cookie, or is too long for one: what the
/// visitor changed with this request is lost, and only the log can tell.
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
    Outbound::default()
}

pub(crate) fn failed(step: &str, reason: &str) -> Outbound {
    crate::log::warn(
        "session-save-failed",
        &json!({ "step": step, "reason": reason }),
    );
    Outbound::default()
}
