//! One request, from the browser's cookie to the browser's cookie.

use alloc::rc::Rc;
use core::time::Duration;

use serde_json::json;
use session_codec::{
    Commit, Lineage, OpenSession, Reason, SealError, Session, Timestamp,
    cookie::{Lifetime, ResponseCookie, SetCookie},
};
use session_store::{RecordName, SessionStore, StoreError};
use worker::{Context, Delay, Env, Headers, web_sys};

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
    revocation::{self, Standing},
    routes::Mode,
    session_patch,
    settings::{KV_BINDING, Protocol, Revocation, Settings, StoreChoice},
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
    let mut may_reissue = mode != Mode::Class;
    if let Some(opened) = visit.session()
        && gateway.must_ask(opened, mode)
    {
        match gateway.standing(opened).await {
            Ok(Standing::Good) => {}
            Ok(Standing::Revoked) => visit.reject(Reason::Revoked),
            // Never fail open: a route that requires a session waits for the answer, and no
            // cookie gets a new life without one.
            Err(error) if gateway.fails_closed(mode) => {
                crate::log::warn("revocation-unavailable", &json!(error.label()));
                return answer::unavailable();
            }
            Err(_) => may_reissue = false,
        }
    }
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
    let (cookie, told) = gateway.tell(&visit, mode, &request.method(), location);
    let settings = &gateway.settings;
    let forwarded = origin_cookies(settings, &cookies, cookie.as_deref());
    let answered = origin::fetch(&request, location, settings, forwarded.as_deref(), &told).await;
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            crate::log::warn("origin-unreachable", &json!(error.to_string()));
            return answer::bad_gateway();
        }
    };
    let cookies = SetCookies::read(&response, &gateway.settings)?;
    may_reissue = may_reissue
        && !matches!(request.method().as_str(), "HEAD" | "OPTIONS")
        && response.status() < 500
        && response.status() != 304;
    let patch = match settings.protocol {
        Protocol::Headers(_) => Headers(response.headers()).get(session_patch::HEADER)?,
        Protocol::Transcode => None,
    };
    let mut outbound = match patch {
        Some(patch) => gateway.obey(&visit, mode, &patch).await,
        None => {
            let line = cookies.session();
            gateway.outbound(&visit, line, may_reissue).await
        }
    };
    let placement = outbound.placement.take();
    let lines = gateway.finish_later(outbound, context);
    let rebuilt = response::rebuild(&response, &cookies, &lines, visit.session().is_some())?;
    if let Some(placement) = placement {
        Headers(rebuilt.headers()).set(PLACEMENT_HEADER, &placement)?;
    }
    Ok(rebuilt)
}

/// Where the session's keys went, for whoever develops the site.
const PLACEMENT_HEADER: &str = "session-placement";

/// What one request works with.
pub(crate) struct Gateway<S> {
    pub(crate) settings: Rc<Settings>,
    store: Option<Rc<S>>,
    pub(crate) now: Timestamp,
}

