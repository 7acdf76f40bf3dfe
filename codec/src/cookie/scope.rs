use alloc::string::String;

use super::profile::CookieProfileConfig;
use super::set_cookie::SetCookie;

/// Which of a browser's cookies of one name it is: name, domain and path together are a cookie's
/// identity (RFC 6265bis 5.7), so a line for another scope sets, or removes, another cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    domain: Option<String>,
    path: String,
}

impl Scope {
    pub(super) fn new(config: &CookieProfileConfig) -> Self {
        Self {
            domain: config.domain.clone(),
            path: config.path.clone(),
        }
    }

    /// Whether a browser files what `line` says, in the answer for `request_path`, in this scope.
    pub(super) fn is_of(&self, line: &SetCookie<'_>, request_path: &[u8]) -> bool {
        // One for this host only is not the one that names the host and so is its sub-domains'
        // as well.
        let is_domain = match (&self.domain, line.domain) {
            (Some(ours), Some(theirs)) => theirs.eq_ignore_ascii_case(ours.as_bytes()),
            (None, None) => true,
            _ => false,
        };
        let path = line.path.unwrap_or_else(|| default_path(request_path));
        is_domain && path == self.path.as_bytes()
    }
}

/// The path of a cookie whose line has none: the directory of what was asked for (5.1.4).
fn default_path(request_path: &[u8]) -> &[u8] {
    if request_path.first() != Some(&b'/') {
        return b"/";
    }
    match request_path.iter().rposition(|byte| *byte == b'/') {
        Some(end @ 1..) => request_path.get(..end).unwrap_or(b"/"),
        _ => b"/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(domain: Option<&str>, path: &str, line: &str, request_path: &str) -> bool {
        let scope = Scope {
            domain: domain.map(Into::into),
            path: path.into(),
        };
        let line = SetCookie::read(line.as_bytes()).unwrap();
        scope.is_of(&line, request_path.as_bytes())
    }

    #[test]
    fn the_path_is_that_of_the_line_or_the_directory_asked_for() {
        for (path, line, asked, expected) in [
            ("/", "s=1; Path=/", "/a/b", true),
            ("/", "s=1; Path=/a", "/a/b", false),
            ("/", "s=1; Path=/a; Path=/", "/a/b", true),
            ("/", "s=1", "/", true),
            ("/", "s=1", "/login", true),
            ("/", "s=1", "", true),
            ("/", "s=1", "/a/login", false),
            ("/", "s=1; Path=a", "/a/login", false),
            ("/a", "s=1; Path=", "/a/login", true),
            ("/a/b", "s=1", "/a/b/", true),
            ("/a", "s=1; Path=/a/", "/", false),
            ("/a", "s=1; Path=/A", "/", false),
        ] {
            assert_eq!(
                is_of(None, path, line, asked),
                expected,
                "{line} at {asked}"
            );
        }
    }

    #[test]
    fn a_cookie_of_this_host_is_not_that_of_a_domain() {
        for (domain, line, expected) in [
            (None, "s=1; Path=/", true),
            (None, "s=1; Path=/; Domain=", true),
            (None, "s=1; Path=/; Domain=shop.example", false),
            (Some("shop.example"), "s=1; Path=/", false),
            (
                Some("shop.example"),
                "s=1; Path=/; Domain=.Shop.Example",
                true,
            ),
            (
                Some("Shop.example"),
                "s=1; Path=/; domain=shop.example",
                true,
            ),
            (Some("shop.example"), "s=1; Path=/; Domain=example", false),
            (
                Some("shop.example"),
                "s=1; Path=/; Domain=a.shop.example",
                false,
            ),
        ] {
            assert_eq!(is_of(domain, "/", line, "/"), expected, "{domain:?} {line}");
        }
    }
}
