//! The request to the origin and its answer.

use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use serde_json::json;
use worker::{
    Delay, Headers,
    js_sys::{self, Reflect},
    wasm_bindgen::{JsCast, JsValue},
    wasm_bindgen_futures::JsFuture,
    web_sys,
};

use crate::{
    answer, arrival, clock, location::Location, origin_headers::Header, routes::Mode,
    settings::Settings, visit::Forwarded, vouched,
};

/// Milliseconds within which a connection that the origin has closed for want of use shows that it
/// is: less than a round trip. One that dies later was in use, and whatever the request did to the
/// origin it would do again.
const UNUSED_MILLIS: i64 = 5000;

/// Asks the origin: same method, path, query, headers and body, another host and other cookies.
/// The body streams through; redirects are the browser's business.
///
/// Cookies and headers are the platform's when this returns. Nothing of them, nor of the session
/// that is in them, is kept here for as long as the origin takes to answer.
pub(crate) fn ask(
    request: &web_sys::Request,
    location: &Location,
    settings: &Settings,
    mode: Mode,
    cookies: Forwarded,
    told: Vec<Header>,
) -> worker::Result<OriginAnswer> {
    let target = format!("{}{}{}", settings.origin, location.path, location.query);
    let headers = Headers(web_sys::Headers::new_with_headers(&request.headers())?);
    let hops = hops(&headers)?;
    let overrides = vouched::vouch(&headers, location)?;
    headers.set(HOPS, &(hops + 1).to_string())?;
    if arrival::is_preflight(request) {
        // It goes on because it does nothing.
        overrides.iter().try_for_each(|name| headers.delete(name))?;
    }
    for (name, value) in told {
        headers.set(name, &value)?;
    }
    match cookies {
        Forwarded::AsSent => {}
        Forwarded::Changed(Some(cookies)) => headers.set("cookie", &cookies)?,
        Forwarded::Changed(None) => headers.delete("cookie")?,
    }

    // A request serves as the init of another: method, body and signal are taken over as they are.
    let moved = web_sys::Request::new_with_str_and_init(&target, request.unchecked_ref())?;
    let init = web_sys::RequestInit::new();
    init.set_headers(headers.as_ref());
    init.set_redirect(web_sys::RequestRedirect::Manual);
    if mode.tells() {
        past_caches(&init);
    }
    let is_repeatable = matches!(request.method().as_str(), "GET" | "HEAD")
        && request.body().is_none()
        && overrides.is_empty();
    let question = Question { moved, init };
    Ok(OriginAnswer {
        answer: question.put(),
        again: is_repeatable.then_some(question),
    })
}

/// What the origin is asked, in the platform's hands.
struct Question {
    moved: web_sys::Request,
    init: web_sys::RequestInit,
}

impl Question {
    fn put(&self) -> JsFuture {
        let worker: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
        let answer = worker.fetch_with_request_and_init(&self.moved, &self.init);
        answer.into()
    }
}

/// How many Workers like this one a request has come through.
const HOPS: &str = "edge-session-hops";

/// More than anybody puts one behind the other.
const MAX_HOPS: u32 = 3;

fn hops(headers: &Headers) -> worker::Result<u32> {
    let hops = headers.get(HOPS)?;
    Ok(hops
        .and_then(|hops| hops.parse().ok())
        .unwrap_or(0)
        .min(MAX_HOPS))
}

/// Whether a request is our own, come back for the third time: the origin's address leads here, and
/// it would go round until the platform ends it.
pub(crate) fn is_own_request(request: &web_sys::Request) -> worker::Result<bool> {
    Ok(hops(&Headers(request.headers()))? >= MAX_HOPS)
}

/// The platform keeps what a Worker fetches in the zone's cache, by URL, whatever `Cookie` and
/// `Vary` say, for files of some endings also without a word of the origin's: one visitor's answer
/// would be the next one's.
fn past_caches(init: &web_sys::RequestInit) {
    init.set_cache(web_sys::RequestCache::NoStore);
}

