//! `/_session`: the session as a resource, for a page's script and for servers with the token.

mod authority;
mod idempotency_key;
mod view;

use session_codec::{RequestMark, SessionData};

use crate::{
    access::Access,
    answer::{self, Answer},
    body::Body,
    cookie_lines,
    dialect::Dialect,
    gate::Missing,
    gateway::{Gateway, Outbound, Purpose, Unknown},
    pipeline::{Concluded, Outcome},
    platform::Platform,
    presence::{self, Presence},
    protocol::Spoken,
    refusal::{Failure, Refusal},
    request::RequestHead,
    routes::Mode,
    sealed::Afterwards,
    session_text,
    site::Site,
    visit::{Evidence, Found, Visit},
};
use authority::Authority;

/// The longest body: 16 times what a cookie holds.
const MAX_BODY: usize = 64 << 10;

impl<P: Platform> Gateway<P> {
    /// Answers a request for `/_session`.
    pub async fn answer_session(self, request: &RequestHead<'_>, body: impl Body) -> Concluded<P> {
        let (answer, outbound) = match Spoken::of(&self, &self.site.protocol) {
            Spoken::Sealed(dialect) => respond(&dialect, request, body).await,
            Spoken::Rows(dialect) => respond(&dialect, request, body).await,
        };
        self.note_cookies(&request.location, answer.cookies());
        Concluded {
            outcome: Outcome::Answer(answer),
            afterwards: Afterwards::of(self, outbound),
        }
    }
}

/// Lets pass who shows the token.
///
/// # Errors
/// What everybody else is answered.
pub fn needs_token(request: &RequestHead<'_>, site: &Site) -> Result<(), Answer> {
    match Authority::of(request, &site.access) {
        Ok(Authority::Token) => Ok(()),
        Ok(Authority::Browser) => Err(Refusal::NeedsToken.answer(&[])),
        Err(refusal) => Err(refusal.answer(&[])),
    }
}

/// The user whom `?user=…` names.
///
/// # Errors
/// [`Refusal::Query`] for any other query.
pub fn user_of(query: &str) -> Result<String, Refusal> {
    match Scope::of(query)? {
        Scope::User(user) => Ok(user),
        Scope::Session | Scope::Everywhere => Err(Refusal::Query),
    }
}

async fn respond<P: Platform, D: Dialect<P>>(
    dialect: &D,
    request: &RequestHead<'_>,
    body: impl Body,
) -> (Answer, Outbound) {
    let gateway = dialect.gateway();
    let site = &gateway.site;
    let cookies = cookie_lines::read(request, site);
    let mut visit = Visit::unseen();
    let failure = match done(dialect, &mut visit, &cookies, request, body).await {
        Ok((reply, outbound)) => {
            let answer = answer::api(
                reply.status,
                reply.body,
                reply.is_bound.then_some(("session-device", "bound")),
                &outbound.lines,
            );
            return (answer, outbound);
        }
        Err(failure) => failure,
    };
    let Failure { refusal, left } = failure;
    let (refusal, lines) = match refusal {
        Refusal::Lost { is_newest } => match dialect.give_up(&mut visit, is_newest, &cookies) {
            Ok(()) => (Refusal::NoSession, visit.removals(site)),
            Err(lines) => (refusal, lines),
        },
        Refusal::NoSession => (refusal, visit.removals(site)),
        Refusal::Conflict => (refusal, dialect.all_removals(&visit)),
        _ => (refusal, vec![]),
    };
    (refusal.answer(&lines), left)
}

