//! How long a session the origin's server takes in a header, as far as it shows. Servers have
//! limits of their own, mostly 8 KB, and refuse every page of whoever is above, log out included.

use serde_json::json;

use crate::{
    answer::{self, Answer},
    platform::Platform,
    response::{ResponseHead, Unanswered},
    shared::Shared,
};

/// Sessions up to this many bytes are below every server's limit.
const NEVER_TOO_LONG: usize = 4000;

static SEEN: Shared<Seen> = Shared::new(Seen::new());

/// What this isolate knows of the limit.
struct Seen {
    /// The longest session to which the application itself has answered.
    longest_taken: usize,
    /// The shortest one that was refused, how, and how many were.
    refused: Option<(usize, Refused, u32)>,
}

/// How an origin refuses a request whose headers are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// 431, or 400, which nginx, Apache and h11 say instead.
    Status(u16),
    /// The connection ends without an answer: daphne, uWSGI.
    HungUp,
}

impl Refused {
    fn label(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::HungUp => "hung_up".to_owned(),
        }
    }
}

/// An answer of an origin as far as it matters here; `None` is for a connection without one.
#[derive(Clone, Copy)]
struct Sign {
    status: Option<u16>,
    /// It sets a cookie or varies by one: the application has seen the request.
    is_applications: bool,
}

impl Seen {
    const fn new() -> Self {
        Self {
            longest_taken: 0,
            refused: None,
        }
    }

    /// What an answer to a request with a session of so many bytes says. That somebody hung up is
    /// to be made sure of: the origin could be down.
    fn judge(&mut self, sign: Sign, bytes: usize) -> Option<Refused> {
        match sign.status {
            // 520 is Cloudflare's word for it.
            None | Some(520) => Some(Refused::HungUp),
            Some(431) => Some(Refused::Status(431)),
            // Applications say 400 themselves: theirs if they took a longer session before.
            Some(400) if !sign.is_applications && bytes > self.longest_taken => {
                Some(Refused::Status(400))
            }
            Some(400 | 500..) => None,
            Some(_) => {
                self.longest_taken = self.longest_taken.max(bytes);
                None
            }
        }
    }

    fn note(&mut self, refused: Refused, bytes: usize) {
        let (shortest, _, times) = self.refused.unwrap_or((usize::MAX, refused, 0));
        self.refused = Some((bytes.min(shortest), refused, times.saturating_add(1)));
    }

    fn warning(&self) -> Option<String> {
        let (bytes, refused, times) = self.refused?;
        let how = match refused {
            Refused::Status(status) => format!("answered {status} to"),
            Refused::HungUp => "hung up on".to_owned(),
        };
        Some(format!(
            "the site's server {how} a request with a session of {bytes} bytes in a header \
             ({times} refused since this isolate began): it has to take longer headers, \
             docs/DJANGO.md says how"
        ))
    }
}

/// The answer in place of the origin's if that, or its absence, means that the session is too long
/// for the server. Browsers get a page that offers a way out; programs what the origin said.
pub(crate) async fn check(
    answered: &Result<ResponseHead<'_>, Unanswered>,
    bytes: usize,
    wants_html: bool,
    platform: &impl Platform,
) -> Option<Answer> {
    if bytes <= NEVER_TOO_LONG {
        return None;
    }
    let sign = match answered {
        Ok(response) => sign(response),
        // Whatever said that has seen the headers.
        Err(Unanswered::NoStatus(_)) => return None,
        Err(Unanswered::Unreachable(_)) => Sign {
            status: None,
            is_applications: false,
        },
    };
    let refused = SEEN.with(|seen| seen.judge(sign, bytes))?;
    if refused == Refused::HungUp && !platform.origin_is_up().await {
        return None;
    }
    SEEN.with(|seen| seen.note(refused, bytes));
    crate::log::warn(
        "origin-refuses-headers",
        &json!({ "answer": refused.label(), "session_bytes": bytes }),
    );
    crate::counters::refused_by_origin(refused.label());
    match refused {
        Refused::Status(status) if wants_html => Some(answer::too_long_for_origin(status, true)),
        Refused::Status(_) => None,
        Refused::HungUp => Some(answer::too_long_for_origin(502, wants_html)),
    }
}

/// What an operator should know of the limit.
#[must_use]
pub fn warning() -> Option<String> {
    SEEN.with(|seen| seen.warning())
}

fn sign(response: &ResponseHead<'_>) -> Sign {
    Sign {
        status: Some(response.status),
        // Only then it matters.
        is_applications: response.status == 400
            && !(response.set_cookies.is_empty() && response.field("vary").is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(status: u16) -> Sign {
        Sign {
            status: Some(status),
            is_applications: false,
        }
    }

    const NONE: Sign = Sign {
        status: None,
        is_applications: false,
    };

    #[test]
    fn a_refusal_is_one_of_three_and_of_a_long_session() {
        let mut seen = Seen::new();
        for (sign, expected) in [
            (sign(431), Refused::Status(431)),
            (sign(400), Refused::Status(400)),
            (sign(520), Refused::HungUp),
            (NONE, Refused::HungUp),
        ] {
            assert_eq!(seen.judge(sign, 8200), Some(expected));
        }
        for status in [200, 204, 302, 401, 403, 404, 413, 414, 500, 502, 503] {
            assert_eq!(seen.judge(sign(status), 20_000), None);
        }
    }

    #[test]
    fn a_400_of_the_applications_own_is_none() {
        let mut seen = Seen::new();
        let of_django = Sign {
            is_applications: true,
            ..sign(400)
        };
        assert_eq!(seen.judge(of_django, 20_000), None);
        assert_eq!(seen.judge(sign(400), 20_000), Some(Refused::Status(400)));
        // It took one as long before, so the length is not it.
        assert_eq!(seen.judge(sign(200), 20_000), None);
        assert_eq!(seen.judge(sign(400), 20_000), None);
        assert_eq!(seen.judge(sign(400), 20_001), Some(Refused::Status(400)));
        assert_eq!(seen.judge(sign(431), 20_000), Some(Refused::Status(431)));
    }

    #[test]
    fn the_warning_tells_the_shortest_that_was_refused() {
        let mut seen = Seen::new();
        assert_eq!(seen.warning(), None);
        for bytes in [30_000, 9000, 12_000] {
            seen.note(Refused::Status(431), bytes);
        }
        let warning = seen.warning().unwrap();
        assert!(warning.contains("answered 431"), "{warning}");
        assert!(warning.contains("9000 bytes"), "{warning}");
        assert!(warning.contains("(3 refused"), "{warning}");
    }
}
