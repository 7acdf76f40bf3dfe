//! Which paths need a session.

use alloc::collections::BTreeMap;

mod readings;

use serde::Deserialize;

pub(crate) use readings::Readings;

/// What a route does with sessions. Ordered from the laxest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Sessions are neither read nor forwarded: static files, which caches may keep.
    Public,
    /// The origin is told the visitor's class and no more: pages that a cache keeps once for each.
    Class,
    /// A session is forwarded if there is one.
    Optional,
    /// Without a session the origin is not asked.
    Required,
    /// Nor without one that is bound to a device, which is there.
    Device,
}

impl Mode {
    /// As settings spell it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Class => "class",
            Self::Optional => "optional",
            Self::Required => "required",
            Self::Device => "device",
        }
    }

    /// Whether the origin is told anything of who asks.
    pub(crate) fn tells(self) -> bool {
        self != Self::Public
    }

    /// Whether the origin is told of the session.
    pub(crate) fn tells_session(self) -> bool {
        self > Self::Class
    }

    /// Whether the origin is asked without a session.
    pub(crate) fn requires(self) -> bool {
        self >= Self::Required
    }

    /// Whether what the origin says of the session on such a route may be the visitor's. Who was
    /// not told of a session cannot replace it: what it wrote, it wrote for a stranger.
    pub(crate) fn may_set_session(self, has_session: bool) -> bool {
        self.tells_session() || !has_session
    }
}

/// Path prefixes and their modes.
pub struct Routes {
    given: BTreeMap<String, Mode>,
    /// The longest first.
    rules: Vec<(Vec<u8>, Mode)>,
    /// What no path is stricter than.
    strictest: Mode,
    /// What no path is laxer than.
    laxest: Mode,
}

