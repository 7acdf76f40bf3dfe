//! What the origin is told in headers: the visitor's class, and where it does not speak Django the
//! session itself with a MAC over it. The format is described in docs/HEADERS.md.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{OpenSession, OriginMac, Timestamp};

use crate::class::Class;

/// The first line of what the MAC covers. Another format gets another one.
const VERSION: &str = "edge-session/1";

/// A header field for the origin.
pub(crate) type Header = (&'static str, String);

/// A request as the origin will see it.
pub(crate) struct Call<'r> {
    pub(crate) method: &'r str,
    /// Path and query, percent-encoded.
    pub(crate) target: &'r str,
    pub(crate) now: Timestamp,
}

/// `x-session-class`; `None` is for a route where nobody looks at cookies.
pub(crate) fn class(class: Option<Class>) -> Option<Header> {
    class.map(|class| ("x-session-class", class.as_str().to_owned()))
}

/// Session, times and the MAC over them and over the request, so that none of it holds for another
/// path or an hour later. Without a session the MAC still shows that the request came through here.
pub(crate) fn session(
    mac: &OriginMac,
    call: &Call<'_>,
    class: Option<Class>,
    session: Option<&OpenSession>,
) -> Vec<Header> {
    let seconds = |at: Timestamp| at.seconds().to_string();
    let time = seconds(call.now);
    let (text, issued, created) = session.map_or_else(Default::default, |opened| {
        (
            URL_SAFE_NO_PAD.encode(opened.session().to_json()),
            seconds(opened.issued()),
            seconds(opened.lineage().created()),
        )
    });
    let class = class.map_or("", Class::as_str);
    let Call { method, target, .. } = call;
    let message =
        format!("{VERSION}\n{method}\n{target}\n{time}\n{class}\n{issued}\n{created}\n{text}");
    let mut headers = vec![
        ("x-session-time", time),
        ("x-session-mac", mac.text(message.as_bytes())),
    ];
    if session.is_some() {
        headers.extend([
            ("x-session", text),
            ("x-session-issued", issued),
            ("x-session-created", created),
        ]);
    }
    headers
}

#[cfg(test)]
mod tests {
    use session_codec::Secret;

    use super::*;

    fn mac(method: &str, target: &str, seconds: i64, class: Option<Class>) -> String {
        let mac = OriginMac::new(&Secret::from_bytes([7; 32]));
        let now = Timestamp::from_seconds(seconds);
        let headers = session(
            &mac,
            &Call {
                method,
                target,
                now,
            },
            class,
            None,
        );
        let find = |name| headers.iter().find(|(known, _)| *known == name);
        assert!(find("x-session").is_none());
        find("x-session-mac").unwrap().1.clone()
    }

    #[test]
    fn the_message_is_as_documented() {
        let documented = b"edge-session/1\nGET\n/a?b=1\n1800000000\nanonymous\n\n\n";
        let expected = OriginMac::new(&Secret::from_bytes([7; 32])).text(documented);
        let written = mac("GET", "/a?b=1", 1_800_000_000, Some(Class::Anonymous));
        assert_eq!(written, expected);
    }

    #[test]
    fn every_part_counts() {
        let all = [
            mac("GET", "/a", 1, None),
            mac("POST", "/a", 1, None),
            mac("GET", "/b", 1, None),
            mac("GET", "/a?", 1, None),
            mac("GET", "/a", 2, None),
            mac("GET", "/a", 1, Some(Class::Known)),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one), "{index}");
        }
    }
}
