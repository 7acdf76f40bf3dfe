//! Answers the Worker gives itself. None of them may be kept by a cache.

use serde_json::json;
use worker::{Headers, web_sys};

use crate::{location::Location, settings::Problem, way_back};

/// Seconds after which asking again makes sense: stores and replicas catch up within them.
pub(crate) const RETRY_AFTER: &str = "2";

/// An answer in the making.
pub(crate) struct Answer {
    status: u16,
    headers: Headers,
    body: String,
}

impl Answer {
    fn text(status: u16, body: &str) -> worker::Result<Self> {
        Self::new(status, "text/plain; charset=utf-8", format!("{body}\n"))
    }

    fn json(status: u16, body: &serde_json::Value) -> worker::Result<Self> {
        Self::new(status, "application/json", body.to_string())
    }

    fn new(status: u16, content_type: &str, body: String) -> worker::Result<Self> {
        let headers = Headers::new();
        headers.set("content-type", content_type)?;
        headers.set("cache-control", "private, no-store")?;
        headers.set("vary", "Cookie")?;
        // They are for this site's own pages, and are what they say they are.
        headers.set("x-content-type-options", "nosniff")?;
        headers.set("cross-origin-resource-policy", "same-origin")?;
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    fn with(self, name: &str, value: &str) -> worker::Result<Self> {
        self.headers.append(name, value)?;
        Ok(self)
    }

    fn build(self) -> worker::Result<web_sys::Response> {
        let init = web_sys::ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(self.headers.as_ref());
        Ok(web_sys::Response::new_with_opt_str_and_init(
            Some(self.body.as_str()).filter(|body| !body.is_empty()),
            &init,
        )?)
    }
}

/// Settings are wrong: why is told at `/_session/health`, and nowhere else.
pub(crate) fn misconfigured(
    location: &Location,
    problems: &[Problem],
) -> worker::Result<web_sys::Response> {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    crate::log::warn("misconfigured", &json!(problems));
    if location.path == "/_session/health" {
        let body = json!({ "status": "misconfigured", "problems": problems });
        return Answer::json(503, &body)?.build();
    }
    Answer::text(
        503,
        "The session service is misconfigured: /_session/health says why.",
    )?
    .build()
}

/// An answer as JSON.
pub(crate) fn json(status: u16, body: &serde_json::Value) -> worker::Result<web_sys::Response> {
    Answer::json(status, body)?.build()
}

/// An answer of the session API: JSON, or nothing for 204.
pub(crate) fn api(
    status: u16,
    body: Option<String>,
    header: Option<(&str, &str)>,
    cookies: &[String],
) -> worker::Result<web_sys::Response> {
    let mut answer = Answer::new(status, "application/json", body.unwrap_or_default())?;
    if answer.body.is_empty() {
        answer.headers.delete("content-type")?;
    }
    if let Some((name, value)) = header {
        answer = answer.with(name, value)?;
    }
    with_cookies(answer, cookies)?.build()
}

/// The counters of this isolate, for Prometheus.
pub(crate) fn metrics() -> worker::Result<web_sys::Response> {
    const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    Answer::new(200, CONTENT_TYPE, crate::counters::prometheus())?.build()
}

/// Nothing lives under this path of `/_session/`.
pub(crate) fn not_found() -> worker::Result<web_sys::Response> {
    Answer::text(404, "There is nothing here.")?.build()
}

/// The origin's address leads back to this Worker (RFC 5842, section 7.2).
pub(crate) fn loop_detected() -> worker::Result<web_sys::Response> {
    crate::seen::own_request();
    crate::log::warn_seldom(
        "origin-loop",
        &json!("ORIGIN_URL leads back to this Worker"),
    );
    Answer::text(508, "The Worker asks itself: ORIGIN_URL leads back to it.")?.build()
}

/// Something failed that nobody expected to fail. Cookies are left alone.
pub(crate) fn failed(location: &Location) -> worker::Result<web_sys::Response> {
    const MESSAGE: &str = "Something went wrong here. Please try again.";
    match location.path == "/_session" {
        true => json(500, &json!({ "error": "internal", "message": MESSAGE })),
        false => Answer::text(500, MESSAGE)?.build(),
    }
}

/// The `Host` of a request, or its target, makes no address.
pub(crate) fn no_address() -> worker::Result<web_sys::Response> {
    Answer::text(400, "The address cannot be read.")?.build()
}

/// `TRACE` is not answered, by us or by anybody behind us.
pub(crate) fn no_trace() -> worker::Result<web_sys::Response> {
    Answer::text(405, "TRACE is not answered here.")?
        .with("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")?
        .build()
}

/// Whether it is a browser that asks for a page.
pub(crate) fn wants_html(request: &web_sys::Request) -> bool {
    let accept = Headers(request.headers()).get("accept").ok().flatten();
    accept.is_some_and(|accept| takes_html(&accept))
}

/// Whether an `Accept` header names HTML, and not to say that it is not wanted (RFC 9110 12.5.1).
/// `*/*` does not name it: scripts send that.
fn takes_html(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|range| {
            range.eq_ignore_ascii_case("text/html")
                || range.eq_ignore_ascii_case("application/xhtml+xml")
        });
        let is_refused = parts.any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0)
        });
        is_html && !is_refused
    })
}

