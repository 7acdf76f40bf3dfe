//! `/_session`: the session as a resource, for a page's script and for servers with the token.

mod authority;
mod refusal;
mod rows;
mod view;
mod warm;

use alloc::rc::Rc;

use session_codec::Session;
use session_store::SessionStore;
use worker::{Context, Env, Headers, web_sys};

use crate::{
    answer, body, clock, cookie_lines,
    gate::Missing,
    gateway::{Gateway, Purpose, Unknown},
    location::Location,
    routes::Mode,
    session_text,
    settings::{Access, Protocol, Settings, Tier},
    stats,
    store::Database,
    visit::{Found, Visit},
};
use authority::Authority;
use refusal::Refusal;

/// The longest body: 16 times what a cookie holds.
const MAX_BODY: usize = 64 << 10;

/// Answers a request for `/_session`.
pub(crate) async fn respond(
    request: web_sys::Request,
    location: &Location,
    settings: Rc<Settings>,
    env: &Env,
    context: &Rc<Context>,
) -> worker::Result<web_sys::Response> {
    let cookies = cookie_lines::read(&Headers(request.headers()), &settings)?;
    if let Protocol::Rows(signer) = &settings.protocol {
        return rows::respond(request, location, &settings, signer, &cookies, env).await;
    }
    let gateway = Gateway::new(settings, env, context, &request, location)?;
    let mut visit = Visit::read(&gateway.settings, &cookies, gateway.now);
    match answer(&gateway, &mut visit, request, location, context).await {
        Ok(reply) => reply.build(),
        Err(refusal) => {
            let (refusal, cookies) = match refusal {
                Refusal::Lost { is_newest } => {
                    match gateway.give_up(&mut visit, is_newest, &cookies) {
                        Ok(()) => (Refusal::NoSession, visit.removals(&gateway.settings)),
                        Err(lines) => (refusal, lines),
                    }
                }
                Refusal::NoSession => (refusal, visit.removals(&gateway.settings)),
                Refusal::Conflict => (refusal, gateway.all_removals(&visit)),
                _ => (refusal, vec![]),
            };
            refused(&refusal, &cookies)
        }
    }
}

/// `/_session/metrics`: the counters of this isolate, for whoever shows the token. How many log in
/// and which keys are in use is nobody else's business.
pub(crate) fn metrics(
    request: &web_sys::Request,
    settings: &Settings,
) -> worker::Result<web_sys::Response> {
    match needs_token(request, settings) {
        Ok(()) => answer::metrics(),
        Err(refusal) => refused(&refusal, &[]),
    }
}

/// `/_session/stats`: what lies in D1, for whoever shows the token.
pub(crate) async fn stats(
    request: &web_sys::Request,
    settings: &Settings,
    env: &Env,
) -> worker::Result<web_sys::Response> {
    if let Err(refusal) = needs_token(request, settings) {
        return refused(&refusal, &[]);
    }
    if !settings.store.tiers().any(|tier| tier == Tier::D1) {
        return refused(&Refusal::NoDatabase, &[]);
    }
    let database = Database::new(env.d1(Tier::D1.binding())?);
    let now = clock::now();
    let read = match settings.protocol {
        Protocol::Rows(_) => stats::of_rows(&database, now).await,
        _ => stats::of_records(&database, now).await,
    };
    match read {
        Ok(stats) => answer::api(200, Some(stats.to_string()), None, &[]),
        Err(error) => {
            crate::log::warn("stats-failed", &serde_json::json!(error.label()));
            refused(&Refusal::Unavailable, &[])
        }
    }
}

