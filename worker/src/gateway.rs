//! One request, from the browser's cookie to the browser's cookie.

use alloc::rc::Rc;

use serde_json::json;
use session_codec::{
    Lineage, OpenSession, SealError, Session, Timestamp,
    cookie::{Lifetime, SetCookie},
};
use session_store::{RecordName, SessionStore, StoreError};
use worker::{Context, Env, Headers, web_sys};

use crate::{
    answer,
    class::Class,
    clock,
    gate::{self, Missing},
    lifetime,
    location::Location,
    origin,
    origin_headers::{self, Call, Header},
    response::{self, SetCookies},
    routes::Mode,
    session_patch,
    settings::{KV_BINDING, Protocol, Settings, StoreChoice},
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
    let gateway = Gateway::new(settings, env)?;
    let cookies = Headers(request.headers())
        .get("cookie")?
        .unwrap_or_default();
    let mode = gateway.settings.routes.mode(&location.path);
    let mut visit = match mode {
        Mode::Public => Visit::unseen(),
        _ => Visit::read(&gateway.settings, &cookies, gateway.now),
    };
    let removals = visit.removals(&gateway.settings);
    match &mut visit.found {
        Found::Conflict => {
            let removals = gateway.all_removals(&visit);
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
        Found::Session(opened)
            if mode == Mode::Class && gateway.settings.class_rule.is_certain(opened) => {}
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
    let (cookie, headers) = gateway.tell(&visit, mode, &request.method(), location);
    let forwarded = origin_cookies(&gateway.settings, &cookies, cookie.as_deref());
    let answered = origin::fetch(
        &request,
        location,
        &gateway.settings,
        forwarded.as_deref(),
        &headers,
    )
    .await;
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
        && response.status() != 304
        && mode != Mode::Class;
    let patch = match gateway.settings.protocol {
        Protocol::Headers(_) => Headers(response.headers()).get(session_patch::HEADER)?,
        Protocol::Transcode => None,
    };
    let (lines, deletions) = match patch {
        Some(patch) => gateway.obey(&visit, mode, &patch).await,
        None => {
            let line = cookies.session();
            gateway.outbound(&visit, line, may_reissue).await
        }
    };
    gateway.delete_later(deletions, context);
    response::rebuild(&response, &cookies, &lines, visit.session().is_some())
}

/// What one request works with.
pub(crate) struct Gateway<S> {
    pub(crate) settings: Rc<Settings>,
    store: Option<Rc<S>>,
    pub(crate) now: Timestamp,
}

/// Lines for the browser, and records that nobody needs once they are sent.
pub(crate) type Outbound = (Vec<String>, Vec<RecordName>);

/// Why a session was not saved.
#[derive(Debug)]
pub(crate) enum SaveError {
    /// It cannot be sealed as it is.
    Seal(SealError),
    /// The store did not take its record.
    Store(StoreError),
}

impl SaveError {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.label(),
            Self::Store(error) => error.label(),
        }
    }
}

impl Gateway<TimeLimit<KvRecords>> {
    /// With the store of the settings, at the present time.
    pub(crate) fn new(settings: Rc<Settings>, env: &Env) -> worker::Result<Self> {
        let store = match settings.store {
            StoreChoice::Kv => Some(Rc::new(TimeLimit(KvRecords::new(env.kv(KV_BINDING)?)))),
            StoreChoice::None => None,
        };
        Ok(Self {
            settings,
            store,
            now: clock::now(),
        })
    }
}

