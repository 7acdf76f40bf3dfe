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
    DjangoSecret, KeyRing,
    cookie::SetCookie,
    signing::{ROW_SALT, Signer},
};
use worker::{Env, Headers, web_sys};

use crate::{
    answer, clock,
    location::Location,
    origin as site, origin_headers, own_address,
    response::{self, SetCookies},
    routes::Mode,
    settings::Settings,
    visit::origin_cookies,
};
pub(crate) use d1::D1Rows;
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
    settings: Rc<Settings>,
    signer: &RowSigner,
    env: &Env,
) -> worker::Result<web_sys::Response> {
    let now = clock::now();
    let mode = settings.mode(&location.path);
    let cookies = Headers(request.headers()).get("cookie")?;
    let cookies = cookies.unwrap_or_default();
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
    let class =
        (mode != Mode::Public).then(|| settings.class_rule.known(session.map(RowSession::session)));
    let told = origin_headers::class(class).into_iter().collect();
    let key = session
        .filter(|_| mode > Mode::Class)
        .map(|session| session.key().as_str());
    let forwarded = origin_cookies(&settings, &cookies, key);
    drop(cookies);
    let answered = match site::ask(&request, location, &settings, forwarded, told) {
        Ok(answer) => answer.head().await,
        Err(error) => Err(error),
    };
    let response = match answered {
        Ok(response) => response,
        Err(error) => {
            crate::log::warn("origin-unreachable", &json!(error.to_string()));
            return answer::bad_gateway();
        }
    };
    let cookies = SetCookies::read(&response, &settings)?;
    let lines = lines(&visit, mode, cookies.session(), &settings);
    let rebuilt = response::rebuild(&response, &cookies, &lines, session.is_some())?;
    own_address::replace(&Headers(rebuilt.headers()), &settings.origin, location)?;
    Ok(rebuilt)
}

/// What the browser is told of its session: what the site says, but for a session that the site was
/// not told of. A key that is none is taken away.
fn lines(visit: &Visit, mode: Mode, line: Option<&str>, settings: &Settings) -> Vec<String> {
    let Some(line) = line else {
        return match visit.session() {
            Some(_) => vec![],
            None => visit.removals(settings),
        };
    };
    let was_told = mode > Mode::Class || visit.session().is_none();
    let is_removal = SetCookie::read(line.as_bytes()).is_ok_and(|cookie| cookie.is_removal());
    if was_told || is_removal {
        return vec![line.to_owned()];
    }
    crate::log::warn("session-save-failed", &json!("route_without_session"));
    vec![]
}
