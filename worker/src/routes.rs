//! Which paths need a session.

use alloc::collections::BTreeMap;

use serde::Deserialize;

/// What a route does with sessions. Ordered from the laxest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Sessions are neither read nor forwarded: static files, which caches may keep.
    Public,
    /// The origin is told the visitor's class and no more: pages that a cache keeps once for each.
    Class,
    /// A session is forwarded if there is one.
    Optional,
    /// Without a session the origin is not asked.
    Required,
}

impl Mode {
    /// Whether the origin is told anything of who asks.
    pub(crate) fn tells(self) -> bool {
        self != Self::Public
    }

    /// Whether the origin is told of the session.
    pub(crate) fn tells_session(self) -> bool {
        self > Self::Class
    }

    /// Whether what the origin says of the session on such a route may be the visitor's. Who was
    /// not told of a session cannot replace it: what it wrote, it wrote for a stranger.
    pub(crate) fn may_set_session(self, has_session: bool) -> bool {
        self.tells_session() || !has_session
    }
}

/// Path prefixes and their modes.
pub(crate) struct Routes(Vec<(String, Mode)>);

impl Routes {
    pub(crate) fn new(modes: BTreeMap<String, Mode>) -> Result<Self, String> {
        if let Some(prefix) = modes.keys().find(|prefix| !prefix.starts_with('/')) {
            return Err(format!("the prefix {prefix:?} does not begin with /"));
        }
        let mut modes: Vec<_> = modes.into_iter().collect();
        modes.sort_by_key(|(prefix, _)| core::cmp::Reverse(prefix.len()));
        Ok(Self(modes))
    }

    /// The rules.
    pub(crate) fn modes(&self) -> impl Iterator<Item = (&str, Mode)> {
        self.0.iter().map(|(prefix, mode)| (prefix.as_str(), *mode))
    }

    /// The mode of the longest prefix of a URL's path; `optional` where none matches.
    ///
    /// An origin decodes the path before it looks at it, and some servers merge slashes: every
    /// reading is asked and the strictest answer counts, so that no spelling gets round a rule.
    pub(crate) fn mode(&self, path: &str) -> Mode {
        let decoded = decode(path.as_bytes());
        let merged = merge_slashes(&decoded);
        let longest = |path: &[u8]| {
            let rule = self
                .0
                .iter()
                .find(|(prefix, _)| path.starts_with(prefix.as_bytes()));
            rule.map_or(Mode::Optional, |&(_, mode)| mode)
        };
        longest(path.as_bytes())
            .max(longest(&decoded))
            .max(longest(&merged))
    }
}

/// Percent-decodes once; what is not an escape stays.
fn decode(path: &[u8]) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if let (b'%', [high, low, behind @ ..]) = (first, after)
            && let Some(octet) = digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| high * 16 + low)
        {
            // Two hex digits are at most 255.
            decoded.push(u8::try_from(octet).unwrap_or(first));
            rest = behind;
        } else {
            decoded.push(first);
        }
    }
    decoded
}

fn merge_slashes(path: &[u8]) -> Vec<u8> {
    let mut merged = path.to_vec();
    merged.dedup_by(|next, before| *next == b'/' && *before == b'/');
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(text: &str) -> Routes {
        Routes::new(serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_longest_prefix_decides() {
        let routes = routes(r#"{"/": "optional", "/a/": "required", "/a/open": "public"}"#);
        assert_eq!(routes.mode("/"), Mode::Optional);
        assert_eq!(routes.mode("/a"), Mode::Optional);
        assert_eq!(routes.mode("/a/b"), Mode::Required);
        assert_eq!(routes.mode("/a/open/b"), Mode::Public);
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
        ] {
            assert_eq!(routes.mode(path), Mode::Required, "{path}");
        }
        for path in ["/accounts", "/%", "/%zz/account/", "/%6"] {
            assert_eq!(routes.mode(path), Mode::Public, "{path}");
        }
    }

    #[test]
    fn a_prefix_is_a_path() {
        let modes = BTreeMap::from([("account".to_owned(), Mode::Required)]);
        assert!(Routes::new(modes).is_err());
    }

    #[test]
    fn without_a_rule_a_session_is_optional() {
        assert_eq!(routes("{}").mode("/any"), Mode::Optional);
    }
}
