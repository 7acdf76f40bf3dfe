//! What a request is for, before anybody looks at its session.

use crate::{
    request::RequestHead,
    routes::{Mode, Readings},
    site::Site,
};

/// The path of the session API; the Worker's other pages lie below it.
const OWN: &str = "/_session";

/// Who answers a request.
pub(crate) enum Target<'p> {
    /// The Worker itself: what follows `/_session` in the path.
    Own(&'p str),
    /// Nobody: some servers take the path for one of ours. It was not meant for the origin, and
    /// what guards `/_session` in front of us looks for one spelling.
    OtherSpelling,
    /// The origin, which may know as much of the session.
    Origin(Mode),
}

impl<'p> Target<'p> {
    pub(crate) fn of(request: &'p RequestHead<'_>, site: &Site) -> Self {
        match Self::of_path(&request.location.path, |path| site.mode(path)) {
            Self::Origin(_) if is_preflight(request) => Self::Origin(Mode::Public),
            target => target,
        }
    }

    fn of_path(path: &'p str, mode: impl Fn(&str) -> Mode) -> Self {
        if let Some(rest) = path.strip_prefix(OWN)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Self::Own(rest);
        }
        let readings = Readings::of(path.as_bytes());
        if readings.texts().any(is_own) {
            Self::OtherSpelling
        } else {
            Self::Origin(mode(path))
        }
    }

    /// Whether a session is looked at, whose age depends on the clock.
    pub(crate) fn needs_time(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::OtherSpelling => false,
            Self::Origin(mode) => *mode != Mode::Public,
        }
    }
}

fn is_own(text: &[u8]) -> bool {
    let Some((head, rest)) = text.split_at_checked(OWN.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(OWN.as_bytes()) && matches!(rest, [] | [b'/', ..])
}

/// Whether it is the question of a browser whether a page of another site may ask (CORS). It comes
/// without cookies by the standard (Fetch 4.8), so it is no visitor's, and only the origin knows
/// the answer; nothing is done by it.
pub(crate) fn is_preflight(request: &RequestHead<'_>) -> bool {
    let length = request.field("content-length");
    request.method == "OPTIONS"
        && request.field("origin").is_some()
        && request.field("access-control-request-method").is_some()
        && length.is_none_or(|length| length == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_have_one_spelling_and_no_other_reaches_the_origin() {
        let mode = |_: &str| Mode::Optional;
        for (path, rest) in [
            ("/_session", ""),
            ("/_session/", "/"),
            ("/_session/health", "/health"),
            ("/_session/..%2fx", "/..%2fx"),
        ] {
            let target = Target::of_path(path, mode);
            assert!(matches!(target, Target::Own(own) if own == rest), "{path}");
        }
        for path in [
            "/%5fsession",
            "/%255Fsession/health",
            "//_session",
            "/_session;x",
            "/_session%2fhealth",
            "/x/..%2f_session",
            "/_Session",
            "/_session%3fx",
            "/.%2f_session/warm",
        ] {
            let target = Target::of_path(path, mode);
            assert!(matches!(target, Target::OtherSpelling), "{path}");
        }
        for path in ["/_sessionx", "/_session.html", "/x/_session", "/session"] {
            let target = Target::of_path(path, mode);
            assert!(matches!(target, Target::Origin(Mode::Optional)), "{path}");
            assert!(target.needs_time());
        }
    }
}