impl<S: SessionStore + 'static> Gateway<S> {
    pub(crate) async fn load(&self, opened: &mut OpenSession) -> Result<(), Missing> {
        match &self.store {
            Some(store) => gate::load(&self.settings.codec, &**store, opened, self.now).await,
            None if opened.ticket().is_some() => Err(Missing::Unavailable("no_store")),
            None => Ok(()),
        }
    }

    /// What the origin is told of the session: its cookie, or headers with a MAC.
    fn tell(
        &self,
        visit: &Visit,
        mode: Mode,
        method: &str,
        location: &Location,
    ) -> (Option<String>, Vec<Header>) {
        let Self { settings, now, .. } = self;
        let class: Option<Class> = match mode {
            Mode::Public => None,
            _ => Some(settings.class_rule.class(visit.session(), *now)),
        };
        let told = visit.session().filter(|_| mode > Mode::Class);
        let mut headers: Vec<Header> = origin_headers::class(class).into_iter().collect();
        match &settings.protocol {
            Protocol::Transcode => (self.origin_cookie(told), headers),
            Protocol::Headers(mac) => {
                let target = format!("{}{}", location.path, location.query);
                let call = Call {
                    method,
                    target: &target,
                    now: *now,
                };
                headers.extend(origin_headers::session(mac, &call, class, told));
                (None, headers)
            }
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
            (Some(Ok(cookie)), opened) if is_removal(&cookie, self.now) => self.end(visit, opened),
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
        let lineage = self.lineage(opened, fresh.session(), fresh.issued());
        let lifetime = lifetime::of_cookie(cookie, self.now);
        let saved = self
            .seal(fresh.session(), &lineage, fresh.issued(), lifetime)
            .await;
        self.told(visit, saved)
    }

    /// What the next cookie inherits; a new user's session begins when it is issued.
    pub(crate) fn lineage(
        &self,
        before: Option<&OpenSession>,
        after: &Session,
        issued: Timestamp,
    ) -> Lineage {
        let rule = &self.settings.class_rule;
        match before {
            None => Lineage::new(issued),
            Some(before) if rule.is_same_user(before.session(), after) => before.lineage().clone(),
            Some(before) => before.lineage().restarted(issued),
        }
    }

    /// Saves a session that was changed here and now: a session without keys is none.
    pub(crate) async fn save_changed(
        &self,
        visit: &Visit,
        before: Option<&OpenSession>,
        after: &Session,
    ) -> Result<Outbound, SaveError> {
        if after.is_empty() {
            return Ok(self.end(visit, before));
        }
        let (settings, now) = (&self.settings, self.now);
        let lineage = self.lineage(before, after, now);
        let lifetime = lifetime::of_session(after, settings.cookie_age, now, now);
        let (mut lines, deletions) = self.seal(after, &lineage, now, lifetime).await?;
        lines.extend(visit.plain_removal(settings));
        Ok((lines, deletions))
    }

    async fn seal(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Outbound, SaveError> {
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
        let commit = commit.map_err(SaveError::Seal)?;
        let saved = match &self.store {
            Some(store) => gate::save(&**store, commit, self.now).await,
            None if commit.store_ops.is_empty() => Ok((commit.set_cookie, vec![])),
            None => Err(StoreError::Refused {
                reason: "no store".into(),
            }),
        };
        let (cookie, deletions) = saved.map_err(SaveError::Store)?;
        Ok((vec![cookie.into_string()], deletions))
    }

    /// A saved session's lines. One that could not be saved leaves everything as it was: the
    /// browser keeps its cookie, and the old record is still there.
    fn told(&self, visit: &Visit, saved: Result<Outbound, SaveError>) -> Outbound {
        match saved {
            Ok((mut lines, deletions)) => {
                lines.extend(visit.plain_removal(&self.settings));
                (lines, deletions)
            }
            Err(error) => failed("seal", error.label()),
        }
    }

    /// The session ends: no cookie in any scope, no record.
    pub(crate) fn end(&self, visit: &Visit, opened: Option<&OpenSession>) -> Outbound {
        (self.all_removals(visit), self.ending(opened))
    }

    /// Lines that remove the session from wherever it may be: at least our own cookie, and the
    /// further scopes of the settings.
    pub(crate) fn all_removals(&self, visit: &Visit) -> Vec<String> {
        let mut lines = visit.removals(&self.settings);
        if lines.is_empty() {
            lines.push(self.settings.codec.remove().into_string());
        }
        lines.extend_from_slice(&self.settings.further_removals);
        lines
    }

    /// The records of a session that ends.
    fn ending(&self, opened: Option<&OpenSession>) -> Vec<RecordName> {
        let ops = opened.map(|opened| self.settings.codec.end(opened.lineage()));
        gate::deletions(ops.unwrap_or_default())
    }

    pub(crate) fn delete_later(&self, names: Vec<RecordName>, context: &Context) {
        if let Some(store) = self.store.clone().filter(|_| !names.is_empty()) {
            context.wait_until(async move { gate::delete_all(&*store, names).await });
        }
    }
}

pub(crate) fn failed(step: &str, reason: &str) -> Outbound {
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

fn wants_html(request: &web_sys::Request) -> bool {
    let accept = Headers(request.headers()).get("accept").ok().flatten();
    accept.is_some_and(|accept| accept.contains("text/html"))
}