/// `POST /_session/warm?user=…`: what D1 has of a user goes into KV before he asks for it, for
/// whoever shows the token. Says how many records it was.
pub(crate) async fn warm(
    request: &web_sys::Request,
    location: &Location,
    settings: &Settings,
    env: &Env,
    context: &Rc<Context>,
) -> worker::Result<web_sys::Response> {
    if let Err(refusal) = needs_token(request, settings) {
        return refused(&refusal, &[]);
    }
    let user = match Scope::of(&location.query) {
        Ok(Scope::User(user)) if request.method() == "POST" => user,
        Ok(Scope::User(_)) => return refused(&Refusal::Method, &[]),
        _ => return refused(&Refusal::Query, &[]),
    };
    match warm::user(settings, env, context, &user, clock::now()).await? {
        Ok(warmed) => {
            let body = serde_json::json!({ "warmed": warmed });
            answer::api(200, Some(body.to_string()), None, &[])
        }
        Err(refusal) => refused(&refusal, &[]),
    }
}

fn needs_token(request: &web_sys::Request, settings: &Settings) -> Result<(), Refusal> {
    match Authority::of(&Headers(request.headers()), &settings.access)? {
        Authority::Token => Ok(()),
        Authority::Browser => Err(Refusal::NeedsToken),
    }
}

fn refused(refusal: &Refusal, cookies: &[String]) -> worker::Result<web_sys::Response> {
    answer::api(
        refusal.status(),
        Some(refusal.body()),
        refusal.header(),
        cookies,
    )
}

/// What was asked for.
struct Reply {
    status: u16,
    body: Option<String>,
    cookies: Vec<String>,
}

impl Reply {
    /// Nothing to tell but that it was done.
    const fn done(cookies: Vec<String>) -> Self {
        Self {
            status: 204,
            body: None,
            cookies,
        }
    }

    /// The session, as much of it as may be seen.
    fn showing(
        session: &Session,
        authority: Authority,
        access: &Access,
        cookies: Vec<String>,
    ) -> Self {
        let body = view::json(session, |key| authority.may_see(key, access));
        Self {
            status: 200,
            body: Some(body),
            cookies,
        }
    }

    fn build(self) -> worker::Result<web_sys::Response> {
        answer::api(self.status, self.body, None, &self.cookies)
    }
}

/// What to do with the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Read,
    Merge,
    Replace,
    End,
}

impl Verb {
    fn of(method: &str) -> Result<Self, Refusal> {
        match method {
            "GET" | "HEAD" => Ok(Self::Read),
            "PATCH" => Ok(Self::Merge),
            "PUT" => Ok(Self::Replace),
            "DELETE" => Ok(Self::End),
            _ => Err(Refusal::Method),
        }
    }
}

/// Which sessions end.
#[derive(PartialEq, Eq)]
enum Scope {
    /// This one.
    Session,
    /// `?everywhere`: all of this one's user.
    Everywhere,
    /// `?user=…`: all of that user.
    User(String),
}

impl Scope {
    fn of(query: &str) -> Result<Self, Refusal> {
        let query = web_sys::UrlSearchParams::new_with_str(query).map_err(|_| Refusal::Query)?;
        match (query.has("everywhere"), query.get("user")) {
            (false, None) => Ok(Self::Session),
            (true, None) => Ok(Self::Everywhere),
            (false, Some(user)) if !user.is_empty() => Ok(Self::User(user)),
            _ => Err(Refusal::Query),
        }
    }
}

/// The session as a body changes it.
fn changed(
    verb: Verb,
    session: &Session,
    given: &Session,
    authority: Authority,
    access: &Access,
) -> Result<Session, Refusal> {
    let mut touched: Vec<_> = given.keys().collect();
    let after = match verb {
        Verb::Merge => session
            .patched(given)
            .map_err(|_| session_text::TextError::NotJson)?,
        _ => {
            touched.extend(session.keys());
            given.clone()
        }
    };
    let mut touched = touched.into_iter();
    match touched.find(|key| !authority.may_change(key, access)) {
        Some(key) => Err(Refusal::NotWritable(key.into_owned())),
        None => Ok(after),
    }
}

async fn revoke_user<S: SessionStore + 'static>(
    gateway: &Gateway<S>,
    user: &str,
) -> Result<(), Refusal> {
    let revoked = gateway.revoke_user(user).await;
    revoked.ok_or(Refusal::RevocationOff)?.map_err(|error| {
        crate::log::warn("revocation-failed", &serde_json::json!(error.label()));
        Refusal::Unavailable
    })
}

