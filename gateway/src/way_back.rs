//! Where a visitor goes on after log in.

use crate::{location::Location, routes::Readings};

/// The page that was asked for, as a path on this site whatever browser or application reads it.
///
/// `//evil.example/` is a path to an HTTP server and another host to a browser that is sent there
/// (RFC 3986 4.2), so one slash stands at the beginning. Where something behind it reads as another
/// one, once decoded, the way back is the front page: no site has such links.
pub(crate) fn path(location: &Location) -> String {
    let below = location.path.trim_start_matches(['/', '\\']);
    let path = format!("/{below}");
    let readings = Readings::of(path.as_bytes());
    let mut texts = readings.texts().peekable();
    if texts.peek().is_none() || texts.any(names_a_host) {
        return "/".to_owned();
    }
    format!("{path}{}", location.query)
}

/// Whether browsers take what follows for a host. They do not see tabs and line breaks.
fn names_a_host(text: &[u8]) -> bool {
    let is_seen = |byte: &&u8| !byte.is_ascii_control();
    let mut letters = text.iter().filter(is_seen).skip(1);
    matches!(letters.next(), Some(b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way_back(path: &str, query: &str) -> String {
        super::path(&Location {
            scheme: "https".to_owned(),
            host: "shop.example".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }

    #[test]
    fn it_is_the_page_that_was_asked_for() {
        for (path, query) in [
            ("/account/", "?a=1&b=//x"),
            ("/", ""),
            ("/a//b/", ""),
            ("/caf%C3%A9/a%2Fb", "?next=/x"),
            ("/a%20b;v=1/", ""),
        ] {
            assert_eq!(way_back(path, query), format!("{path}{query}"));
        }
    }

    #[test]
    fn it_is_a_path_on_this_site() {
        for (path, expected) in [
            ("//evil.example/", "/evil.example/"),
            ("///evil.example", "/evil.example"),
            ("/\\evil.example/", "/evil.example/"),
            ("/\\/\\evil.example/", "/evil.example/"),
            ("/%2Fevil.example/", "/"),
            ("//%2f%2fevil.example/", "/"),
            ("/%5cevil.example/", "/"),
            ("/%255cevil.example/", "/"),
            ("/%09/evil.example/", "/"),
            ("/%0a%2fevil.example/", "/"),
            ("/.%2f/evil.example/", "/"),
            ("/x%2f..%2f/evil.example/", "/"),
        ] {
            assert_eq!(way_back(path, ""), expected, "{path}");
        }
    }
}
