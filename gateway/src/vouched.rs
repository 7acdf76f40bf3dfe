//! The request headers that an origin believes, because whoever stands in front of it sets them.
//! Of a client they are taken away, whatever their spelling; those that we can vouch for are set.

use std::sync::LazyLock;

use crate::{edit::Edit, request::RequestHead};

mod names;
use names::Names;

/// Names that say what only we or the platform may say, `*` for any text. The table of
/// docs/HEADERS.md has the same.
const RESERVED: [&[&str]; 8] = [
    // Ours: what the origin is told of the session, and what a session store is asked with.
    &[
        "x-session",
        "x-session-*",
        "x-session-class",
        "x-session-time",
        "x-session-mac",
        "x-session-issued",
        "x-session-created",
        "session-state",
        "session-patch",
        "session-placement",
        "session-unsaved",
        "x-store-time",
        "x-store-mac",
    ],
    // The host and the port that were asked.
    &[
        "forwarded",
        "x-forwarded",
        "x-forwarded-*",
        "x-forwarded-host",
        "x-forwarded-server",
        "x-forwarded-port",
        "x-host",
        "x-http-host-override",
        "x-original-host",
        "x-original-port",
    ],
    // The scheme.
    &[
        "x-forwarded-proto",
        "x-forwarded-protocol",
        "x-forwarded-scheme",
        "x-forwarded-ssl",
        "x-original-proto",
        "x-original-scheme",
        "x-scheme",
        "x-url-scheme",
        "x-arr-ssl",
        "x-appservice-proto",
        "front-end-https",
        "fastly-ssl",
        "*-forwarded-proto",
    ],
    // The path.
    &[
        "x-forwarded-prefix",
        "x-forwarded-path",
        "x-forwarded-uri",
        "x-original-url",
        "x-original-uri",
        "x-original-path",
        "x-rewrite-*",
        "x-rewrite-url",
        "x-replaced-path",
        "x-envoy-original-path",
        "x-waws-unencoded-url",
        "x-request-uri",
        "request-uri",
        "x-script-name",
        "script-name",
        "path-info",
        "x-accel-*",
        "x-sendfile-type",
    ],
    // The method.
    &["x-forwarded-method", "x-original-method"],
    // The client's address.
    &[
        "x-forwarded-for",
        "x-real-ip",
        "client-ip",
        "x-client-ip",
        "true-client-ip",
        "remote-addr",
        "x-remote-addr",
        "x-remote-ip",
        "x-envoy-external-address",
        "cloudfront-viewer-address",
        "cdn-src-ip",
        "*-forwarded-for",
        "*-client-ip",
        "*-clientip",
        "*-connecting-ip",
        "*-real-ip",
        "*-remote-ip",
        "*-remote-addr",
        "*-originating-ip",
        "*-socketip",
        "*-user-ip",
    ],
    // Who the client is, as a proxy that asks for passwords or certificates says it.
    &[
        "remote-user",
        "x-remote-user",
        "remote-groups",
        "remote-name",
        "remote-email",
        "x-webauth-*",
        "x-auth-request-*",
        "x-authentik-*",
        "x-ms-client-principal",
        "x-ms-client-principal-*",
        "x-goog-authenticated-user-*",
        "x-goog-iap-*",
        "x-amzn-oidc-*",
        "client-cert",
        "client-cert-chain",
        "ssl-client-*",
        "x-ssl-*",
        "x-client-cert",
        "x-client-verify",
    ],
    // What a CGI program takes for the address of its own proxy.
    &["proxy"],
];

/// Names that the platform sets, or HTTP itself: in that one spelling they are right, and in
/// another one a client's.
const PLATFORM: &[&str] = &[
    "cf-*",
    "cdn-loop",
    "content-length",
    "content-type",
    "transfer-encoding",
];

