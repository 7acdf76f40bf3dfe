//! A Cloudflare Worker that stands in front of an origin and keeps its sessions: sealed towards
//! the browser, plain Django towards the origin.
//!
//! This crate holds what touches the platform; what can be decided without it is in
//! `session-codec` and `session-store`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

use alloc::rc::Rc;

mod answer;
mod api;
mod arrival;
mod body;
mod caching;
mod class;
mod clock;
#[cfg(feature = "conformance")]
mod conformance;
mod cookie_lines;
mod counters;
mod entropy;
mod gate;
mod gateway;
mod header_limit;
mod health;
mod key_patterns;
mod last_resort;
mod lifetime;
mod location;
mod log;
mod origin;
mod origin_headers;
mod own_address;
mod response;
mod revocation;
mod routes;
mod rows;
mod seen;
mod session_patch;
mod session_text;
mod set_cookies;
mod settings;
mod shard;
mod state;
mod stats;
mod store;
mod sweep;
mod visit;
mod vouched;
mod way_back;

use arrival::Target;
use settings::Protocol;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Context, Env, ScheduleContext, ScheduledEvent, event, js_sys::Promise,
    wasm_bindgen_futures::future_to_promise, web_sys, worker_sys,
};

/// Answers one request. Whatever a client sends and whatever fails, the answer is ours.
///
/// It is exported by hand: what `#[event(fetch)]` exports has the platform answer for what dies.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: worker_sys::Context) -> Promise {
    last_resort::prepare();
    last_resort::answered(future_to_promise(async move {
        let response = reply(request, env, Context::new(context)).await?;
        Ok(response.into())
    }))
}

async fn reply(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let Ok(location) = location::Location::of(&request) else {
        return answer::no_address();
    };
    match respond(request, &location, env, context).await {
        Ok(response) => Ok(response),
        Err(error) => {
            log::error("request-failed", &serde_json::json!(error.to_string()));
            answer::failed(&location)
        }
    }
}

async fn respond(
    request: web_sys::Request,
    location: &location::Location,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let context = Rc::new(context);
    // Whoever answers it shows the request as it arrived, and that is the session in clear.
    if request.method() == "TRACE" {
        return answer::no_trace();
    }
    let state = match state::of(&env) {
        Ok(state) => state,
        Err(problems) => return answer::misconfigured(location, &problems),
    };
    if origin::is_own_request(&request)? {
        return answer::loop_detected();
    }
    let target = Target::of(&request, &location.path, &state);
    if target.needs_time() && !clock::is_set() {
        log::warn("clock-not-set", &serde_json::json!(clock::now().seconds()));
        return answer::unavailable();
    }
    match target {
        Target::Own("") => api::respond(request, location, state, &env, &context).await,
        Target::Own("/health" | "/health/") => health::healthy(&state, location),
        Target::Own("/metrics") => api::metrics(&request, &state),
        Target::Own("/warm") => api::warm(&request, location, &state, &env, &context).await,
        Target::Own("/stats") => api::stats(&request, &state, &env).await,
        #[cfg(feature = "conformance")]
        Target::Own("/conformance") => conformance::answer(location, &state, &env).await,
        #[cfg(feature = "conformance")]
        Target::Own("/panic") => panic!("on demand"),
        #[cfg(feature = "conformance")]
        Target::Own("/failure") => Err("on demand".into()),
        Target::Own(_) | Target::OtherSpelling => answer::not_found(),
        Target::Origin(mode) => {
            let settings = Rc::clone(&state);
            let answered = match &state.protocol {
                Protocol::Rows(signer) => {
                    rows::respond(request, location, mode, settings, signer, &env).await
                }
                _ => gateway::respond(request, location, mode, settings, &env, &context).await,
            };
            if location.is_plain_http()
                && let Ok(response) = &answered
            {
                note_secure_cookie(response, &state, location);
            }
            answered
        }
    }
}

/// Browsers drop our cookie where there is no TLS, and nothing else shows why nobody stays logged in.
fn note_secure_cookie(
    response: &web_sys::Response,
    settings: &settings::Settings,
    location: &location::Location,
) {
    let name = match &settings.protocol {
        // The site's own may well go without TLS.
        Protocol::Rows(_) => return,
        _ => settings.codec.profile().name().as_str(),
    };
    let lines = worker::Headers(response.headers()).get_all("set-cookie");
    let is_ours = |line: &String| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('='))
    };
    if lines.is_ok_and(|lines| lines.iter().any(is_ours)) {
        seen::cookie_over_http();
        log::warn_seldom(
            "cookie-over-http",
            &serde_json::json!({ "host": location.host, "cure": "Always Use HTTPS" }),
        );
    }
}

/// The cron trigger.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    match state::of(&env) {
        Ok(state) => sweep::run(&state, &env).await,
        Err(_) => log::warn("sweep-failed", &serde_json::json!("misconfigured")),
    }
}
