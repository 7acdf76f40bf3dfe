//! Outbound: the origin's answer with the session cookies replaced.

use session_codec::Timestamp;
use worker::{
    Headers, js_sys,
    wasm_bindgen::JsCast,
    web_sys::{self, ReadableStream},
};

use crate::{
    caching::{self, Keeping, Said},
    clock, session_patch,
    set_cookies::SetCookies,
};

/// What an answer says of keeping it, as browsers are to read it.
pub(crate) fn said(response: &web_sys::Response, now: Timestamp) -> worker::Result<Said> {
    let headers = Headers(response.headers());
    let vary = headers.get("vary")?;
    let without_class = vary.as_deref().and_then(caching::vary_without_class);
    let cache_control = headers.get("cache-control")?;
    let expires = match cache_control {
        // It counts before any date.
        Some(_) => None,
        None => headers.get("expires")?,
    };
    Ok(Said {
        cache_control,
        had_class: without_class.is_some(),
        vary: without_class.or(vary),
        expires_later: expires
            .and_then(|date| clock::parse(&date))
            .is_some_and(|date| date > now),
    })
}

/// Copies an answer, with these `Set-Cookie` lines after the origin's others. Status, other
/// headers, the streaming body and a WebSocket are taken over as they are.
pub(crate) fn rebuild(
    response: &web_sys::Response,
    cookies: &SetCookies,
    lines: &[String],
    said: &Said,
    keeping: Keeping,
) -> worker::Result<web_sys::Response> {
    let body: Option<ReadableStream> = response.body();
    // A response serves as the init of another.
    let copy = web_sys::Response::new_with_opt_readable_stream_and_init(
        body.as_ref(),
        response.unchecked_ref(),
    )?;
    let headers = Headers(copy.headers());
    headers.delete(session_patch::HEADER)?;
    // What need not change is not read and written back: only so it keeps its bytes.
    if cookies.is_changed {
        headers.delete("set-cookie")?;
        for line in &cookies.others {
            crate::log::rewritten("set-cookie", line);
            headers.append("set-cookie", line)?;
        }
    }
    for line in lines {
        headers.append("set-cookie", line)?;
    }
    if keeping != Keeping::AsSaid {
        let is_over = |name: &str| {
            caching::is_targeted(name) || (keeping == Keeping::Nobody && name == "expires")
        };
        for name in names(&headers.0).filter(|name| is_over(name)) {
            headers.delete(&name)?;
        }
    }
    if let Some(cache_control) = said.cache_control(keeping) {
        headers.set("cache-control", &cache_control)?;
    }
    let vary = said.vary.as_deref();
    match caching::vary_by_cookie(vary) {
        Some(vary) if keeping == Keeping::Nobody => headers.set("vary", &vary)?,
        _ => {
            if let Some(vary) = vary.filter(|_| said.had_class) {
                headers.set("vary", vary)?;
            }
        }
    }
    Ok(copy)
}

/// The names of all headers, in lower case, by one call into the runtime.
fn names(headers: &web_sys::Headers) -> impl Iterator<Item = String> {
    let names = js_sys::Array::from(&headers.keys());
    let names: String = names.join("\n").into();
    let names: Vec<String> = names.split('\n').map(str::to_owned).collect();
    names.into_iter()
}
