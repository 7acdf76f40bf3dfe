//! One request, from the browser's cookie to the browser's cookie.

mod end;
mod lost;
mod outbound;
mod save;
mod standing;

use alloc::rc::Rc;

use serde_json::json;
use session_codec::{OpenSession, SealError, Timestamp};
use session_store::SessionStore;
use worker::{Context, Env, Headers, web_sys};

use crate::{
    answer,
    caching::{Keeping, Share},
    class::Class,
    clock, cookie_lines,
    gate::Missing,
    header_limit,
    location::Location,
    origin,
    origin_headers::{self, Call, Header},
    own_address, response,
    revocation::{DataCentreCache, Known, Memory},
    routes::Mode,
    session_patch,
    set_cookies::SetCookies,
    settings::{Columns, Protocol, Settings},
    state::with_workspace,
    store::{AfterAnswer, Backend},
    visit::{Found, Visit, origin_cookies},
};
pub(crate) use outbound::{Outbound, ROUTE_WITHOUT_SESSION, Unasked, failed};
pub(crate) use standing::{Purpose, Unknown};

/// Answers a request that is for the origin.
pub(crate) async fn respond(
    request: web_sys::Request,
    location: &Location,
    mode: Mode,
    settings: Rc<Settings>,
    env: &Env,
    context: &Rc<Context>,
) -> worker::Result<web_sys::Response> {
    let gateway = Gateway::new(settings, env, context, &request, location)?;
    let cookies = cookie_lines::read(&Headers(request.headers()), &gateway.settings)?;
    let mut visit = match mode {
        Mode::Public => Visit::unseen(),
        _ => Visit::read(&gateway.settings, &cookies, gateway.now),
    };
    match gateway
        .admit(&mut visit, Purpose::of(mode, &request.method()))
        .await
    {
        Ok(()) => {}
        Err(Unknown::Standing | Unknown::Data(Missing::Unavailable(_))) => {
            return answer::unavailable();
        }
        Err(Unknown::Data(Missing::Lost { is_newest })) => {
            if let Err(lines) = gateway.give_up(&mut visit, is_newest, &cookies) {
                let login = gateway.settings.login_url.as_deref();
                let goes_there = mode == Mode::Required && answer::wants_html(&request);
                return match login.filter(|_| goes_there) {
                    Some(login) => answer::session_required(location, Some(login), &lines),
                    None => answer::unusable(LOST, &lines),
                };
            }
        }
    }
    match visit.found {
        Found::Conflict => {
            let removals = gateway.all_removals(&visit);
            return answer::unusable("Two sessions at once. Please log in again.", &removals);
        }
        Found::Nothing | Found::Rejected if mode == Mode::Required => {
            let login = gateway
                .settings
                .login_url
                .as_deref()
                .filter(|_| answer::wants_html(&request));
            let removals = visit.removals(&gateway.settings);
            return answer::session_required(location, login, &removals);
        }
        Found::Nothing | Found::Rejected | Found::Session(_) => {}
    }
    let settings = &gateway.settings;
    let session_bytes;
    let asked = match gateway.tell(&visit, mode, &request.method(), location) {
        Ok((cookie, told)) => {
            let told_bytes: usize = told.iter().map(|(_, value)| value.len()).sum();
            session_bytes = cookie.as_ref().map_or(0, String::len) + told_bytes;
            let forwarded = origin_cookies(settings, &cookies, cookie.as_deref());
            origin::ask(&request, location, settings, mode, forwarded, told)
        }
        // The origin would take the visitor for a stranger: better no answer than that one.
        Err(error) => {
            crate::log::warn("origin-cookie-failed", &json!(error.label()));
            return answer::unavailable();
        }
    };
    drop(cookies);
    let answered = origin::head(asked).await;
    let refused = header_limit::check(&answered, session_bytes, &request, settings).await?;
    if let Some(page) = refused {
        return Ok(page);
    }
    let response = match answered {
        Ok(response) => response,
        Err(unanswered) => return unanswered.answer(),
    };
    if own_address::leads_past_us(&response, &gateway.settings.origin, location)? {
        crate::log::warn_seldom("origin-redirects-to-https", &json!(location.path));
        return answer::leads_past_us();
    }
    let cookies = SetCookies::read(&response, settings, &location.path, gateway.now)?;
    let patch = match settings.protocol {
        Protocol::Headers(_) => Headers(response.headers()).get(session_patch::HEADER)?,
        Protocol::Transcode | Protocol::Rows(_) => None,
    };
    let share = Share {
        sets: cookies.session().is_some() || patch.is_some(),
        has_session: visit.session().is_some(),
        mode,
        varies_by_cookie: matches!(settings.protocol, Protocol::Transcode),
    };
    let said = response::said(&response, gateway.now)?;
    let keeping = said.keeping(&share);
    let status = response.status();
    let removal = !said.is_for_keeping(&share, status);
    let unasked = Unasked {
        reissue: removal
            && mode != Mode::Class
            && !matches!(request.method().as_str(), "HEAD" | "OPTIONS")
            && status < 500
            && status != 304,
        removal,
    };
    if mode == Mode::Public && share.sets {
        // Nobody looked who it is; now it counts.
        let sent = Headers(request.headers()).get("cookie")?;
        visit = Visit::read(settings, &sent.unwrap_or_default(), gateway.now);
    }
    let mut outbound = match patch {
        Some(patch) => gateway.obey(&visit, mode, &patch).await,
        None => {
            let line = cookies.session();
            gateway.outbound(&visit, mode, line, unasked).await
        }
    };
    let placement = outbound.placement.take();
    let lines = gateway.finish_later(outbound, context);
    let keeping = match lines.is_empty() {
        true => keeping,
        false => Keeping::Nobody,
    };
    let rebuilt = response::rebuild(&response, &cookies, &lines, &said, keeping)?;
    let headers = Headers(rebuilt.headers());
    own_address::replace(&headers, &gateway.settings.origin, location)?;
    if let Some(placement) = placement {
        headers.set(PLACEMENT_HEADER, &placement)?;
    }
    Ok(rebuilt)
}

