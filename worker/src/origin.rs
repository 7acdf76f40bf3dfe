//! The request to the origin and its answer.

use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use worker::{
    Delay, Headers, js_sys, wasm_bindgen::JsCast, wasm_bindgen_futures::JsFuture, web_sys,
};

use crate::{
    location::Location, origin_headers::Header, routes::Mode, settings::Settings, visit::Forwarded,
};

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
    strip_reserved(&headers)?;
    headers.set(HOPS, &(hops + 1).to_string())?;
    headers.set("x-forwarded-host", &location.host)?;
    headers.set("x-forwarded-proto", &location.scheme)?;
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
    let worker: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let answer = worker.fetch_with_request_and_init(&moved, &init);
    Ok(OriginAnswer(answer.into()))
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
pub(crate) struct OriginAnswer(JsFuture);

impl OriginAnswer {
    /// Waits for it; the body may still be on its way then.
    pub(crate) async fn head(self) -> worker::Result<web_sys::Response> {
        Ok(self.0.await?.unchecked_into())
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

/// What we tell an origin, no client may tell it: every `x-session*` header of ours goes.
fn strip_reserved(headers: &Headers) -> worker::Result<()> {
    let reserved = |name: &String| {
        name == "x-session" || name.starts_with("x-session-") || name == "session-state"
    };
    let names: Vec<String> = headers.keys().filter(reserved).collect();
    names.iter().try_for_each(|name| headers.delete(name))
}