impl Routes {
    /// Of prefixes of paths.
    ///
    /// # Errors
    /// Which one is none.
    pub fn new(modes: BTreeMap<String, Mode>) -> Result<Self, String> {
        if let Some(prefix) = modes.keys().find(|prefix| !prefix.starts_with('/')) {
            return Err(format!("the prefix {prefix:?} does not begin with /"));
        }
        let outside = (!modes.contains_key("/")).then_some(Mode::Optional);
        let all = || modes.values().copied().chain(outside);
        let (strictest, laxest) = (all().max(), all().min());
        // A prefix with escapes is also the one that it says.
        let mut rules: Vec<_> = modes
            .iter()
            .flat_map(|(prefix, &mode)| {
                let texts = Readings::of_prefix(prefix.as_bytes());
                texts.into_iter().map(move |text| (text, mode))
            })
            .collect();
        rules.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.cmp(other)));
        rules.dedup();
        Ok(Self {
            given: modes,
            rules,
            strictest: strictest.unwrap_or(Mode::Optional),
            laxest: laxest.unwrap_or(Mode::Optional),
        })
    }

    /// The rules.
    pub fn modes(&self) -> impl Iterator<Item = (&str, Mode)> {
        self.given
            .iter()
            .map(|(prefix, mode)| (prefix.as_str(), *mode))
    }

    /// The mode of the longest prefix of a URL's path; `optional` where none matches.
    ///
    /// The strictest answer of all readings counts, so that no spelling gets round a rule.
    #[must_use]
    pub fn mode(&self, path: &str) -> Mode {
        if self.laxest == self.strictest {
            return self.strictest;
        }
        let readings = Readings::of(path.as_bytes());
        let modes = readings.texts().map(|text| self.mode_of_text(text));
        modes.max().unwrap_or(self.strictest)
    }

    fn mode_of_text(&self, path: &[u8]) -> Mode {
        let exact = self.longest(|prefix| path.starts_with(prefix));
        if exact == self.strictest || self.strictest < Mode::Required {
            return exact;
        }
        // Some servers do not tell letters' cases apart; those that do have two pages, and only one
        // of them is as open as it was meant to be.
        let folded = self.longest(|prefix| {
            let head = path.get(..prefix.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        });
        match folded {
            strict if strict.requires() => strict.max(exact),
            _ => exact,
        }
    }

    /// The mode of the longest prefix of those that match; of several, the strictest.
    fn longest(&self, matches: impl Fn(&[u8]) -> bool) -> Mode {
        let mut found: Option<(usize, Mode)> = None;
        for (prefix, mode) in &self.rules {
            if found.is_some_and(|(length, _)| length > prefix.len()) {
                break;
            }
            if matches(prefix) {
                found = found.max(Some((prefix.len(), *mode)));
            }
        }
        found.map_or(Mode::Optional, |(_, mode)| mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(text: &str) -> Routes {
        Routes::new(serde_json::from_str(text).unwrap()).unwrap()
    }

    fn mode(routes: &Routes, path: &str) -> Mode {
        routes.mode(path)
    }

    #[test]
    fn the_longest_prefix_decides() {
        let routes = routes(r#"{"/": "optional", "/a/": "required", "/a/open": "public"}"#);
        assert_eq!(mode(&routes, "/"), Mode::Optional);
        assert_eq!(mode(&routes, "/a"), Mode::Optional);
        assert_eq!(mode(&routes, "/a/b"), Mode::Required);
        assert_eq!(mode(&routes, "/a/open/b"), Mode::Public);
    }

    #[test]
    fn no_spelling_gets_round_a_rule() {
        let routes = routes(r#"{"/": "public", "/account/": "required"}"#);
        for path in [
            "/account/",
            "/%61ccount/",
            "/account%2F",
            "//account/",
            "/%2faccount/x",
            "/%61%63count%2fx",
            "/static/..%2faccount/",
            "/static/%2e%2e%2faccount/",
            "/x/..%5caccount/",
            "/.%2faccount/",
            "/%2561ccount/",
            "/account;x/",
            "/x/..;/account/",
            "/ACCOUNT/",
            "/Account/",
            "/static/..%2fACC%4funt%3bx/",
        ] {
            assert_eq!(mode(&routes, path), Mode::Required, "{path}");
        }
        for path in [
            "/accounts",
            "/account",
            "/%",
            "/%zz/account/",
            "/%6",
            "/x/account/",
        ] {
            assert_eq!(mode(&routes, path), Mode::Public, "{path}");
        }
        // Nobody writes this but to get round a rule.
        let many = format!("/static/%{}61", "25".repeat(1000));
        assert_eq!(mode(&routes, &many), Mode::Required);
    }

    #[test]
    fn case_counts_but_where_a_session_is_required() {
        let routes = routes(
            r#"{"/": "optional", "/Files/": "public", "/account/": "required",
                "/account/open/": "public", "/Account/": "public"}"#,
        );
        assert_eq!(mode(&routes, "/Files/x"), Mode::Public);
        assert_eq!(mode(&routes, "/files/x"), Mode::Optional);
        assert_eq!(mode(&routes, "/account/open/x"), Mode::Public);
        assert_eq!(mode(&routes, "/ACCOUNT/open/x"), Mode::Optional);
        // Where a server does not tell them apart this is the page of the other rule.
        assert_eq!(mode(&routes, "/Account/x"), Mode::Required);
    }

    #[test]
    fn a_prefix_counts_in_its_own_spelling_and_decoded() {
        let routes =
            routes(r#"{"/": "public", "/caf%C3%A9/": "required", "/straße/": "required"}"#);
        for path in [
            "/caf%C3%A9/",
            "/caf%c3%a9/",
            "/c%61f%C3%A9/",
            "/CAF%C3%A9/",
            "/stra%C3%9Fe/",
            "/stra%25C3%259Fe/",
        ] {
            assert_eq!(mode(&routes, path), Mode::Required, "{path}");
        }
    }

    /// What a server behind us might do to a path, in other words than those of the readings.
    fn served(path: &str, decodings: usize, is_lenient: bool) -> String {
        let mut text = path.to_owned();
        for _ in 0..decodings {
            let mut pieces = text.split('%');
            let mut decoded = pieces.next().unwrap().to_owned();
            for piece in pieces {
                let code = piece
                    .get(..2)
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                match code.filter(u8::is_ascii) {
                    Some(code) => decoded.extend([&*char::from(code).to_string(), &piece[2..]]),
                    None => decoded.extend(["%", piece]),
                }
            }
            text = decoded;
        }
        if is_lenient {
            text = text.replace('\\', "/").to_ascii_lowercase();
        }
        let mut segments: Vec<&str> = Vec::new();
        let mut is_folder = false;
        for segment in text.split('/').skip(1) {
            let name = segment.split(';').next().unwrap();
            is_folder = matches!(name, "" | "." | "..");
            match name {
                "" | "." => {}
                ".." => drop(segments.pop()),
                name => segments.push(name),
            }
        }
        let slash = if is_folder { "/" } else { "" };
        format!("/{}{slash}", segments.join("/")).replace("//", "/")
    }

    #[test]
    fn what_a_server_makes_of_a_path_is_never_stricter_than_the_path() {
        let rules = r#"{"/": "optional", "/static/": "public", "/page/": "class",
            "/account/": "required", "/account/open/": "public"}"#;
        let routes = routes(rules);
        let pieces = [
            "/",
            "//",
            "%2f",
            "%252F",
            "%5c",
            "\\",
            "..",
            ".",
            "%2e",
            "%252e",
            ";",
            "%3b",
            ";x=%2f",
            "account",
            "acc%6funt",
            "Account",
            "static",
            "page",
            "open",
            "x",
            "%00",
            "%",
            "%2",
            "é",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        let mut required = 0;
        for _ in 0..10_000 {
            let mut path = String::from("/");
            for _ in 0..random.usize(1..9) {
                path.push_str(pieces[random.usize(..pieces.len())]);
            }
            let outside = mode(&routes, &path);
            for decodings in 0..4 {
                for is_lenient in [false, true] {
                    let inside = served(&path, decodings, is_lenient);
                    // Of a page that is open a lenient server has one more spelling.
                    let is_stricter = match is_lenient {
                        true => {
                            mode(&routes, &inside) == Mode::Required && outside < Mode::Required
                        }
                        false => mode(&routes, &inside) > outside,
                    };
                    assert!(!is_stricter, "{path} as {inside}");
                }
            }
            required += usize::from(outside == Mode::Required);
        }
        assert!((200..9_800).contains(&required), "{required}");
    }

    #[test]
    fn a_prefix_is_a_path() {
        let modes = BTreeMap::from([("account".to_owned(), Mode::Required)]);
        assert!(Routes::new(modes).is_err());
    }

    #[test]
    fn without_a_rule_a_session_is_optional() {
        assert_eq!(mode(&routes("{}"), "/any"), Mode::Optional);
        assert_eq!(
            mode(&routes(r#"{"/a/": "public"}"#), "/any"),
            Mode::Optional
        );
    }
}
