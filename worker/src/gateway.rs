//! One request, from the browser's cookie to the browser's cookie.

use alloc::rc::Rc;

use serde_json::json;
use session_codec::{
    Lineage, OpenSession, Session, Timestamp,
    cookie::{Lifetime, SetCookie},
};
use session_store::{RecordName, SessionStore, StoreError};
use worker::{Context, Env, Headers, web_sys};

use crate::{
    answer, clock,
    gate::{self, Missing},
    lifetime,
    location::Location,
    origin,
    response::{self, SetCookies},
    routes::Mode,
    settings::{KV_BINDING, Settings, StoreChoice},
    state::with_workspace,
    store::{KvRecords, TimeLimit},
    visit::{Found, Visit, origin_cookies},
};

/// Answers a request that is for the origin.
pub(crate) async fn respond(
    request: web_sys::Request,
    location: &Location,
    settings: Rc<Settings>,
    env: &Env,
    context: &Context,
) -> worker::Result<web_sys::Response> {
    let now = clock::now();
    let cookies = Headers(request.headers())
        .get("cookie")?
        .unwrap_or_default();
    let mode = settings.routes.mode(&location.path);
    let mut visit = match mode {
        Mode::Public => Visit::unseen(),
        Mode::Optional | Mode::Required => Visit::read(&settings, &cookies, now),
    };
    let store = match settings.store {
        StoreChoice::Kv => Some(Rc::new(TimeLimit(KvRecords::new(env.kv(KV_BINDING)?)))),
        StoreChoice::None => None,
    };
    let gateway = Gateway {
        settings,
        store,
        now,
    };
    let removals = visit.removals(&gateway.settings);
    match &mut visit.found {
        Found::Conflict => {
            return answer::unusable("Two sessions at once. Please log in again.", &removals);
        }
        Found::Nothing | Found::Rejected if mode == Mode::Required => {
            let login = gateway
                .settings
                .login_url
                .as_deref()
                .filter(|_| wants_html(&request));
            return answer::session_required(location, login, &removals);
        }
        Found::Nothing | Found::Rejected => {}
        Found::Session(opened) => match gateway.load(opened).await {
            Ok(()) => {}
            Err(Missing::Unavailable(reason)) => {
                crate::log::warn("session-unavailable", &json!(reason));
                return answer::unavailable();
            }
            Err(Missing::Lost) => {
                crate::log::warn("session-lost", &json!("record"));
                return answer::unusable(
                    "The session's data is lost. Please log in again.",
                    &removals,
                );
            }
        },
    }
    let cookie = gateway.origin_cookie(visit.session());
    let forwarded = origin_cookies(&gateway.settings, &cookies, cookie.as_deref());
    let answered = origin::fetch(&request, location, &gateway.settings, forwarded.as_deref()).await;
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            crate::log::warn("origin-unreachable", &json!(error.to_string()));
            return answer::bad_gateway();
        }
    };
    let cookies = SetCookies::read(&response, &gateway.settings)?;
    let may_reissue = !matches!(request.method().as_str(), "HEAD" | "OPTIONS")
        && response.status() < 500
        && response.status() != 304;
    let (lines, deletions) = gateway
        .outbound(&visit, cookies.session(), may_reissue)
        .await;
    gateway.delete_later(deletions, context);
    response::rebuild(&response, &cookies, &lines, visit.session().is_some())
}

/// What one request works with.
struct Gateway<S> {
    settings: Rc<Settings>,
    store: Option<Rc<S>>,
    now: Timestamp,
}

/// Lines for the browser, and records that nobody needs once they are sent.
type Outbound = (Vec<String>, Vec<RecordName>);

