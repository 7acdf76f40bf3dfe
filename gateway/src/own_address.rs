//! The site's own address, in what it tells a browser to go to, becomes the visitor's: a site that
//! does not know that it stands behind somebody would send visitors past the gate.

use http::uri::Authority;

use crate::{edit::Edit, location::Location, response::ResponseHead, site::Origin};

/// Headers that hold addresses which browsers go to.
const PLACES: [(&str, Rewrite); 4] = [
    ("location", address),
    ("content-location", address),
    ("refresh", refresh),
    ("link", links),
];

/// A header's value with other addresses in it; `None` if it stays.
type Rewrite = fn(&str, &Swap<'_>) -> Option<String>;

/// Rewrites the fields of an answer from the origin.
pub(crate) fn replace(
    response: &ResponseHead<'_>,
    origin: &Origin,
    location: &Location,
    edits: &mut Vec<Edit>,
) {
    for (name, rewrite) in PLACES {
        let Some(value) = response.field(name) else {
            continue;
        };
        // As the site was told it, in the Host header.
        let Some(swap) = Swap::new(origin.origin(), location) else {
            return;
        };
        if let Some(rewritten) = rewrite(value, &swap) {
            edits.push(Edit::set(name, rewritten));
        }
    }
}

/// Whether a site redirects a visitor to the very page that was asked, at its own host by `https`
/// where it is asked by `http`: Django's `SECURE_SSL_REDIRECT` does so for ever if it is not told
/// of `X-Forwarded-Proto`. At that address nobody is, or the site without a gate.
pub(crate) fn leads_past_us(
    response: &ResponseHead<'_>,
    origin: &Origin,
    location: &Location,
) -> bool {
    let is_redirect = matches!(response.status, 301 | 302 | 307 | 308);
    if !is_redirect || origin.is_secure() {
        return false;
    }
    let page = || format!("{}{}", location.path, location.query);
    let target = response.field("location");
    target.is_some_and(|target| is_twin(target, origin.host(), &page()))
}

/// Whether it is `https`, this host and port, and this page.
fn is_twin(target: &str, own: &str, page: &str) -> bool {
    let Some((scheme, rest)) = target.split_once("://") else {
        return false;
    };
    let host = rest.get(..own.len());
    scheme.eq_ignore_ascii_case("https")
        && host.is_some_and(|host| host.eq_ignore_ascii_case(own))
        && rest[own.len()..] == *page
}

/// What becomes what.
struct Swap<'a> {
    scheme: &'a str,
    host: String,
    port: u16,
    visitor: &'a Location,
}

impl<'a> Swap<'a> {
    fn new(own: &'a str, visitor: &'a Location) -> Option<Self> {
        let (scheme, authority) = own.split_once("://")?;
        let (host, port) = host_and_port(authority, scheme)?;
        Some(Self {
            scheme,
            host,
            port,
            visitor,
        })
    }

    /// The same address at the visitor's scheme and host; `None` if it is not exactly the site's
    /// own, or has no host.
    fn address(&self, text: &str) -> Option<String> {
        // Without a scheme it is that of the page, which to the site is its own.
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(self.scheme) => (Some(()), rest),
            _ => (None, text),
        };
        let rest = rest.strip_prefix(is_slash)?.strip_prefix(is_slash)?;
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = host_and_port(authority, self.scheme)?;
        if (host.as_str(), port) != (self.host.as_str(), self.port) {
            return None;
        }
        // A name and a password are kept: they are for whoever is asked there.
        let user = authority.rfind('@').map_or("", |at| &authority[..=at]);
        let Location {
            scheme: to, host, ..
        } = self.visitor;
        let front = scheme.map(|()| format!("{to}:")).unwrap_or_default();
        Some(format!("{front}//{user}{host}{path}"))
    }
}

