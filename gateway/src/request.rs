//! A request as far as anything is decided by it: its body never comes here.

use crate::location::Location;

/// The header fields of a request that are asked for, in lower case. Of all others the names alone
/// matter.
pub const REQUEST_FIELDS: [&str; 15] = [
    "accept",
    "access-control-request-method",
    "authorization",
    "cf-ray",
    "content-length",
    "content-type",
    "cookie",
    "edge-session-hops",
    "idempotency-key",
    "origin",
    "sec-fetch-site",
    "sec-websocket-key",
    "traceparent",
    "user-agent",
    "x-request-id",
];

/// The head of a request.
pub struct RequestHead<'r> {
    /// `GET`, say, in capitals.
    pub method: &'r str,
    /// What was asked, and where.
    pub location: Location,
    /// The address of the client, as whoever took the connection says it.
    pub client: Option<&'r str>,
    /// Whether a body follows.
    pub has_body: bool,
    /// The names of all header fields in lower case, with commas between them.
    pub names: &'r str,
    /// The values of [`REQUEST_FIELDS`], in their order.
    pub fields: [Option<&'r str>; REQUEST_FIELDS.len()],
}

impl<'r> RequestHead<'r> {
    /// The value of one of [`REQUEST_FIELDS`].
    pub(crate) fn field(&self, name: &str) -> Option<&'r str> {
        let index = REQUEST_FIELDS.iter().position(|known| *known == name);
        debug_assert!(index.is_some(), "{name} is not asked for");
        index.and_then(|index| self.fields[index])
    }

    /// The trace that the request belongs to, as Trace Context writes it.
    #[must_use]
    pub fn trace(&self) -> Option<&'r str> {
        let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        let given = self.field("traceparent");
        given.filter(|text| text.len() == TRACE_BYTES && text.bytes().all(is_part))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'r str> {
        self.names.split(',').filter(|name| !name.is_empty())
    }

    /// Whether the request only reads, by its method.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether it is a browser that asks for a page.
    pub(crate) fn wants_html(&self) -> bool {
        self.field("accept").is_some_and(takes_html)
    }
}

/// Of a `traceparent`: version, trace, span and flags.
const TRACE_BYTES: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;

/// Whether an `Accept` field names HTML, and not to say that it is not wanted (RFC 9110 12.5.1).
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
            name.trim().eq_ignore_ascii_case("q") && is_zero(value.trim())
        });
        is_html && !is_refused
    })
}

/// Whether a weight is nought: `0`, `0.`, and up to three more noughts. No float is read: what does it would be a
/// fiftieth of a module.
fn is_zero(weight: &str) -> bool {
    let behind = weight.strip_prefix('0');
    let behind = behind.map(|behind| behind.strip_prefix('.').unwrap_or(behind));
    behind.is_some_and(|noughts| noughts.bytes().all(|digit| digit == b'0'))
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
