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
mod body;
mod caching;
mod class;
mod clock;
#[cfg(feature = "conformance")]
mod conformance;
mod counters;
mod entropy;
mod gate;
mod gateway;
mod header_limit;
mod health;
mod key_patterns;
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

use settings::Protocol;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event, web_sys};

/// Answers one request. Whatever a client sends gets an answer; an error here is the platform's.
///
/// # Errors
/// Those of the runtime: a header it refuses, a response it cannot build.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let context = Rc::new(context);
    let location = location::Location::of(&request)?;
    let state = match state::of(&env) {
        Ok(state) => state,
        Err(problems) => return answer::misconfigured(&location, &problems),
    };
    if origin::is_own_request(&request)? {
        return answer::loop_detected();
    }
    let is_session_route = location.path == "/_session"
        || !(location.path.starts_with("/_session/")
            || state.mode(&location.path) == routes::Mode::Public);
    if is_session_route && !clock::is_set() {
        log::warn("clock-not-set", &serde_json::json!(clock::now().seconds()));
        return answer::unavailable();
    }
    if location.path == "/_session" {
        return api::respond(request, &location, state, &env, &context).await;
    }
    match location.path.strip_prefix("/_session/") {
        Some("health" | "health/") => health::healthy(&state, &location),
        Some("metrics") => api::metrics(&request, &state),
        Some("warm") => api::warm(&request, &location, &state, &env, &context).await,
        Some("stats") => api::stats(&request, &state, &env).await,
        #[cfg(feature = "conformance")]
        Some("conformance") => conformance::answer(&location, &state, &env).await,
        #[cfg(feature = "conformance")]
        Some("panic") => panic!("on demand"),
        Some(_) => answer::not_found(),
        None => {
            let settings = Rc::clone(&state);
            let answered = match &state.protocol {
                Protocol::Rows(signer) => {
                    rows::respond(request, &location, settings, signer, &env).await
                }
                _ => gateway::respond(request, &location, settings, &env, &context).await,
            };
            if location.is_plain_http()
                && let Ok(response) = &answered
            {
                note_secure_cookie(response, &state, &location);
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