/// A session is needed: 302 to the login page for a browser, 401 for everybody else.
pub(crate) fn session_required(
    location: &Location,
    login: Option<&str>,
    cookies: &[String],
) -> worker::Result<web_sys::Response> {
    let answer = match login {
        Some(login) => {
            let next = way_back::path(location);
            let separator = if login.contains('?') { '&' } else { '?' };
            let next: String = worker::js_sys::encode_uri_component(&next).into();
            let location = format!("{login}{separator}next={next}");
            Answer::text(302, "Please log in.")?.with("location", &location)?
        }
        None => Answer::text(401, "A session is required.")?,
    };
    with_cookies(answer, cookies)?.build()
}

/// Two different valid cookies, or a session whose data is lost: the browser starts anew.
pub(crate) fn unusable(message: &str, cookies: &[String]) -> worker::Result<web_sys::Response> {
    with_cookies(Answer::text(401, message)?, cookies)?.build()
}

/// The session is authentic but its data cannot be had now: not "logged out", so no cookie.
pub(crate) fn unavailable() -> worker::Result<web_sys::Response> {
    Answer::text(503, "The session store does not answer. Please try again.")?
        .with("retry-after", RETRY_AFTER)?
        .build()
}

/// The origin cannot be reached. Cookies are left alone.
pub(crate) fn bad_gateway() -> worker::Result<web_sys::Response> {
    Answer::text(502, "The site does not answer.")?.build()
}

/// The origin redirects to where the visitor is already, or past the gate.
pub(crate) fn leads_past_us() -> worker::Result<web_sys::Response> {
    let text = "The site redirects to its own address by https, because it does not know that it was asked \
                by https already. The people who run it find the cure in docs/DJANGO.md: SECURE_PROXY_SSL_HEADER.";
    Answer::text(502, text)?.build()
}

/// The origin's server refuses requests with a session as long as this visitor's. The session is
/// good, so the cookie stays; a browser's visitor can end it here, as the site's own log out
/// cannot be reached.
pub(crate) fn too_long_for_origin(
    status: u16,
    wants_html: bool,
) -> worker::Result<web_sys::Response> {
    if !wants_html {
        let text = "The site's server does not take a session as long as this one.";
        return Answer::text(status, text)?.build();
    }
    // Nothing on the page is from outside, so its script can stand in it.
    const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'; \
                          frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let page = include_str!("answer/too_long_for_origin.html");
    Answer::new(status, "text/html; charset=utf-8", page.to_owned())?
        .with("content-security-policy", POLICY)?
        .build()
}

fn with_cookies(answer: Answer, cookies: &[String]) -> worker::Result<Answer> {
    cookies
        .iter()
        .try_fold(answer, |answer, cookie| answer.with("set-cookie", cookie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_html_gets_a_page() {
        for accept in [
            "text/html",
            "TEXT/HTML",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json, text/html;q=0.1",
            "text/html; charset=utf-8; q=0.5",
            "application/xhtml+xml",
        ] {
            assert!(takes_html(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/html;q=0",
            "text/html; Q = 0.000",
            "text/htmlx",
            "application/json;profile=text/html",
        ] {
            assert!(!takes_html(accept), "{accept}");
        }
    }
}