impl<S: SessionStore + 'static> Gateway<S> {
    async fn load(&self, opened: &mut OpenSession) -> Result<(), Missing> {
        match &self.store {
            Some(store) => gate::load(&self.settings.codec, &**store, opened, self.now).await,
            None if opened.ticket().is_some() => Err(Missing::Unavailable("no_store")),
            None => Ok(()),
        }
    }

    /// The session as the origin reads it. Signed for the time at which the origin itself last
    /// signed it, so that its own age limit counts as if we were not there.
    fn origin_cookie(&self, opened: Option<&OpenSession>) -> Option<String> {
        let opened = opened?;
        let codec = &self.settings.codec;
        let sign =
            |workspace: &mut _| codec.origin_cookie(opened.session(), opened.issued(), workspace);
        match with_workspace(sign) {
            Ok(cookie) => Some(cookie),
            Err(error) => {
                crate::log::warn("origin-cookie-failed", &json!(error.label()));
                None
            }
        }
    }

    /// Decides what the browser is told of its session.
    async fn outbound(&self, visit: &Visit, line: Option<&str>, may_reissue: bool) -> Outbound {
        let cookie = line.map(|line| SetCookie::read(line.as_bytes()));
        match (cookie, visit.session()) {
            (Some(Err(error)), _) => failed("origin_cookie", &error.to_string()),
            (Some(Ok(cookie)), opened) if is_removal(&cookie, self.now) => {
                let mut lines: Vec<String> = visit.removals(&self.settings);
                if lines.is_empty() {
                    lines.push(self.settings.codec.remove().into_string());
                }
                (lines, self.ending(opened))
            }
            (Some(Ok(cookie)), opened) => self.seal_origin_cookie(visit, &cookie, opened).await,
            (None, Some(opened)) if may_reissue && self.settings.codec.needs_reissue(opened) => {
                let lifetime = lifetime::of_session(
                    opened.session(),
                    self.settings.cookie_age,
                    opened.issued(),
                    self.now,
                );
                let lineage = opened.lineage();
                let saved = self
                    .seal(opened.session(), lineage, opened.issued(), lifetime)
                    .await;
                self.told(visit, saved)
            }
            (None, Some(_)) => (
                visit.plain_removal(&self.settings).into_iter().collect(),
                vec![],
            ),
            (None, None) => (visit.removals(&self.settings), vec![]),
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
        let fresh = match with_workspace(read) {
            Ok(fresh) => fresh,
            // Most likely the origin signs with a key that is not configured here.
            Err(reason) => return failed("origin_cookie", reason.label()),
        };
        let lineage = match opened {
            None => Lineage::new(fresh.issued()),
            Some(before) if is_same_user(before.session(), fresh.session()) => {
                before.lineage().clone()
            }
            Some(before) => before.lineage().restarted(fresh.issued()),
        };
        let lifetime = lifetime::of_cookie(cookie, self.now);
        let saved = self
            .seal(fresh.session(), &lineage, fresh.issued(), lifetime)
            .await;
        self.told(visit, saved)
    }

    async fn seal(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Outbound, &'static str> {
        let codec = &self.settings.codec;
        let commit = with_workspace(|workspace| {
            codec.seal(
                session,
                lineage,
                issued,
                lifetime,
                &mut getrandom::SysRng,
                workspace,
            )
        });
        let commit = commit.map_err(|error| error.label())?;
        let saved = match &self.store {
            Some(store) => gate::save(&**store, commit, self.now).await,
            None if commit.store_ops.is_empty() => Ok((commit.set_cookie, vec![])),
            None => Err(StoreError::Refused {
                reason: "no store".into(),
            }),
        };
        let (cookie, deletions) = saved.map_err(|error| error.label())?;
        Ok((vec![cookie.into_string()], deletions))
    }

    /// A saved session's lines. One that could not be saved leaves everything as it was: the
    /// browser keeps its cookie, and the old record is still there.
    fn told(&self, visit: &Visit, saved: Result<Outbound, &'static str>) -> Outbound {
        match saved {
            Ok((mut lines, deletions)) => {
                lines.extend(visit.plain_removal(&self.settings));
                (lines, deletions)
            }
            Err(reason) => failed("seal", reason),
        }
    }

    /// The records of a session that ends.
    fn ending(&self, opened: Option<&OpenSession>) -> Vec<RecordName> {
        let ops = opened.map(|opened| self.settings.codec.end(opened.lineage()));
        gate::deletions(ops.unwrap_or_default())
    }

    fn delete_later(&self, names: Vec<RecordName>, context: &Context) {
        if let Some(store) = self.store.clone().filter(|_| !names.is_empty()) {
            context.wait_until(async move { gate::delete_all(&*store, names).await });
        }
    }
}

fn failed(step: &str, reason: &str) -> Outbound {
    crate::log::warn(
        "session-save-failed",
        &json!({ "step": step, "reason": reason }),
    );
    (vec![], vec![])
}

fn is_removal(cookie: &SetCookie<'_>, now: Timestamp) -> bool {
    cookie.is_removal()
        || (cookie.max_age.is_none()
            && lifetime::expires(cookie).is_some_and(|expires| expires <= now))
}

/// Whether both are the same visitor's: at log in Django changes who the user is, and what was
/// anonymous before begins a new life.
fn is_same_user(before: &Session, after: &Session) -> bool {
    const USER: &str = "_auth_user_id";
    before.raw(USER) == after.raw(USER)
}

fn wants_html(request: &web_sys::Request) -> bool {
    let accept = Headers(request.headers()).get("accept").ok().flatten();
    accept.is_some_and(|accept| accept.contains("text/html"))
}
