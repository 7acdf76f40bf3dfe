//! The site: where its login page is and which of its paths want a session.

use alloc::collections::BTreeMap;

use session_gateway::routes::{Mode, Routes};

use super::value::json;

pub(super) fn login_url(text: &str) -> Result<String, String> {
    // `//host` would send browsers to another site.
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && is_plain {
        Ok(text.to_owned())
    } else {
        Err("not a path on this site, such as /login/".to_owned())
    }
}

pub(super) fn routes(text: &str) -> Result<Routes, String> {
    let modes: BTreeMap<String, Mode> = json(
        text,
        r#"a JSON object of path prefix to "public", "class", "optional", "required" or "device""#,
    )?;
    Routes::new(modes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
