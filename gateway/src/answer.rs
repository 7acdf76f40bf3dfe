//! Answers of the gateway's own. None of them may be kept by a cache.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{location::Location, log, seen, way_back};

/// Seconds after which asking again makes sense: stores and replicas catch up within them.
pub(crate) const RETRY_AFTER: &str = "2";

/// An answer that the origin is not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 302, or 200 to 599.
    pub status: u16,
    /// Header fields, names in lower case; several of `set-cookie` are several lines.
    pub fields: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: String,
}

impl Answer {
    fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{body}\n"))
    }

    /// With a body of JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// With a body of this type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            fields: vec![
                ("content-type", content_type.to_owned()),
                ("cache-control", "private, no-store".to_owned()),
                ("vary", "Cookie".to_owned()),
                // They are for this site's own pages, and are what they say they are.
                ("x-content-type-options", "nosniff".to_owned()),
                ("cross-origin-resource-policy", "same-origin".to_owned()),
            ],
            body,
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    fn with_cookies(mut self, lines: &[String]) -> Self {
        let lines = lines.iter().map(|line| ("set-cookie", line.clone()));
        self.fields.extend(lines);
        self
    }

    /// The `Set-Cookie` lines.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.fields.iter().filter(|(name, _)| *name == "set-cookie");
        cookies.map(|(_, line)| line.as_str())
    }
}

/// Settings are wrong: `problems` say why, at `/_session/health` and nowhere else.
#[must_use]
pub fn misconfigured(path: &str, problems: &[String]) -> Answer {
    log::warn("misconfigured", &json!(problems));
    if path == "/_session/health" {
        let body = json!({ "status": "misconfigured", "problems": problems });
        return Answer::json(503, &body);
    }
    let text = "The session service is misconfigured: /_session/health says why.";
    Answer::text(503, text)
}