/// Browsers take both for one in `http` addresses.
const fn is_slash(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// Compared as browsers do: without a user, letter case, and the port that goes without saying.
fn host_and_port(authority: &str, scheme: &str) -> Option<(String, u16)> {
    let parsed: Authority = authority.parse().ok()?;
    let host = parsed.host();
    let at_host = authority.rfind('@').map_or(0, |at| at + 1);
    let port = match authority[at_host..].strip_prefix(host)? {
        "" | ":" if scheme == "https" => 443,
        "" | ":" => 80,
        port => port.strip_prefix(':')?.parse().ok()?,
    };
    Some((host.to_ascii_lowercase(), port))
}

fn address(value: &str, swap: &Swap<'_>) -> Option<String> {
    swap.address(value)
}

/// `5; url=https://…`, as [HTML reads it](https://html.spec.whatwg.org/#shared-declarative-refresh-steps):
/// seconds, then `;`, `,` or white space, then an address with or without `url=` and quotes.
fn refresh(value: &str, swap: &Swap<'_>) -> Option<String> {
    let is_time = |c: char| c.is_ascii_digit() || c == '.';
    let after_time = value.trim_ascii_start().trim_start_matches(is_time);
    let separated = after_time.trim_ascii_start();
    let rest = separated.strip_prefix([';', ',']).unwrap_or(separated);
    let rest = rest.trim_ascii_start();
    let named = rest
        .get(..3)
        .filter(|name| name.eq_ignore_ascii_case("url"));
    let named = named.and_then(|_| rest[3..].trim_ascii_start().strip_prefix('='));
    let rest = named.map_or(rest, str::trim_ascii_start);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let text = quote.map_or(rest, |quote| &rest[quote.len_utf8()..]);
    let end = quote
        .and_then(|quote| text.find(quote))
        .unwrap_or(text.len());
    let address = swap.address(&text[..end])?;
    let front = &value[..value.len() - text.len()];
    Some(format!("{front}{address}{}", &text[end..]))
}

/// `<https://…>; rel=preload, <https://…>; title="<none>"`: the targets in angle brackets.
fn links(value: &str, swap: &Swap<'_>) -> Option<String> {
    let mut rewritten = String::new();
    let mut is_changed = false;
    let mut rest = value;
    while let Some(start) = rest.find(['<', '"']) {
        let (before, opened) = rest.split_at(start + 1);
        rewritten.push_str(before);
        if before.ends_with('"') {
            let end = end_of_quoted(opened);
            rewritten.push_str(&opened[..end]);
            rest = &opened[end..];
            continue;
        }
        let end = opened.find('>').unwrap_or(opened.len());
        let target = &opened[..end];
        let address = swap.address(target);
        is_changed |= address.is_some();
        rewritten.push_str(address.as_deref().unwrap_or(target));
        rest = &opened[end..];
    }
    rewritten.push_str(rest);
    is_changed.then_some(rewritten)
}

/// Behind the quote that ends a text, where `\` hides the next character.
fn end_of_quoted(text: &str) -> usize {
    let mut is_hidden = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !is_hidden;
        is_hidden = c == '\\' && !is_hidden;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor() -> Location {
        Location {
            scheme: "https".into(),
            host: "shop.example:8443".into(),
            path: "/".into(),
            query: String::new(),
        }
    }

    fn rewritten(rewrite: Rewrite, own: &str, value: &str) -> Option<String> {
        rewrite(value, &Swap::new(own, &visitor()).unwrap())
    }

    #[test]
    fn the_sites_own_address_becomes_the_visitors_in_every_spelling() {
        for (own, value, expected) in [
            (
                "http://o.example",
                "http://o.example/a?b#c",
                "https://shop.example:8443/a?b#c",
            ),
            (
                "http://o.example",
                "http://o.example",
                "https://shop.example:8443",
            ),
            (
                "http://o.example",
                "http://o.example?b",
                "https://shop.example:8443?b",
            ),
            (
                "http://o.example",
                "http://o.example#c",
                "https://shop.example:8443#c",
            ),
            (
                "http://o.example",
                "HTTP://O.Example:80/A",
                "https://shop.example:8443/A",
            ),
            (
                "http://o.example",
                "http://o.example:/a",
                "https://shop.example:8443/a",
            ),
            (
                "https://o.example",
                "https://o.example:443/a",
                "https://shop.example:8443/a",
            ),
            (
                "https://o.example",
                "//o.example/a",
                "//shop.example:8443/a",
            ),
            (
                "http://o.example",
                "http:\\\\o.example\\@evil",
                "https://shop.example:8443\\@evil",
            ),
            (
                "http://o.example",
                "http://u:p@o.example/",
                "https://u:p@shop.example:8443/",
            ),
            (
                "http://127.0.0.1:8000",
                "http://127.0.0.1:8000/a//b/../%2e",
                "https://shop.example:8443/a//b/../%2e",
            ),
            (
                "http://[::1]:8000",
                "http://[::1]:8000/",
                "https://shop.example:8443/",
            ),
        ] {
            assert_eq!(
                rewritten(address, own, value).as_deref(),
                Some(expected),
                "{value}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        for value in [
            "/a",
            "a",
            "",
            "?next=http://o.example/",
            "#http://o.example/",
            "//",
            "http:",
            "http:/o.example/",
            "http:o.example",
            "https://o.example/",
            "https://o.example:80/",
            "ws://o.example/",
            "http://o.example.evil/",
            "http://o.example.:80/",
            "http://o.example./",
            "http://o.examples/",
            "http://xo.example/",
            "http://sub.o.example/",
            "http://o.example@evil/",
            "http://o.example:80@evil/",
            "http://o.example:80:80/",
            "http://o.example:8080/",
            "http://o.example:99999/",
            "http://o.example:x/",
            "http://o.example%2eevil/",
            "http://o.example%00/",
            "http://o.example\t/",
            "http://o.example evil/",
            "http://evil/http://o.example/",
            "javascript:http://o.example/",
            "xhttp://o.example/",
            "//evil/o.example",
            "//o.example:8080/",
            "http://[o.example]/",
            "http://\u{ff4f}.example/",
        ] {
            for rewrite in [address as Rewrite, refresh] {
                assert_eq!(
                    rewritten(rewrite, "http://o.example", value),
                    None,
                    "{value}"
                );
            }
            let link = format!("<{value}>; rel=next");
            assert_eq!(rewritten(links, "http://o.example", &link), None, "{link}");
        }
    }

    #[test]
    fn the_same_page_by_https_is_a_twin() {
        for (target, own) in [
            ("https://o.example/a?b", "o.example"),
            ("HTTPS://O.example/a?b", "o.example"),
            ("https://127.0.0.1:8000/a?b", "127.0.0.1:8000"),
        ] {
            assert!(is_twin(target, own, "/a?b"), "{target}");
        }
        for target in [
            "http://o.example/a?b",
            "https://o.example/a",
            "https://o.example/a?b#c",
            "https://o.example.evil/a?b",
            "https://o.example:8443/a?b",
            "https://o.example",
            "https://ö.example/a?b",
            "/a?b",
            "",
        ] {
            assert!(!is_twin(target, "o.example", "/a?b"), "{target}");
        }
    }

    #[test]
    fn a_refresh_is_read_as_browsers_read_it() {
        for front in [
            "0;url=",
            "5; URL = ",
            "5, url='",
            "1.5; uRl=\"",
            "5 ; url=",
            " 3;url=",
            "3; ",
            "3 ",
            "3,'",
            "0;",
            "",
        ] {
            let end = front.find(['"', '\'']).map_or("", |at| &front[at..=at]);
            let value = format!("{front}http://o.example/a;b{end}");
            let expected = format!("{front}https://shop.example:8443/a;b{end}");
            assert_eq!(
                rewritten(refresh, "http://o.example", &value),
                Some(expected)
            );
        }
        for value in [
            "5",
            "5; url=/a",
            "5; url='/http://o.example'",
            "5; url=",
            "",
            "5; url='",
        ] {
            assert_eq!(
                rewritten(refresh, "http://o.example", value),
                None,
                "{value}"
            );
        }
    }

    #[test]
    fn of_links_the_targets_are_rewritten() {
        let value = "<http://o.example/a,b>; rel=\"next\"; title=\"a \\\" <http://o.example/c>\", </d>, \
                     <http://evil/>; anchor=\"x\", <http://O.example:80/e>";
        let expected = "<https://shop.example:8443/a,b>; rel=\"next\"; title=\"a \\\" <http://o.example/c>\", </d>, \
                        <http://evil/>; anchor=\"x\", <https://shop.example:8443/e>";
        assert_eq!(
            rewritten(links, "http://o.example", value).as_deref(),
            Some(expected)
        );
        for odd in [
            "<",
            "\"",
            ">",
            "",
            "\"\\",
            "<a\"b>",
            "\"<http://o.example/>",
        ] {
            assert_eq!(rewritten(links, "http://o.example", odd), None, "{odd}");
        }
    }
}
