//! Sessions that the site keeps itself, in Django's `django_session` or behind the origin store:
//! its backends `db`, `cached_db`, `cache` and `file`. The cookie stays what Django made it, a key;
//! here it is looked up, and a key without a session never reaches the site.

mod d1;
mod key;
mod origin;
mod source;
mod visit;

use alloc::rc::Rc;

use serde_json::json;
use session_codec::{
    DjangoSecret, KeyRing, Timestamp,
    cookie::SetCookie,
    signing::{ROW_SALT, Signer},
};
use worker::{Env, Headers, web_sys};

use crate::{
    answer,
    caching::{Keeping, Share},
    clock, cookie_lines,
    gateway::{ROUTE_WITHOUT_SESSION, failed},
    lifetime,
    location::Location,
    origin as site, origin_headers, own_address, response,
    routes::Mode,
    set_cookies::SetCookies,
    settings::Settings,
    visit::origin_cookies,
};
pub(crate) use d1::D1Rows;
pub(crate) use key::SessionKey;
pub(crate) use source::{Replaced, Rows};
pub(crate) use visit::{Found, RowSession, Visit};

/// Verifies and signs rows.
pub(crate) struct RowSigner(Signer);

impl RowSigner {
    /// With the site's keys and the salt of `SessionBase.encode`.
    pub(crate) fn new(keys: &KeyRing<DjangoSecret>) -> Self {
        Self(Signer::new(ROW_SALT, keys))
    }
}

/// Answers a request that is for the site.
pub(crate) async fn respond(
    request: web_sys::Request,
    location: &Location,
    mode: Mode,
    settings: Rc<Settings>,
    signer: &RowSigner,
    env: &Env,
) -> worker::Result<web_sys::Response> {
    let now = clock::now();
    let cookies = cookie_lines::read(&Headers(request.headers()), &settings)?;
    let visit = match mode {
        Mode::Public => Visit::unseen(),
        _ => {
            let rows = Rows::open(&settings, env)?;
            match Visit::read(&settings, signer, &rows, &cookies, now).await {
                Ok(visit) => visit,
                Err(error) => {
                    crate::log::warn("session-unavailable", &json!(error.label()));
                    return answer::unavailable();
                }
            }
        }
    };
    match visit.found {
        Found::Conflict => {
            let removals = visit.removals(&settings);
            return answer::unusable("Two sessions at once. Please log in again.", &removals);
        }
        Found::Nothing | Found::Rejected if mode == Mode::Required => {
            let wants_html = answer::wants_html(&request);
            let login = settings.login_url.as_deref().filter(|_| wants_html);
            return answer::session_required(location, login, &visit.removals(&settings));
        }
        Found::Nothing | Found::Rejected | Found::Session(_) => {}
    }
    let session = visit.session();
    let class = mode
        .tells()
        .then(|| settings.class_rule.known(session.map(RowSession::session)));
    let told = origin_headers::class(class).into_iter().collect();
    let key = session
        .filter(|_| mode.tells_session())
        .map(|session| session.key().as_str());
    let forwarded = origin_cookies(&settings, &cookies, key);
    drop(cookies);
    let asked = site::ask(&request, location, &settings, mode, forwarded, told);
    let response = match site::head(asked).await {
        Ok(response) => response,
        Err(unanswered) => return unanswered.answer(),
    };
    if own_address::leads_past_us(&response, &settings.origin, location)? {
        crate::log::warn_seldom("origin-redirects-to-https", &json!(location.path));
        return answer::leads_past_us();
    }
    let mut cookies = SetCookies::read(&response, &settings, &location.path, now)?;
    let said = response::said(&response, now)?;
    let share = Share {
        sets: cookies.session().is_some(),
        has_session: session.is_some(),
        mode,
        varies_by_cookie: true,
    };
    let keeping = said.keeping(&share);
    let mut lines = Vec::new();
    if cookies.session().is_some() {
        let change = Change {
            settings: &settings,
            signer,
            env,
            mode,
            now,
        };
        let does = change.is_the_visitors(&request, &visit, &cookies).await?;
        cookies.hand_on_session(does);
    } else if session.is_none() && !said.is_for_keeping(&share, response.status()) {
        lines = visit.removals(&settings);
    }
    let keeping = match lines.is_empty() {
        true => keeping,
        false => Keeping::Nobody,
    };
    let rebuilt = response::rebuild(&response, &cookies, &lines, &said, keeping)?;
    own_address::replace(&Headers(rebuilt.headers()), &settings.origin, location)?;
    Ok(rebuilt)
}

/// What the site says of the session in its answer.
struct Change<'r> {
    settings: &'r Settings,
    signer: &'r RowSigner,
    env: &'r Env,
    mode: Mode,
    now: Timestamp,
}

impl Change<'_> {
    /// Whether it is for this visitor: where the site was not told of a session it may end it, and
    /// begin one for somebody who has none.
    async fn is_the_visitors(
        &self,
        request: &web_sys::Request,
        visit: &Visit,
        cookies: &SetCookies,
    ) -> worker::Result<bool> {
        if self.mode.tells_session() {
            return Ok(true);
        }
        let line = SetCookie::read(cookies.session().unwrap_or_default().as_bytes());
        let is_removal = line.is_ok_and(|cookie| lifetime::is_removal(&cookie, self.now));
        let rows = Rows::open(self.settings, self.env)?;
        // On a public route nobody looked who it is; now it counts.
        let looked_up = match self.mode {
            Mode::Public => Some(self.look_up(request, &rows).await?),
            _ => None,
        };
        let visit = match &looked_up {
            None => visit,
            Some(Some(visit)) => visit,
            // Who it is cannot be had now: a log out goes on, nothing is replaced.
            Some(None) => return Ok(is_removal),
        };
        if is_removal {
            // The site did not get to see the key whose session it ends.
            if let Some(session) = visit.session()
                && let Err(error) = rows.delete(session.key(), self.now).await
            {
                crate::log::warn("revocation-failed", &json!(error.label()));
            }
            return Ok(true);
        }
        let may = self.mode.may_set_session(visit.has_session());
        if !may {
            failed("origin_cookie", ROUTE_WITHOUT_SESSION);
        }
        Ok(may)
    }

    async fn look_up(
        &self,
        request: &web_sys::Request,
        rows: &Rows,
    ) -> worker::Result<Option<Visit>> {
        let sent = Headers(request.headers()).get("cookie")?;
        let sent = sent.unwrap_or_default();
        let visit = Visit::read(self.settings, self.signer, rows, &sent, self.now).await;
        Ok(visit
            .map_err(|error| crate::log::warn("session-unavailable", &json!(error.label())))
            .ok())
    }
}