/// An answer of the session API: JSON, or nothing for 204.
pub(crate) fn api(
    status: u16,
    body: Option<String>,
    field: Option<(&'static str, &str)>,
    cookies: &[String],
) -> Answer {
    let mut answer = Answer::new(status, "application/json", body.unwrap_or_default());
    if answer.body.is_empty() {
        answer.fields.retain(|(name, _)| *name != "content-type");
    }
    if let Some((name, value)) = field {
        answer = answer.with(name, value);
    }
    answer.with_cookies(cookies)
}

/// Nothing lives under this path of `/_session/`.
#[must_use]
pub fn not_found() -> Answer {
    Answer::text(404, "There is nothing here.")
}

/// The origin's address leads back here (RFC 5842, section 7.2).
pub(crate) fn loop_detected() -> Answer {
    seen::own_request();
    let detail = json!("ORIGIN_URL leads back to this Worker");
    log::warn("origin-loop", &detail);
    Answer::text(508, "The Worker asks itself: ORIGIN_URL leads back to it.")
}

/// Something failed that nobody expected to fail. Cookies are left alone.
#[must_use]
pub fn failed(path: &str) -> Answer {
    const MESSAGE: &str = "Something went wrong here. Please try again.";
    if path == "/_session" {
        Answer::json(500, &json!({ "error": "internal", "message": MESSAGE }))
    } else {
        Answer::text(500, MESSAGE)
    }
}

/// The `Host` of a request, or its target, makes no address.
#[must_use]
pub fn no_address() -> Answer {
    Answer::text(400, "The address cannot be read.")
}

/// `TRACE` is not answered, by us or by anybody behind us.
pub(crate) fn no_trace() -> Answer {
    Answer::text(405, "TRACE is not answered here.")
        .with("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
}

/// As `encodeURIComponent` does.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A session is needed: 302 to the login page for a browser, 401 for everybody else.
pub(crate) fn session_required(
    location: &Location,
    login: Option<&str>,
    cookies: &[String],
) -> Answer {
    let answer = match login {
        Some(login) => {
            let next = way_back::path(location);
            let separator = if login.contains('?') { '&' } else { '?' };
            let next = utf8_percent_encode(&next, COMPONENT);
            let location = format!("{login}{separator}next={next}");
            Answer::text(302, "Please log in.").with("location", &location)
        }
        None => Answer::text(401, "A session is required."),
    };
    answer.with_cookies(cookies)
}

/// Two different valid cookies, or a session whose data is lost: the browser starts anew.
pub(crate) fn unusable(message: &str, cookies: &[String]) -> Answer {
    Answer::text(401, message).with_cookies(cookies)
}

/// The session is authentic but its data cannot be had now: not "logged out", so no cookie.
pub(crate) fn unavailable() -> Answer {
    Answer::text(503, "The session store does not answer. Please try again.")
        .with("retry-after", RETRY_AFTER)
}

/// The origin cannot be reached. Cookies are left alone.
pub(crate) fn bad_gateway() -> Answer {
    Answer::text(502, "The site does not answer.")
}

/// The origin redirects to where the visitor is already, or past the gate.
pub(crate) fn leads_past_us() -> Answer {
    let text = "The site redirects to its own address by https, because it does not know that it was asked \
                by https already. The people who run it find the cure in docs/DJANGO.md: SECURE_PROXY_SSL_HEADER.";
    Answer::text(502, text)
}

/// Nothing on such a page is from outside, so its script can stand in it.
const PAGE_OF_OURS: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                            frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A link from another site, which browsers do not hold back until they have shown their device:
/// the page asks again, from this site, with what follows `#` in its address.
pub(crate) fn from_elsewhere() -> Answer {
    let page = include_str!("answer/from_elsewhere.html");
    Answer::new(200, "text/html; charset=utf-8", page.to_owned())
        .with("content-security-policy", PAGE_OF_OURS)
}

/// The browser is to show its device now: it asks the same again, without the cookie that says that
/// the device was there before, and holds that back until it has a new one.
pub(crate) fn show_device(location: &Location, removal: &str) -> Answer {
    let Location { path, query, .. } = location;
    // `//host` would be another site's.
    let target = format!("/{}{query}", path.trim_start_matches(['/', '\\']));
    Answer::text(307, "Please show the device of this session.")
        .with("location", &target)
        .with_cookies(&[removal.to_owned()])
}

/// The device cannot be shown just now, says the browser: not "logged out".
pub(crate) fn device_later() -> Answer {
    Answer::text(
        503,
        "The device of this session could not be shown. Please try again.",
    )
    .with("retry-after", RETRY_AFTER)
}

/// The route wants a session that is bound to a device.
pub(crate) fn not_bound(offer: Option<&str>, wants_html: bool) -> Answer {
    let answer = if wants_html {
        let page = include_str!("answer/not_bound.html");
        Answer::new(403, "text/html; charset=utf-8", page.to_owned())
            .with("content-security-policy", PAGE_OF_OURS)
    } else {
        Answer::text(403, "A session that is bound to a device is required.")
    };
    match offer {
        Some(offer) => answer.with("secure-session-registration", offer),
        None => answer,
    }
}

/// An answer to a browser's registration, or to its proof.
pub(crate) fn device(
    status: u16,
    body: &Value,
    field: Option<(&'static str, &str)>,
    cookie: Option<String>,
) -> Answer {
    let mut answer = Answer::json(status, body);
    if let Some((name, value)) = field {
        answer = answer.with(name, value);
    }
    answer.with_cookies(cookie.as_slice())
}

/// The origin's server refuses requests with a session as long as this visitor's. The session is
/// good, so the cookie stays; a browser's visitor can end it here, as the site's own log out
/// cannot be reached.
pub(crate) fn too_long_for_origin(status: u16, wants_html: bool) -> Answer {
    if !wants_html {
        let text = "The site's server does not take a session as long as this one.";
        return Answer::text(status, text);
    }
    // Nothing on the page is from outside, so its script can stand in it.
    const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'; \
                          frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let page = include_str!("answer/too_long_for_origin.html");
    Answer::new(status, "text/html; charset=utf-8", page.to_owned())
        .with("content-security-policy", POLICY)
}