/// The method that an application is to take instead of the request's own. A client may use any
/// method anyway, so this is its business; but what such a request does its method does not tell.
const METHOD_OVERRIDES: &[&str] = &[
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

static RESERVED_NAMES: LazyLock<Names> =
    LazyLock::new(|| Names::new(RESERVED.iter().copied().flatten()));
static PLATFORM_NAMES: LazyLock<Names> = LazyLock::new(|| Names::new(PLATFORM));
static OVERRIDE_NAMES: LazyLock<Names> = LazyLock::new(|| Names::new(METHOD_OVERRIDES));

/// Takes away what no client may say, and says what we know. Gives the names under which the
/// client asks for another method than its own.
pub(crate) fn vouch<'r>(request: &RequestHead<'r>, edits: &mut Vec<Edit>) -> Vec<&'r str> {
    let mut overrides = Vec::new();
    for name in request.names() {
        if is_reserved(name) {
            // What is set below replaces whatever there is.
            if !VOUCHED.contains(&name) {
                edits.push(Edit::remove(name.to_owned()));
            }
        } else if OVERRIDE_NAMES.have(name) {
            overrides.push(name);
        }
    }
    let location = &request.location;
    let client = request.client.filter(|client| is_address(client));
    for (name, value) in VOUCHED.into_iter().zip([
        Some(location.host.as_str()),
        Some(location.scheme.as_str()),
        Some(location.port()),
        client,
        client,
    ]) {
        match value {
            Some(value) => edits.push(Edit::set(name, value)),
            None if request.names().any(|sent| sent == name) => edits.push(Edit::remove(name)),
            None => {}
        }
    }
    overrides
}

/// What we say of a request, in the order of the values in [`vouch`].
const VOUCHED: [&str; 5] = [
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-for",
    "x-real-ip",
];

/// Whether a client may not send a header of this name, which is in lower case.
fn is_reserved(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_platforms = PLATFORM_NAMES.have(name);
    let is_right = is_platforms && name.bytes().all(is_plain);
    !is_right && (is_platforms || RESERVED_NAMES.have(name))
}

/// Whether it looks like one IP address; the platform gives no other.
fn is_address(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    !text.is_empty() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_or_we_say_no_client_says() {
        for patterns in RESERVED {
            for pattern in patterns {
                let name = pattern.replace('*', "any");
                assert!(is_reserved(&name), "{name}");
                for separator in ["_", ".", "~", "--", "_-", "!"] {
                    let name = name.replace('-', separator);
                    assert!(is_reserved(&name), "{name}");
                }
                if !pattern.contains('*') {
                    let name = name.replace('-', "");
                    assert!(is_reserved(&name), "{name}");
                }
            }
        }
        for name in [
            "x_session_class-",
            "_x-forwarded-for",
            "x-forwarded-anything",
        ] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn what_the_platform_says_has_one_spelling() {
        for name in [
            "cf-connecting-ip",
            "cf-ray",
            "content-length",
            "content-type",
        ] {
            assert!(!is_reserved(name), "{name}");
            assert!(is_reserved(&name.replace('-', "_")), "{name}");
        }
        assert!(is_reserved("x-cf-connecting-ip"));
    }

    #[test]
    fn everything_else_is_the_clients() {
        for name in [
            "accept",
            "authorization",
            "cookie",
            "host",
            "origin",
            "proxy-authorization",
            "referer",
            "sec-fetch-site",
            "user-agent",
            "x-csrftoken",
            "x-requested-with",
            "x-request-id",
            "x-sessions",
            "x-session2",
            "x-store-id",
            "x-original-filename",
            "x-http-method-override",
            "api_key",
            "x-ip",
            "client-id",
            "cfduid",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
        for name in [
            "x-http-method-override",
            "X_HTTP_Method",
            "x-method_override",
        ] {
            assert!(OVERRIDE_NAMES.have(&name.to_ascii_lowercase()), "{name}");
        }
    }

    #[test]
    fn the_documents_have_the_same_table() {
        let document = include_str!("../../docs/HEADERS.md");
        let table = document
            .split_once("## What no client may say")
            .and_then(|(_, rest)| rest.split_once("\n## "))
            .unwrap()
            .0;
        let names = RESERVED.iter().copied().flatten();
        for name in names.chain(PLATFORM).chain(METHOD_OVERRIDES) {
            let is_of_family = RESERVED.iter().copied().flatten().any(|family| {
                family
                    .strip_suffix('*')
                    .is_some_and(|begin| name.starts_with(begin))
                    || family
                        .strip_prefix('*')
                        .is_some_and(|end| name.ends_with(end))
            });
            assert!(
                is_of_family && !name.contains('*') || table.contains(&format!("`{name}`")),
                "{name}"
            );
        }
    }

    #[test]
    fn an_address_is_one() {
        assert!(is_address("203.0.113.9") && is_address("2001:db8::1"));
        for text in ["", "unknown", "203.0.113.9, 10.0.0.1", "<b>"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
