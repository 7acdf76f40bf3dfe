//! The site: where it is, where its login page is, and which of its paths want a session.

use alloc::collections::BTreeMap;

use super::value::json;
use crate::routes::{Mode, Routes};

pub(super) fn origin(text: &str) -> Result<String, String> {
    let url: http::Uri = text
        .parse()
        .map_err(|_| "not a URL such as https://shop.example".to_owned())?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("neither http:// nor https://".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || text.contains(['#', '@']) {
        return Err("more than scheme, host and port".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host of an origin, as written.
pub(super) fn host(origin: &str) -> Option<String> {
    let url: http::Uri = origin.parse().ok()?;
    url.host().map(str::to_owned)
}

pub(super) fn login_url(text: &str) -> Result<String, String> {
    // `//host` would send browsers to another site.
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    let is_plain = text.bytes().all(|octet| octet.is_ascii_graphic());
    if is_path && is_plain {
        Ok(text.to_owned())
    } else {
        Err("not a path on this site, such as /login/".to_owned())
    }
}

pub(super) fn routes(text: &str) -> Result<Routes, String> {
    let modes: BTreeMap<String, Mode> = json(
        text,
        r#"a JSON object of path prefix to "public", "class", "optional" or "required""#,
    )?;
    Routes::new(modes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in [
            "https://shop.example",
            "http://127.0.0.1:8000/",
            "http://[::1]:80",
        ] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "shop.example",
            "//x",
            "https://x/y",
            "https://x?y",
            "https://a@b",
            "ws://x",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_login_page_is_on_this_site() {
        assert!(login_url("/login/?from=edge").is_ok());
        for bad in [
            "",
            "login",
            "//evil.example",
            "/\\evil.example",
            "https://x/",
            "/a b",
            "/\r\n",
        ] {
            assert!(login_url(bad).is_err(), "{bad:?}");
        }
    }
}
