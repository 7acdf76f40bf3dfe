//! `/_session`: the session as a resource, for a page's script and for servers with the token.

mod authority;
mod refusal;
mod view;

use alloc::rc::Rc;

use session_codec::Session;
use session_store::SessionStore;
use worker::{Context, Env, Headers, web_sys};

use crate::{
    answer, body,
    gate::Missing,
    gateway::Gateway,
    location::Location,
    merge_patch, session_text,
    settings::Settings,
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
    context: &Context,
) -> worker::Result<web_sys::Response> {
    let gateway = Gateway::new(settings, env)?;
    let cookies = Headers(request.headers())
        .get("cookie")?
        .unwrap_or_default();
    let mut visit = Visit::read(&gateway.settings, &cookies, gateway.now);
    match answer(&gateway, &mut visit, request, location, context).await {
        Ok(Reply {
            status,
            body,
            cookies,
        }) => answer::api(status, body, None, &cookies),
        Err(refusal) => {
            let cookies = match refusal {
                Refusal::NoSession => visit.removals(&gateway.settings),
                Refusal::Conflict | Refusal::Lost => gateway.all_removals(&visit),
                _ => vec![],
            };
            answer::api(
                refusal.status(),
                Some(refusal.body()),
                refusal.header(),
                &cookies,
            )
        }
    }
}

/// What was asked for.
struct Reply {
    status: u16,
    body: Option<String>,
    cookies: Vec<String>,
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

async fn answer<S: SessionStore + 'static>(
    gateway: &Gateway<S>,
    visit: &mut Visit,
    request: web_sys::Request,
    location: &Location,
    context: &Context,
) -> Result<Reply, Refusal> {
    let verb = Verb::of(&request.method())?;
    let headers = Headers(request.headers());
    let access = &gateway.settings.access;
    let authority = Authority::of(&headers, access)?;
    if verb != Verb::Read {
        authority.check_site(&headers, location)?;
    }
    load(gateway, visit).await?;
    match verb {
        Verb::Read => {
            let opened = visit.session().ok_or(Refusal::NoSession)?;
            let body = view::json(opened.session(), |key| authority.may_see(key, access));
            Ok(Reply {
                status: 200,
                body: Some(body),
                cookies: vec![],
            })
        }
        Verb::End => {
            let (cookies, deletions) = gateway.end(visit, visit.session());
            gateway.delete_later(deletions, context);
            Ok(Reply {
                status: 204,
                body: None,
                cookies,
            })
        }
        Verb::Merge | Verb::Replace => {
            // A stranger makes no sessions: the site does, or whoever has the token.
            if authority == Authority::Browser && visit.session().is_none() {
                return Err(Refusal::NoSession);
            }
            authority::check_type(&headers)?;
            let body = body::read(request, MAX_BODY).await?;
            let given = session_text::read(body)?;
            let nothing = Session::new();
            let before = visit.session();
            let session = before.map_or(&nothing, |opened| opened.session());
            let mut touched: Vec<_> = given.keys().collect();
            let after = match verb {
                Verb::Merge => merge_patch::apply(session, &given)
                    .map_err(|_| session_text::TextError::NotJson)?,
                _ => {
                    touched.extend(session.keys());
                    given.clone()
                }
            };
            if let Some(key) = touched
                .iter()
                .find(|key| !authority.may_change(key, access))
            {
                return Err(Refusal::NotWritable(key.clone().into_owned()));
            }
            let saved = gateway.save_changed(visit, before, &after).await;
            let (cookies, deletions) = saved.map_err(|error| Refusal::of_save(&error))?;
            gateway.delete_later(deletions, context);
            Ok(Reply {
                status: 200,
                body: Some(view::json(&after, |key| authority.may_see(key, access))),
                cookies,
            })
        }
    }
}

async fn load<S: SessionStore + 'static>(
    gateway: &Gateway<S>,
    visit: &mut Visit,
) -> Result<(), Refusal> {
    match &mut visit.found {
        Found::Conflict => Err(Refusal::Conflict),
        Found::Nothing | Found::Rejected => Ok(()),
        Found::Session(opened) => gateway.load(opened).await.map_err(|missing| match missing {
            Missing::Unavailable(reason) => {
                crate::log::warn("session-unavailable", &serde_json::json!(reason));
                Refusal::Unavailable
            }
            Missing::Lost => {
                crate::log::warn("session-lost", &serde_json::json!("record"));
                Refusal::Lost
            }
        }),
    }
}