async fn answer<S: SessionStore + 'static>(
    gateway: &Gateway<S>,
    visit: &mut Visit,
    request: web_sys::Request,
    location: &Location,
    context: &Rc<Context>,
) -> Result<Reply, Refusal> {
    let verb = Verb::of(&request.method())?;
    let scope = Scope::of(&location.query)?;
    if scope != Scope::Session && verb != Verb::End {
        return Err(Refusal::Query);
    }
    let headers = Headers(request.headers());
    let access = &gateway.settings.access;
    let authority = Authority::of(&headers, access)?;
    if verb != Verb::Read {
        authority.check_site(&headers, location)?;
    }
    if verb != Verb::End {
        admit(gateway, visit).await?;
    }
    match verb {
        Verb::Read => {
            let opened = visit.session().ok_or(Refusal::NoSession)?;
            Ok(Reply::showing(opened.session(), authority, access, vec![]))
        }
        Verb::End => {
            if matches!(visit.found, Found::Conflict) {
                return Err(Refusal::Conflict);
            }
            match &scope {
                // Its record names the one before it, which goes as well; if it cannot be had the
                // session ends all the same.
                Scope::Session => drop(gateway.load(visit).await),
                Scope::Everywhere => {
                    admit(gateway, visit).await?;
                    let opened = visit.session().ok_or(Refusal::NoSession)?;
                    let user = gateway.settings.class_rule.user(opened.session());
                    revoke_user(gateway, &user.ok_or(Refusal::NoUser)?).await?;
                }
                Scope::User(_) if authority == Authority::Browser => {
                    return Err(Refusal::NeedsToken);
                }
                // Whoever's cookie came along has nothing to do with it.
                Scope::User(user) => {
                    revoke_user(gateway, user).await?;
                    return Ok(Reply::done(vec![]));
                }
            }
            let outbound = gateway.end(visit, visit.session()).await;
            // Nobody is told that he is logged out while copies of his cookie are still good.
            let is_done = outbound.unrevoked.is_none();
            let cookies = gateway.finish_later(outbound, context);
            if !is_done {
                return Err(Refusal::Unavailable);
            }
            Ok(Reply::done(cookies))
        }
        Verb::Merge | Verb::Replace => {
            // A stranger makes no sessions: the site does, or whoever has the token.
            if authority == Authority::Browser && visit.session().is_none() {
                return Err(Refusal::NoSession);
            }
            authority::check_type(&headers)?;
            let body = body::read(request, MAX_BODY).await?;
            let given = match authority {
                Authority::Token => session_text::read(body)?,
                Authority::Browser => session_text::read_of_visitor(body)?,
            };
            let nothing = Session::new();
            let before = visit.session();
            let session = before.map_or(&nothing, |opened| opened.session());
            let after = changed(verb, session, &given, authority, access)?;
            let saved = gateway.save_changed(visit, before, &after).await;
            let mut outbound = saved.map_err(|error| Refusal::of_save(&error))?;
            let after = outbound.merged.take().unwrap_or(after);
            let cookies = gateway.finish_later(outbound, context);
            Ok(Reply::showing(&after, authority, access, cookies))
        }
    }
}

/// As on a route that requires a session: a revoked one is none, and nothing is said while nobody
/// knows.
async fn admit<S: SessionStore + 'static>(
    gateway: &Gateway<S>,
    visit: &mut Visit,
) -> Result<(), Refusal> {
    if let Found::Conflict = visit.found {
        return Err(Refusal::Conflict);
    }
    let purpose = Purpose {
        mode: Mode::Required,
        is_safe: false,
    };
    let admitted = gateway.admit(visit, purpose).await;
    admitted.map_err(|unknown| match unknown {
        Unknown::Standing | Unknown::Data(Missing::Unavailable(_)) => Refusal::Unavailable,
        Unknown::Data(Missing::Lost { is_newest }) => Refusal::Lost { is_newest },
    })
}