const LOST: &str = "The session's data is lost. Please load the page again, and log in.";

/// Where the session's keys went, for whoever develops the site.
const PLACEMENT_HEADER: &str = "session-placement";

/// What one request works with.
pub(crate) struct Gateway<S> {
    pub(crate) settings: Rc<Settings>,
    store: Option<Rc<S>>,
    pub(crate) now: Timestamp,
    memory: Memory<DataCentreCache>,
    context: Rc<Context>,
    client: Client,
}

thread_local! {
    /// What this isolate knows of the list of ended sessions.
    static KNOWN: Rc<Known> = Rc::default();
}

/// What a store may keep of who changed a session, if the settings ask for it.
#[derive(Default)]
struct Client {
    ip: Option<Box<str>>,
    user_agent: Option<Box<str>>,
}

impl Client {
    fn of(request: &web_sys::Request, columns: Columns) -> worker::Result<Self> {
        let headers = Headers(request.headers());
        let header = |name: &str, is_wanted: bool| match is_wanted {
            true => headers.get(name).map(|text| text.map(short)),
            false => Ok(None),
        };
        Ok(Self {
            ip: header("cf-connecting-ip", columns.ip)?,
            user_agent: header("user-agent", columns.user_agent)?,
        })
    }
}

/// Characters of a column: a client chooses them, and a row is not a place to fill up.
const MAX_COLUMN: usize = 256;

fn short(text: String) -> Box<str> {
    text.chars().take(MAX_COLUMN).collect()
}

impl Gateway<Backend> {
    /// With the stores of the settings, at the present time.
    pub(crate) fn new(
        settings: Rc<Settings>,
        env: &Env,
        context: &Rc<Context>,
        request: &web_sys::Request,
        location: &Location,
    ) -> worker::Result<Self> {
        let store = Backend::open(
            settings.store,
            settings.store_policy,
            settings.origin_store.as_ref(),
            env,
            Rc::new(AfterAnswer(Rc::clone(context))),
        )?;
        Ok(Self {
            client: Client::of(request, settings.columns)?,
            memory: Memory::new(
                KNOWN.with(Rc::clone),
                DataCentreCache::new(&location.host, Rc::clone(context)),
                settings.revocation_seconds,
            ),
            context: Rc::clone(context),
            settings,
            store: store.map(Rc::new),
            now: clock::now(),
        })
    }
}

impl<S: SessionStore + 'static> Gateway<S> {
    /// What the origin is told of the session: its cookie, or headers with a MAC.
    fn tell(
        &self,
        visit: &Visit,
        mode: Mode,
        method: &str,
        location: &Location,
    ) -> Result<(Option<String>, Vec<Header>), SealError> {
        let Self { settings, now, .. } = self;
        let class: Option<Class> = mode
            .tells()
            .then(|| settings.class_rule.class(visit.session(), *now));
        let told = visit.session().filter(|_| mode.tells_session());
        let mut headers: Vec<Header> = origin_headers::class(class).into_iter().collect();
        match &settings.protocol {
            Protocol::Transcode | Protocol::Rows(_) => Ok((self.origin_cookie(told)?, headers)),
            Protocol::Headers(mac) => {
                let target = format!("{}{}", location.path, location.query);
                let call = Call {
                    method,
                    target: &target,
                    now: *now,
                };
                headers.extend(origin_headers::session(mac, &call, class, told));
                Ok((None, headers))
            }
        }
    }

    /// The session as the origin reads it. Signed for the time at which the origin itself last
    /// signed it, or it was changed or touched here, so that its own age limit counts as if we
    /// were not there.
    fn origin_cookie(&self, opened: Option<&OpenSession>) -> Result<Option<String>, SealError> {
        let codec = &self.settings.codec;
        opened
            .map(|opened| {
                with_workspace(|workspace| {
                    codec.origin_cookie(opened.session(), opened.issued(), workspace)
                })
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of what a function that takes a request promises.
    fn octets<'a, F>(
        _: impl Fn(web_sys::Request, &'a Location, Rc<Settings>, &'a Env, &'a Rc<Context>) -> F,
    ) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_under_way_takes_little_memory() {
        // A slow origin has many of them under way. It was 22 KB while stores were not boxed.
        const LITTLE: usize = 4096;
        let on_a_route = |request, location, settings, env, context| {
            respond(request, location, Mode::Required, settings, env, context)
        };
        for octets in [octets(on_a_route), octets(crate::api::respond)] {
            assert!(octets <= LITTLE, "{octets}");
        }
    }
}