/// What a request leaves behind.
#[derive(Default)]
pub(crate) struct Outbound {
    /// `Set-Cookie` lines for the browser.
    lines: Vec<String>,
    /// Records that nobody needs once the lines are sent.
    deletions: Vec<RecordName>,
    /// A session that ended, while the store would not take it down.
    pub(crate) unrevoked: Option<Lineage>,
    /// The debug header.
    placement: Option<String>,
}

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

    /// Revocations are looked up where a session is required, and before a cookie is issued anew:
    /// otherwise a revoked one could be traded in for one that no list knows.
    pub(crate) fn must_ask(&self, opened: &OpenSession, mode: Mode) -> bool {
        match self.settings.revocation {
            Revocation::None => false,
            Revocation::Always => true,
            Revocation::Required => match mode {
                Mode::Required => true,
                // Nothing is issued anew there.
                Mode::Public | Mode::Class => false,
                Mode::Optional => self.reissue_cause(opened).is_some(),
            },
        }
    }

    fn fails_closed(&self, mode: Mode) -> bool {
        mode == Mode::Required || self.settings.revocation == Revocation::Always
    }

    pub(crate) async fn standing(&self, opened: &OpenSession) -> Result<Standing, StoreError> {
        let Some(store) = &self.store else {
            return Ok(Standing::Good);
        };
        let user = self.settings.class_rule.user(opened.session());
        revocation::standing(
            &self.settings.codec,
            &**store,
            opened,
            user.as_deref(),
            self.now,
        )
        .await
    }

    /// Why a session should be sealed again although the origin did not change it.
    fn reissue_cause(&self, opened: &OpenSession) -> Option<&'static str> {
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

    /// Decides what the browser is told of its session.
    async fn outbound(&self, visit: &Visit, line: Option<&str>, may_reissue: bool) -> Outbound {
        let cookie = line.map(|line| SetCookie::read(line.as_bytes()));
        match (cookie, visit.session()) {
            (Some(Err(error)), _) => failed("origin_cookie", &error.to_string()),
            (Some(Ok(cookie)), opened) if is_removal(&cookie, self.now) => {
                self.end(visit, opened).await
            }
            (Some(Ok(cookie)), opened) => self.seal_origin_cookie(visit, &cookie, opened).await,
            (None, Some(opened)) => match self.reissue_cause(opened).filter(|_| may_reissue) {
                Some(cause) => self.reissue(visit, opened, cause).await,
                None => Outbound {
                    lines: visit.plain_removal(&self.settings).into_iter().collect(),
                    ..Outbound::default()
                },
            },
            (None, None) => Outbound {
                lines: visit.removals(&self.settings),
                ..Outbound::default()
            },
        }
    }

    /// The origin ended the session: the browser forgets it, no copy of it is good any more, and
    /// its records go.
    pub(crate) async fn end(&self, visit: &Visit, opened: Option<&OpenSession>) -> Outbound {
        let ops = opened.map(|opened| self.settings.codec.end(opened.lineage()));
        Outbound {
            lines: self.all_removals(visit),
            deletions: gate::deletions(ops.unwrap_or_default()),
            unrevoked: match opened {
                Some(opened) => self.revoke(opened.lineage(), "logout").await,
                None => None,
            },
            placement: None,
        }
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

    /// The same session under the key, envelope and time that are written today.
    async fn reissue(&self, visit: &Visit, opened: &OpenSession, cause: &'static str) -> Outbound {
        let issued = match cause {
            "touch" => self.now,
            _ => opened.issued(),
        };
        let age = self.settings.cookie_age;
        let lifetime = lifetime::of_session(opened.session(), age, issued, self.now);
        let saved = self
            .seal(opened.session(), opened.lineage(), issued, lifetime)
            .await;
        match saved {
            Ok(saved) => {
                crate::counters::reissued(cause);
                self.told(visit, saved)
            }
            Err(error) => not_saved(&error),
        }
    }

    /// Takes a session down; hands it back if the store would not.
    async fn revoke(&self, lineage: &Lineage, cause: &'static str) -> Option<Lineage> {
        let store = self
            .store
            .as_ref()
            .filter(|_| self.settings.revocation > Revocation::None)?;
        let codec = &self.settings.codec;
        match revocation::revoke_session(codec, &**store, lineage, self.now).await {
            Ok(()) => {
                crate::counters::revoked(cause);
                None
            }
            Err(error) => {
                crate::log::warn("revocation-failed", &json!(error.label()));
                Some(lineage.clone())
            }
        }
    }

    /// Takes down every session of a user that began until now; `None` where nobody would look.
    pub(crate) async fn revoke_user(&self, user: &str) -> Option<Result<(), StoreError>> {
        let store = self
            .store
            .as_ref()
            .filter(|_| self.settings.revocation > Revocation::None)?;
        let revoked = revocation::revoke_user(&self.settings.codec, &**store, user, self.now).await;
        if revoked.is_ok() {
            crate::counters::revoked("user");
        }
        Some(revoked)
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
        let lifetime = lifetime::of_cookie(cookie, self.now);
        let saved = self.save(visit, opened, fresh.session(), fresh.issued(), lifetime);
        saved.await.unwrap_or_else(|error| not_saved(&error))
    }

    /// Saves a session that was changed here and now: a session without keys is none.
    pub(crate) async fn save_changed(
        &self,
        visit: &Visit,
        before: Option<&OpenSession>,
        after: &Session,
    ) -> Result<Outbound, SaveError> {
        if after.is_empty() {
            return Ok(self.end(visit, before).await);
        }
        let (age, now) = (self.settings.cookie_age, self.now);
        let lifetime = lifetime::of_session(after, age, now, now);
        self.save(visit, before, after, now, lifetime).await
    }

    async fn save(
        &self,
        visit: &Visit,
        before: Option<&OpenSession>,
        after: &Session,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Outbound, SaveError> {
        let rule = &self.settings.class_rule;
        let (lineage, ended) = match before {
            None => (Lineage::new(issued), None),
            Some(before) if rule.is_same_user(before.session(), after) => {
                (before.lineage().carrying(before.session(), after), None)
            }
            // Log in, or log in as somebody else: a new life and id, and the old one ends.
            Some(before) => {
                let old = before.lineage();
                let carried = old.carrying(before.session(), after);
                (carried.restarted(issued), Some(old))
            }
        };
        let saved = self.seal(after, &lineage, issued, lifetime).await?;
        let mut outbound = self.told(visit, saved);
        if let Some(ended) = ended {
            outbound.unrevoked = self.revoke(ended, "login").await;
        }
        Ok(outbound)
    }

    async fn seal(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Saved, SaveError> {
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
        let placement = self.report(session, &commit);
        let saved = match &self.store {
            Some(store) => gate::save(&**store, commit, self.now).await,
            None if commit.store_ops.is_empty() => Ok((commit.set_cookie, vec![])),
            None => Err(StoreError::Refused {
                reason: "no store".into(),
            }),
        };
        let (cookie, deletions) = saved.map_err(SaveError::Store)?;
        Ok((cookie, deletions, placement))
    }

    /// Tells the operator where keys went if that is worth telling; the debug header, if it is on.
    fn report(&self, session: &Session, commit: &Commit) -> Option<String> {
        let Settings {
            codec,
            debug_header,
            ..
        } = &*self.settings;
        let is_remarkable = codec.is_remarkable(commit);
        if !is_remarkable && !debug_header {
            return None;
        }
        let report = codec.report(session, commit);
        if is_remarkable {
            crate::log::placement(&report);
        }
        debug_header.then(|| report.header_value())
    }

    /// A saved session's lines.
    fn told(&self, visit: &Visit, (cookie, deletions, placement): Saved) -> Outbound {
        let plain = visit.plain_removal(&self.settings);
        Outbound {
            lines: core::iter::once(cookie.into_string())
                .chain(plain)
                .collect(),
            deletions,
            unrevoked: None,
            placement,
        }
    }

    /// Leaves what nobody waits for to after the answer, and gives the lines for it.
    pub(crate) fn finish_later(&self, outbound: Outbound, context: &Context) -> Vec<String> {
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
            let now = self.now;
            context.wait_until(async move {
                if let Some(lineage) = unrevoked {
                    insist(&settings, &*store, &lineage, now).await;
                }
                gate::delete_all(&*store, deletions).await;
            });
        }
        lines
    }
}

/// A session that is stored: its cookie, records that may go, and the debug header.
type Saved = (ResponseCookie, Vec<RecordName>, Option<String>);

/// Tries again to take a session down, for as long as the platform lets us after an answer.
async fn insist(settings: &Settings, store: &impl SessionStore, lineage: &Lineage, now: Timestamp) {
    for seconds in [1, 4, 10] {
        Delay::from(Duration::from_secs(seconds)).await;
        let again = revocation::revoke_session(&settings.codec, store, lineage, now).await;
        if again.is_ok() {
            crate::counters::revoked("retry");
            return;
        }
    }
    crate::log::warn(
        "revocation-given-up",
        &json!("copies of the cookie stay valid"),
    );
}

/// A session that could not be saved leaves everything as it was: the browser keeps its cookie,
/// and the old record is still there.
pub(crate) fn not_saved(error: &SaveError) -> Outbound {
    failed("seal", error.label())
}

pub(crate) fn failed(step: &str, reason: &str) -> Outbound {
    crate::log::warn(
        "session-save-failed",
        &json!({ "step": step, "reason": reason }),
    );
    Outbound::default()
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
