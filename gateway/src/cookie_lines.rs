//! A request's cookies as one text.
//!
//! A browser sends one `Cookie` line. Behind balancers and from other clients come several, which
//! belong together with `; ` (RFC 9113 8.2.3); the runtime joins them with a comma, as the lines of
//! any other header, and gives no way to see which commas are its own. A comma can also stand in
//! the value of a cookie: whoever may set cookies for our host, as every sub-domain's site may, can plant
//! one with `, __Host-sessionid=…` in it, and would so get round what `__Host-` promises.

use alloc::borrow::Cow;

use session_codec::cookie::CookieName;

use crate::{request::RequestHead, site::Site};

/// The cookies of a request, where none of ours is hidden behind a comma of the runtime's.
pub(crate) fn read<'r>(request: &RequestHead<'r>, site: &Site) -> Cow<'r, str> {
    let cookies = request.field("cookie").unwrap_or_default();
    if !cookies.contains(',') {
        return Cow::Borrowed(cookies);
    }
    let names = [
        Some(site.codec.profile().name()),
        site.codec.django_cookie(),
        site.origin_cookie.as_ref(),
    ];
    let names: Vec<&str> = names
        .into_iter()
        .flatten()
        .map(CookieName::as_str)
        .collect();
    let is_browser = is_browser(request);
    let separated = separate(cookies, &names, is_browser);
    if is_browser && names.iter().any(|name| is_behind_comma(&separated, name)) {
        crate::log::rejected("joined_lines", "joined_lines");
        crate::counters::rejected("joined_lines".into());
    }
    separated
}

/// Puts `; ` where lines were joined, as far as that is sure: after a cookie of ours, whose value
/// has no comma, and before one of ours unless a browser sent it, which joins no lines.
fn separate<'c>(cookies: &'c str, names: &[&str], is_browser: bool) -> Cow<'c, str> {
    let is_ours = |cookie: &str| {
        let name = cookie.split('=').next().unwrap_or_default();
        cookie.contains('=') && names.contains(&name.trim_matches([' ', '\t']))
    };
    let mut separated = String::with_capacity(cookies.len() + 16);
    // Whether the cookie that the text has come to is ours.
    let mut is_inside_ours = false;
    for (chunk_index, chunk) in cookies.split(';').enumerate() {
        for (part_index, part) in chunk.split(',').enumerate() {
            let begins_ours = is_ours(part);
            let is_cookie = match part_index {
                0 => true,
                _ => is_inside_ours || (begins_ours && !is_browser),
            };
            separated.push_str(match (chunk_index, part_index) {
                (0, 0) => "",
                _ if is_cookie => ";",
                _ => ",",
            });
            separated.push_str(part);
            if is_cookie {
                is_inside_ours = begins_ours;
            }
        }
    }
    if separated == cookies {
        Cow::Borrowed(cookies)
    } else {
        Cow::Owned(separated)
    }
}

/// Whether a browser sent the request. They all say `Mozilla/` and, for years, where a request comes
/// from; no page's script can take both away, or what belongs to a WebSocket.
fn is_browser(request: &RequestHead<'_>) -> bool {
    let agent = request.field("user-agent");
    request.field("sec-fetch-site").is_some()
        || request.field("sec-websocket-key").is_some()
        || agent.is_some_and(|agent| agent.trim_start().starts_with("Mozilla/"))
}

fn is_behind_comma(cookies: &str, name: &str) -> bool {
    let mut behind = cookies.split(',').skip(1);
    behind.any(|part| {
        let part = part.trim_start_matches([' ', '\t']);
        let rest = part.strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "__Host-sessionid";

    fn separated(cookies: &str, is_browser: bool) -> String {
        separate(cookies, &[OURS, "sessionid"], is_browser).into_owned()
    }

    #[test]
    fn lines_are_told_apart_round_a_cookie_of_ours() {
        for (joined, expected) in [
            ("a=b, __Host-sessionid=V", "a=b; __Host-sessionid=V"),
            ("__Host-sessionid=V, a=b", "__Host-sessionid=V; a=b"),
            (
                "a=b; c=d, __Host-sessionid=V, z=1; y=2",
                "a=b; c=d; __Host-sessionid=V; z=1; y=2",
            ),
            ("a=b,sessionid=V,c=d", "a=b;sessionid=V;c=d"),
            (
                "__Host-sessionid=V, __Host-sessionid=W",
                "__Host-sessionid=V; __Host-sessionid=W",
            ),
        ] {
            assert_eq!(separated(joined, false), expected);
        }
    }

    #[test]
    fn the_commas_of_others_are_theirs() {
        for cookies in [
            "a=1,2; b={\"x\":1, \"y\":2}",
            "a=b, c=d",
            "a=x, sessionid; b=c",
            "a=x, sessionid2=y",
            "a=x, Sessionid=y",
            "a=1; __Host-sessionid=V",
        ] {
            assert_eq!(separated(cookies, false), cookies);
            assert_eq!(separated(cookies, true), cookies);
        }
    }

    #[test]
    fn what_somebody_planted_in_a_browser_stays_where_it_is() {
        for cookies in [
            "a=b, __Host-sessionid=V",
            "a=b; x=1,sessionid=V; c=d",
            "a=,__Host-sessionid=V, c=d",
        ] {
            assert_eq!(separated(cookies, true), cookies);
            assert!(
                [OURS, "sessionid"]
                    .iter()
                    .any(|name| is_behind_comma(cookies, name))
            );
        }
        // Nobody but us sets this name there, and we set no comma.
        assert_eq!(
            separated("__Host-sessionid=V, a=b", true),
            "__Host-sessionid=V; a=b"
        );
    }

    #[test]
    fn many_commas_cost_linear_time() {
        let count = |length: usize| separated(&"a,".repeat(length), false).len();
        assert_eq!(count(64 << 10), 128 << 10);
    }
}
