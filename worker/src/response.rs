//! Outbound: the origin's answer with the session cookies replaced.

use session_codec::cookie::{CookieName, SetCookie};
use worker::{
    Headers,
    wasm_bindgen::JsCast,
    web_sys::{self, ReadableStream},
};

use crate::{session_patch, settings::Settings};

/// The `Set-Cookie` lines of an answer, sorted by whose they are.
pub(crate) struct SetCookies {
    others: Vec<String>,
    /// The last line of the origin's session cookie: the one a browser would obey.
    session: Option<String>,
    /// There are lines under our own cookie's name, which is not the origin's to set.
    has_foreign: bool,
}

impl SetCookies {
    pub(crate) fn read(response: &web_sys::Response, settings: &Settings) -> worker::Result<Self> {
        let ours = settings.codec.profile().name();
        let is = |line: &str, name: &CookieName| {
            let cookie = SetCookie::read(line.as_bytes());
            match cookie {
                Ok(cookie) => cookie.name == name.as_str().as_bytes(),
                // A line too odd for the reader is still recognised by how it begins.
                Err(_) => line
                    .split('=')
                    .next()
                    .is_some_and(|n| n.trim() == name.as_str()),
            }
        };
        let mut cookies = Self {
            others: Vec::new(),
            session: None,
            has_foreign: false,
        };
        for line in Headers(response.headers()).get_all("set-cookie")? {
            let origins = settings.origin_cookie.as_ref();
            if origins.is_some_and(|name| is(&line, name)) {
                cookies.session = Some(line);
            } else if is(&line, ours) {
                cookies.has_foreign = true;
            } else {
                cookies.others.push(line);
            }
        }
        Ok(cookies)
    }

    /// What the origin says of its session cookie.
    pub(crate) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// Copies an answer, with these `Set-Cookie` lines after the origin's others. Status, other
/// headers, the streaming body and a WebSocket are taken over as they are.
pub(crate) fn rebuild(
    response: &web_sys::Response,
    cookies: &SetCookies,
    lines: &[String],
    depends_on_session: bool,
) -> worker::Result<web_sys::Response> {
    let body: Option<ReadableStream> = response.body();
    // A response serves as the init of another.
    let copy = web_sys::Response::new_with_opt_readable_stream_and_init(
        body.as_ref(),
        response.unchecked_ref(),
    )?;
    let headers = Headers(copy.headers());
    headers.delete(session_patch::HEADER)?;
    if cookies.session.is_some() || cookies.has_foreign || !lines.is_empty() {
        headers.delete("set-cookie")?;
        for line in cookies.others.iter().chain(lines) {
            headers.append("set-cookie", line)?;
        }
    }
    let mut vary = headers.get("vary")?;
    if let Some(list) = vary.as_deref().and_then(vary_without_class) {
        headers.set("vary", &list)?;
        vary = Some(list);
    }
    let cache_control = headers.get("cache-control")?;
    let is_public = is_explicitly_public(cache_control.as_deref(), vary.as_deref());
    if !lines.is_empty() || (depends_on_session && !is_public) {
        headers.set("cache-control", "private, no-store")?;
        if let Some(vary) = vary_by_cookie(vary.as_deref()) {
            headers.set("vary", &vary)?;
        }
    }
    Ok(copy)
}

/// Whether the origin said that everybody gets this same answer: marked `public`, and not varying
/// by cookie.
fn is_explicitly_public(cache_control: Option<&str>, vary: Option<&str>) -> bool {
    let names = |list: Option<&str>, wanted: &str| {
        list.is_some_and(|list| {
            list.split(',')
                .any(|n| n.trim().eq_ignore_ascii_case(wanted))
        })
    };
    names(cache_control, "public") && !names(vary, "cookie") && !names(vary, "*")
}

/// Browsers do not know the class by which a cache behind us keeps pages: for them an answer that
/// varies by it varies by cookie. `None` if it does not.
fn vary_without_class(vary: &str) -> Option<String> {
    let is_class = |name: &&str| name.eq_ignore_ascii_case("x-session-class");
    let names = vary.split(',').map(str::trim);
    if !names.clone().any(|name| is_class(&name)) {
        return None;
    }
    let others: Vec<&str> = names.filter(|name| !is_class(name)).collect();
    let others = others.join(", ");
    match others.is_empty() {
        true => Some("Cookie".to_owned()),
        false => Some(vary_by_cookie(Some(&others)).unwrap_or(others)),
    }
}

/// The `Vary` header with `Cookie` in it; `None` if it is already.
fn vary_by_cookie(vary: Option<&str>) -> Option<String> {
    let Some(vary) = vary else {
        return Some("Cookie".to_owned());
    };
    let covers = |name: &str| name == "*" || name.eq_ignore_ascii_case("cookie");
    if vary.split(',').any(|name| covers(name.trim())) {
        None
    } else {
        Some(format!("{vary}, Cookie"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_added_to_vary_once() {
        assert_eq!(vary_by_cookie(None).as_deref(), Some("Cookie"));
        assert_eq!(
            vary_by_cookie(Some("Accept")).as_deref(),
            Some("Accept, Cookie")
        );
        assert_eq!(vary_by_cookie(Some("Accept, cookie")), None);
        assert_eq!(vary_by_cookie(Some("*")), None);
    }

    #[test]
    fn the_class_is_a_cookie_to_browsers() {
        assert_eq!(vary_without_class("Accept, Cookie"), None);
        for (vary, expected) in [
            ("X-Session-Class", "Cookie"),
            ("Accept, x-session-class", "Accept, Cookie"),
            ("x-session-class,cookie", "cookie"),
            ("x-session-class, *", "*"),
        ] {
            assert_eq!(
                vary_without_class(vary).as_deref(),
                Some(expected),
                "{vary}"
            );
        }
    }

    #[test]
    fn only_an_answer_for_everybody_is_public() {
        assert!(is_explicitly_public(Some("public, max-age=600"), None));
        assert!(is_explicitly_public(
            Some("max-age=600,Public"),
            Some("Accept")
        ));
        assert!(!is_explicitly_public(
            Some("public"),
            Some("Accept, Cookie")
        ));
        assert!(!is_explicitly_public(Some("max-age=600"), None));
        assert!(!is_explicitly_public(None, None));
    }
}