/// Whether the runtime knows how to fetch past its cache: with old compatibility dates it does not.
pub(crate) fn can_pass_caches() -> bool {
    let init = web_sys::RequestInit::new();
    past_caches(&init);
    web_sys::Request::new_with_str_and_init("https://origin.invalid/", &init).is_ok()
}

/// The answer of an origin that was asked.
pub(crate) struct OriginAnswer {
    answer: JsFuture,
    /// What may be asked twice, having no effect (RFC 9110 9.2.2).
    again: Option<Question>,
}

/// Why there is no answer of the origin's.
pub(crate) enum Unanswered {
    /// It could not be asked, or did not answer.
    Unreachable(String),
    /// It answered with a status that is none.
    NoStatus(u16),
}

impl Unanswered {
    /// What the client is told. Cookies are left alone.
    pub(crate) fn answer(&self) -> worker::Result<web_sys::Response> {
        match self {
            Self::Unreachable(error) => crate::log::warn("origin-unreachable", &json!(error)),
            Self::NoStatus(status) => crate::log::warn("origin-status", &json!(status)),
        }
        answer::bad_gateway()
    }
}

/// Waits for the answer; its body may still be on its way then.
pub(crate) async fn head(
    asked: worker::Result<OriginAnswer>,
) -> Result<web_sys::Response, Unanswered> {
    let unreachable = |error: &worker::Error| Unanswered::Unreachable(error.to_string());
    let OriginAnswer { answer, again } = asked.map_err(|error| unreachable(&error))?;
    let asked_at = clock::now();
    let answered = match (answer.await, again) {
        // An origin closes connections that nobody uses, and may do so while a request is on its
        // way. The platform does not ask again.
        (Err(_), Some(question)) if is_wanted(&question.moved) && is_fresh(asked_at) => {
            let answered = question.put().await;
            crate::counters::origin_asked_again(match answered {
                Ok(_) => "ok",
                Err(_) => "unreachable",
            });
            answered
        }
        (answered, _) => answered,
    };
    let response: web_sys::Response = answered
        .map_err(|error| unreachable(&error.into()))?
        .unchecked_into();
    // No response can be made of another one.
    match response.status() {
        200..=599 => Ok(response),
        101 if is_socket(&response) => Ok(response),
        status => Err(Unanswered::NoStatus(status)),
    }
}

/// Whether the origin answers at all: a request without anything of a visitor's.
pub(crate) async fn is_up(settings: &Settings) -> bool {
    /// A visitor waits for it.
    const PATIENCE: Duration = Duration::from_secs(2);
    let init = web_sys::RequestInit::new();
    init.set_method("HEAD");
    init.set_redirect(web_sys::RequestRedirect::Manual);
    // A cache would answer for a site that is down.
    past_caches(&init);
    let worker: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let answer = worker.fetch_with_str_and_init(&format!("{}/", settings.origin), &init);
    match select(JsFuture::from(answer), pin!(Delay::from(PATIENCE))).await {
        // Cloudflare says 52x for an origin that does not.
        Either::Left((Ok(answer), _)) => {
            let status = answer.unchecked_into::<web_sys::Response>().status();
            !(520..530).contains(&status)
        }
        Either::Left((Err(_), _)) | Either::Right(_) => false,
    }
}

fn is_fresh(asked_at: session_codec::Timestamp) -> bool {
    clock::now().millis_since(asked_at) < UNUSED_MILLIS
}

/// Whether the client is still there, as far as the runtime says: not every request has a signal.
fn is_wanted(request: &web_sys::Request) -> bool {
    let signal = member(request, "signal");
    signal.is_none_or(|signal| member(&signal, "aborted").is_none())
}

fn is_socket(response: &web_sys::Response) -> bool {
    member(response, "webSocket").is_some()
}

/// A member that is there and says something.
fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into())
        .ok()
        .filter(JsValue::is_truthy)
}
