//! Who asks, and what they may do.

use crate::{access::Access, location::Location, refusal::Refusal, request::RequestHead};

/// Whose rights a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// A server that showed the token: every key.
    Token,
    /// Whoever holds the cookie: the listed keys, and changes only from our own pages.
    Browser,
}

impl Authority {
    /// A bearer token counts, or is refused; other kinds of `Authorization` are somebody else's.
    ///
    /// A page's script may have a token of the site's own that it sends with everything: what a browser
    /// sends (it says where from) has a browser's rights. A server with a wrong token is told.
    pub(super) fn of(request: &RequestHead<'_>, access: &Access) -> Result<Self, Refusal> {
        match request.field("authorization").and_then(bearer_token) {
            None => Ok(Self::Browser),
            Some(token) if access.is_token(token) => Ok(Self::Token),
            Some(_) if request.field("sec-fetch-site").is_some() => Ok(Self::Browser),
            Some(_) => Err(Refusal::BadToken),
        }
    }

    /// Browsers attach cookies to requests that other sites cause; a token they do not.
    pub(super) fn check_site(self, request: &RequestHead<'_>) -> Result<(), Refusal> {
        let Location { scheme, host, .. } = &request.location;
        let own = format!("{scheme}://{host}");
        let (site, origin) = (request.field("sec-fetch-site"), request.field("origin"));
        match self {
            Self::Browser if !is_own_page(site, origin, &own) => Err(Refusal::CrossSite),
            _ => Ok(()),
        }
    }

    pub(super) fn may_see(self, key: &str, access: &Access) -> bool {
        self == Self::Token || access.visible.cover(key)
    }

    pub(super) fn may_change(self, key: &str, access: &Access) -> bool {
        self == Self::Token || access.writable.cover(key)
    }
}

/// A form cannot send these types: another site's page would have to ask first, and is told no.
pub(super) fn check_type(request: &RequestHead<'_>) -> Result<(), Refusal> {
    if is_json(request.field("content-type").unwrap_or_default()) {
        Ok(())
    } else {
        Err(Refusal::ContentType)
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/merge-patch+json"]
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
}

/// What the browser says of where the request comes from (Fetch Metadata); `Origin` only where it
/// says nothing. No word at all is no.
fn is_own_page(site: Option<&str>, origin: Option<&str>, own: &str) -> bool {
    match site {
        Some(site) => site == "same-origin",
        None => origin == Some(own),
    }
}

/// The scheme's case does not matter (RFC 9110 11.1).
fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages() {
        let own = "https://shop.example";
        for (site, origin, expected) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some(own), true),
            (Some("same-site"), Some(own), false),
            (Some("cross-site"), Some(own), false),
            (Some("none"), None, false),
            (Some(""), Some(own), false),
            (None, Some(own), true),
            (None, Some("https://shop.example:8443"), false),
            (None, Some("http://shop.example"), false),
            (None, Some("https://shop.example.evil.example"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            assert_eq!(
                is_own_page(site, origin, own),
                expected,
                "{site:?} {origin:?}"
            );
        }
    }

    #[test]
    fn bearer_in_any_case_and_nothing_else() {
        assert_eq!(bearer_token("Bearer abc"), Some("abc"));
        assert_eq!(bearer_token("bEARER  abc "), Some("abc"));
        assert_eq!(bearer_token("Bearer"), Some(""));
        assert_eq!(bearer_token("Basic abc"), None);
        assert_eq!(bearer_token("Bearerabc"), None);
    }

    #[test]
    fn json_types() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "text/plain; application/json",
            "application/jsonx",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