async fn done<P: Platform, D: Dialect<P>>(
    dialect: &D,
    visit: &mut Visit<D::Session>,
    cookies: &str,
    request: &RequestHead<'_>,
    body: impl Body,
) -> Result<(Reply, Outbound), Failure> {
    let verb = Verb::of(request.method)?;
    let scope = Scope::of(&request.location.query)?;
    if scope != Scope::Session {
        if verb != Verb::End {
            return Err(Refusal::Query.into());
        }
        if !D::ENDS_USERS {
            return Err(Refusal::RevocationOff.into());
        }
    }
    let site = &dialect.gateway().site;
    let access = &site.access;
    let authority = Authority::of(request, access)?;
    if verb != Verb::Read {
        authority.check_site(request)?;
    }
    let key = match verb {
        Verb::Read => None,
        Verb::End | Verb::Merge | Verb::Replace => idempotency_key::of(request)?,
    };
    // What has ended has ended, however often it is asked for.
    if key.is_some() && verb != Verb::End && !D::REMEMBERS_REQUESTS {
        return Err(Refusal::NoKeys.into());
    }
    *visit = dialect.read(cookies).await.map_err(refused)?;
    visit.device = Evidence::of(site, cookies, dialect.gateway().now);
    match verb {
        Verb::Read => {
            admit(dialect, visit, request).await?;
            let session = visit.session().ok_or(Refusal::NoSession)?;
            let reply = Reply {
                is_bound: visit.device.as_ref().is_some_and(|it| it.is_bound),
                ..Reply::showing(dialect.data(session), authority, access)
            };
            Ok((reply, Outbound::default()))
        }
        Verb::End => {
            if matches!(visit.found, Found::Conflict) {
                return Err(Refusal::Conflict.into());
            }
            match &scope {
                Scope::Session => {}
                Scope::Everywhere => {
                    admit(dialect, visit, request).await?;
                    let session = visit.session().ok_or(Refusal::NoSession)?;
                    let user = site.class_rule.user(dialect.data(session));
                    dialect.end_user(&user.ok_or(Refusal::NoUser)?).await?;
                }
                Scope::User(_) if authority == Authority::Browser => {
                    return Err(Refusal::NeedsToken.into());
                }
                // Whoever's cookie came along has nothing to do with it.
                Scope::User(user) => {
                    dialect.end_user(user).await?;
                    return Ok((Reply::done(), Outbound::default()));
                }
            }
            if site.device.is_some() && scope == Scope::Session {
                // A copy of the cookie ends nobody's session. While nobody knows, it does.
                drop(dialect.admit(visit, REQUIRED).await);
                present(dialect, visit, request).await?;
            }
            let outbound = dialect.end(visit).await?;
            // Nobody is told that they are logged out while copies of their cookie are still good.
            if outbound.unrevoked.is_some() {
                return Err(Failure {
                    refusal: Refusal::Unavailable,
                    left: outbound,
                });
            }
            Ok((Reply::done(), outbound))
        }
        Verb::Merge | Verb::Replace => {
            admit(dialect, visit, request).await?;
            // A stranger makes no sessions: the site does, or whoever has the token.
            if authority == Authority::Browser && visit.session().is_none() {
                return Err(Refusal::NoSession.into());
            }
            authority::check_type(request)?;
            let is_long = |length: &usize| *length > MAX_BODY;
            let length = request.field("content-length");
            let length = length.and_then(|length| length.parse().ok());
            if length.as_ref().is_some_and(is_long) {
                return Err(Refusal::BodyTooLarge.into());
            }
            let body = body.read(MAX_BODY).await.map_err(Refusal::from)?;
            let content = [request.method.as_bytes(), &body];
            let mark = key.map(|key| RequestMark::new(key, &content));
            let given = match authority {
                Authority::Token => session_text::read(body),
                Authority::Browser => session_text::read_of_visitor(body),
            };
            let given = given.map_err(Refusal::from)?;
            let rule = |session: &SessionData| changed(verb, session, &given, authority, access);
            let patch = (verb == Verb::Merge).then_some(&given);
            let (after, outbound) = dialect.change(visit, rule, patch, mark).await?;
            Ok((Reply::showing(&after, authority, access), outbound))
        }
    }
}

/// What was asked for.
struct Reply {
    status: u16,
    body: Option<String>,
    /// The session's device is there.
    is_bound: bool,
}

impl Reply {
    /// Nothing to tell but that it was done.
    const fn done() -> Self {
        Self {
            status: 204,
            body: None,
            is_bound: false,
        }
    }

    /// The session, as much of it as may be seen.
    fn showing(session: &SessionData, authority: Authority, access: &Access) -> Self {
        let body = view::json(session, |key| authority.may_see(key, access));
        Self {
            status: 200,
            body: Some(body),
            is_bound: false,
        }
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
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut everywhere = false;
        let mut named = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "everywhere" => everywhere = true,
                "user" if named.is_none() => named = Some(value.into_owned()),
                _ => {}
            }
        }
        match (everywhere, named) {
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
    session: &SessionData,
    given: &SessionData,
    authority: Authority,
    access: &Access,
) -> Result<SessionData, Refusal> {
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

/// As on a route that requires a session: a revoked one is none, and nothing is said while nobody
/// knows.
async fn admit<P: Platform, D: Dialect<P>>(
    dialect: &D,
    visit: &mut Visit<D::Session>,
    request: &RequestHead<'_>,
) -> Result<(), Refusal> {
    if let Found::Conflict = visit.found {
        return Err(Refusal::Conflict);
    }
    dialect.admit(visit, REQUIRED).await.map_err(refused)?;
    present(dialect, visit, request).await
}

/// What a session is asked about as on a route that requires one.
const REQUIRED: Purpose = Purpose {
    mode: Mode::Required,
    is_safe: false,
};

/// A session that is bound to a device is one with that device only.
async fn present<P: Platform, D: Dialect<P>>(
    dialect: &D,
    visit: &mut Visit<D::Session>,
    request: &RequestHead<'_>,
) -> Result<(), Refusal> {
    if dialect.gateway().site.device.is_none() {
        return Ok(());
    }
    match Box::pin(presence::judge(dialect, visit, request, Mode::Required)).await {
        Presence::Passes => Ok(()),
        Presence::Again | Presence::ProvesAgain | Presence::Later => Err(Refusal::Unavailable),
        Presence::Withheld | Presence::FromElsewhere | Presence::NotBound => {
            visit.withhold();
            Err(Refusal::NoSession)
        }
    }
}

fn refused(unknown: Unknown) -> Refusal {
    match unknown {
        Unknown::Standing | Unknown::Data(Missing::Unavailable(_)) => Refusal::Unavailable,
        Unknown::Data(Missing::Lost { is_newest }) => Refusal::Lost { is_newest },
    }
}
