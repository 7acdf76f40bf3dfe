//! Who may keep an answer: decided from what the origin says and what we know of the session.

use session_codec::Timestamp;

use crate::{edit::Edit, lifetime::DateReader, response::ResponseHead, routes::Mode};

/// Who may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// As the origin says: the session has nothing to do with it.
    AsSaid,
    /// This visitor's browser, if the origin lets it; nobody in between.
    Browser,
    /// Nobody.
    Nobody,
}

/// What the origin says of keeping an answer.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) cache_control: Option<String>,
    /// As browsers are to read it.
    pub(crate) vary: Option<String>,
    /// The origin's own `Vary` names the class.
    pub(crate) had_class: bool,
    /// Its `Expires` is a time to come.
    pub(crate) expires_later: bool,
}

/// What of the session is in an answer.
pub(crate) struct Share {
    /// The answer sets or removes the session, or was meant to.
    pub(crate) sets: bool,
    /// There was a session that the origin, or the rule of the route, went by.
    pub(crate) has_session: bool,
    pub(crate) mode: Mode,
    /// The origin says of whatever used the session that it varies by cookie. Django does; of
    /// another one nobody knows.
    pub(crate) varies_by_cookie: bool,
}

impl Said {
    /// Of an answer, as browsers are to read it.
    pub(crate) fn of(response: &ResponseHead<'_>, now: Timestamp, date: DateReader) -> Self {
        let vary = response.field("vary");
        let without_class = vary.and_then(vary_without_class);
        let cache_control = response.field("cache-control");
        // `Cache-Control` counts before any date.
        let expires = response
            .field("expires")
            .filter(|_| cache_control.is_none());
        Self {
            cache_control: cache_control.map(str::to_owned),
            had_class: without_class.is_some(),
            vary: without_class.or_else(|| vary.map(str::to_owned)),
            expires_later: expires.and_then(date).is_some_and(|date| date > now),
        }
    }

    pub(crate) fn keeping(&self, share: &Share) -> Keeping {
        if share.sets {
            return Keeping::Nobody;
        }
        if !share.has_session {
            return Keeping::AsSaid;
        }
        if self.varies_by_cookie() {
            return Keeping::Nobody;
        }
        // Everybody gets this same answer.
        if self.has_directive("public") {
            return Keeping::AsSaid;
        }
        match share.mode {
            Mode::Public => Keeping::AsSaid,
            Mode::Optional if share.varies_by_cookie => Keeping::AsSaid,
            // Whoever has no session does not get it, whatever it is made of.
            Mode::Required | Mode::Device if share.varies_by_cookie => Keeping::Browser,
            // What is told by a header of ours, the origin's word for cookies does not cover.
            _ => Keeping::Nobody,
        }
    }

    /// Whether a line of ours that the origin did not ask for (a cookie issued anew, the removal of
    /// a bad one) waits for another answer: this one goes into somebody's cache, which it could
    /// not with that line. An answer 304 is about one that is in a cache already.
    pub(crate) fn is_for_keeping(&self, share: &Share, status: u16) -> bool {
        if !share.varies_by_cookie || self.keeping(share) == Keeping::Nobody {
            return false;
        }
        let lasts = |name: &str| self.seconds(name).is_some_and(|seconds| seconds > 0);
        let is_kept = match &self.cache_control {
            Some(_) => {
                !self.has_directive("no-store")
                    && (lasts("max-age")
                        || lasts("s-maxage")
                        || self.has_directive("public")
                        || self.has_directive("immutable"))
            }
            None => self.expires_later,
        };
        status == 304 || is_kept
    }

    /// The `Cache-Control` for an answer that so many may keep; `None`: as it is.
    pub(crate) fn cache_control(&self, keeping: Keeping) -> Option<String> {
        let said = self.cache_control.as_deref();
        match keeping {
            Keeping::AsSaid => None,
            // A directive that says nothing of keeping: others are not to compress a stream, say.
            Keeping::Nobody if self.has_directive("no-transform") => {
                Some("private, no-store, no-transform".to_owned())
            }
            Keeping::Nobody => Some("private, no-store".to_owned()),
            Keeping::Browser => {
                let is_for_others = |directive: &&str| {
                    let name = name_of(directive);
                    ["public", "private", "s-maxage", "proxy-revalidate"]
                        .iter()
                        .any(|known| name.eq_ignore_ascii_case(known))
                };
                let others = said.into_iter().flat_map(elements);
                let others = others.filter(|directive| !is_for_others(directive));
                let all: Vec<&str> = core::iter::once("private").chain(others).collect();
                Some(all.join(", "))
            }
        }
    }

    fn varies_by_cookie(&self) -> bool {
        self.vary.as_deref().is_some_and(covers_cookie)
    }

    fn has_directive(&self, name: &str) -> bool {
        let mut directives = self.cache_control.iter().flat_map(|list| elements(list));
        directives.any(|directive| name_of(directive).eq_ignore_ascii_case(name))
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        let mut directives = self.cache_control.iter().flat_map(|list| elements(list));
        directives.find_map(|directive| {
            let (known, seconds) = directive.split_once('=')?;
            let is_it = known.trim().eq_ignore_ascii_case(name);
            is_it.then(|| seconds.trim().trim_matches('"').parse().ok())?
        })
    }
}

/// What is changed in an answer that so many may keep.
pub(crate) fn edits(
    said: &Said,
    keeping: Keeping,
    response: &ResponseHead<'_>,
    edits: &mut Vec<Edit>,
) {
    if keeping != Keeping::AsSaid {
        let is_over =
            |name: &&str| is_targeted(name) || (keeping == Keeping::Nobody && *name == "expires");
        let over = response.names().filter(is_over);
        edits.extend(over.map(|name| Edit::remove(name.to_owned())));
    }
    if let Some(cache_control) = said.cache_control(keeping) {
        edits.push(Edit::set("cache-control", cache_control));
    }
    let vary = said.vary.as_deref();
    match vary_by_cookie(vary) {
        Some(vary) if keeping == Keeping::Nobody => edits.push(Edit::set("vary", vary)),
        _ => {
            if let Some(vary) = vary.filter(|_| said.had_class) {
                edits.push(Edit::set("vary", vary));
            }
        }
    }
}

/// Whether some cache on the way obeys this field before `Cache-Control`: `…-Cache-Control` (the
/// targeted fields of RFC 9213, and older ones of the same kind), `Surrogate-Control`, Akamai's
/// `Edge-Control`, nginx's `X-Accel-Expires`, Varnish's `X-Reverse-Proxy-TTL`. In lower case, as
/// the runtime gives names.
pub(crate) fn is_targeted(name: &str) -> bool {
    let ends_in = |what: &str| {
        let before = name.strip_suffix(what);
        before.is_some_and(|before| before.is_empty() || before.ends_with('-'))
    };
    name.ends_with("-cache-control")
        || ends_in("surrogate-control")
        || ends_in("edge-control")
        || matches!(name, "x-accel-expires" | "x-reverse-proxy-ttl")
}

/// Browsers do not know the class by which a cache behind us keeps pages: for them an answer that
/// varies by it varies by cookie. `None` if it does not.
pub(crate) fn vary_without_class(vary: &str) -> Option<String> {
    let is_class = |name: &&str| name.eq_ignore_ascii_case("x-session-class");
    let names = vary.split(',').map(str::trim);
    if !names.clone().any(|name| is_class(&name)) {
        return None;
    }
    let others: Vec<&str> = names.filter(|name| !is_class(name)).collect();
    let others = others.join(", ");
    if others.is_empty() {
        Some("Cookie".to_owned())
    } else {
        Some(vary_by_cookie(Some(&others)).unwrap_or(others))
    }
}

/// The `Vary` header with `Cookie` in it; `None` if it is already.
pub(crate) fn vary_by_cookie(vary: Option<&str>) -> Option<String> {
    match vary {
        None => Some("Cookie".to_owned()),
        Some(vary) if covers_cookie(vary) => None,
        Some(vary) => Some(format!("{vary}, Cookie")),
    }
}

fn covers_cookie(vary: &str) -> bool {
    let mut names = vary.split(',').map(str::trim);
    names.any(|name| name == "*" || name.eq_ignore_ascii_case("cookie"))
}

/// The elements of a list (RFC 9110 5.6.1): a comma in quotes parts nothing.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = list.split(move |character| {
        let was_escaped = core::mem::take(&mut is_escaped);
        match character {
            _ if was_escaped => false,
            '\\' if is_quoted => {
                is_escaped = true;
                false
            }
            '"' => {
                is_quoted = !is_quoted;
                false
            }
            _ => character == ',' && !is_quoted,
        }
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn name_of(directive: &str) -> &str {
    directive.split('=').next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cache_control: Option<&str>, vary: Option<&str>) -> Said {
        Said {
            cache_control: cache_control.map(str::to_owned),
            vary: vary.map(str::to_owned),
            ..Said::default()
        }
    }

    const READ: Share = Share {
        sets: false,
        has_session: true,
        mode: Mode::Optional,
        varies_by_cookie: true,
    };

    #[test]
    fn an_answer_without_the_session_is_left_as_it_is() {
        for cache_control in [None, Some("max-age=31536000"), Some("public"), Some("x")] {
            for vary in [None, Some("Accept"), Some("Accept, Cookie2")] {
                let said = said(cache_control, vary);
                assert_eq!(said.keeping(&READ), Keeping::AsSaid);
                assert_eq!(said.cache_control(Keeping::AsSaid), None);
            }
        }
    }

    #[test]
    fn what_varies_by_cookie_or_sets_the_session_is_kept_by_nobody() {
        for vary in [
            "Cookie",
            "cookie, accept",
            "Accept,COOKIE",
            "*",
            "Accept, *",
        ] {
            for cache_control in [None, Some("public, max-age=600"), Some("max-age=600")] {
                let said = said(cache_control, Some(vary));
                assert_eq!(said.keeping(&READ), Keeping::Nobody, "{vary}");
                let stranger = Share {
                    has_session: false,
                    ..READ
                };
                assert_eq!(said.keeping(&stranger), Keeping::AsSaid, "{vary}");
            }
        }
        for mode in [Mode::Public, Mode::Class, Mode::Optional, Mode::Required] {
            for has_session in [false, true] {
                let sets = Share {
                    sets: true,
                    has_session,
                    mode,
                    ..READ
                };
                let said = said(Some("public, max-age=600"), None);
                assert_eq!(said.keeping(&sets), Keeping::Nobody);
            }
        }
    }

    #[test]
    fn where_nobody_says_what_used_the_session_only_public_answers_are_left() {
        for (mode, varies_by_cookie) in [
            (Mode::Optional, false),
            (Mode::Required, false),
            (Mode::Class, false),
            (Mode::Class, true),
        ] {
            let share = Share {
                mode,
                varies_by_cookie,
                ..READ
            };
            let keeping = |cache_control| said(cache_control, Some("Accept")).keeping(&share);
            assert_eq!(keeping(Some("public, max-age=600")), Keeping::AsSaid);
            assert_eq!(keeping(Some("max-age=600,Public")), Keeping::AsSaid);
            assert_eq!(keeping(Some("max-age=600")), Keeping::Nobody);
            assert_eq!(keeping(Some("x=\"a, public\"")), Keeping::Nobody);
            assert_eq!(keeping(None), Keeping::Nobody);
        }
    }

    #[test]
    fn behind_a_required_session_only_the_browser_keeps_anything() {
        let share = Share {
            mode: Mode::Required,
            ..READ
        };
        for (cache_control, expected) in [
            (None, "private"),
            (
                Some("max-age=600, s-maxage=60, immutable"),
                "private, max-age=600, immutable",
            ),
            (Some("no-store"), "private, no-store"),
            (
                Some("Private=\"set-cookie, x\", max-age=5, ,x=\"a\\\", b\""),
                "private, max-age=5, x=\"a\\\", b\"",
            ),
        ] {
            let said = said(cache_control, None);
            assert_eq!(said.keeping(&share), Keeping::Browser);
            assert_eq!(
                said.cache_control(Keeping::Browser).as_deref(),
                Some(expected)
            );
        }
        let everybodys = said(Some("public, max-age=600"), None);
        assert_eq!(everybodys.keeping(&share), Keeping::AsSaid);
    }

    #[test]
    fn of_other_directives_only_no_transform_stays() {
        for (cache_control, expected) in [
            (None, "private, no-store"),
            (
                Some("public, max-age=600, must-understand"),
                "private, no-store",
            ),
            (
                Some("no-cache, No-Transform"),
                "private, no-store, no-transform",
            ),
            (Some("x=\"a, no-transform\""), "private, no-store"),
        ] {
            let written = said(cache_control, None).cache_control(Keeping::Nobody);
            assert_eq!(written.as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_caches_keep_is_not_spoilt_by_a_line_that_can_wait() {
        let waits = |cache_control, status| said(cache_control, None).is_for_keeping(&READ, status);
        let another = Share {
            varies_by_cookie: false,
            ..READ
        };
        for kept in [
            "max-age=600",
            "private, max-age=\"5\"",
            "public",
            "s-maxage=1",
            "immutable",
        ] {
            assert!(waits(Some(kept), 200), "{kept}");
            assert!(!said(Some(kept), Some("Cookie")).is_for_keeping(&READ, 200));
            assert!(!said(Some(kept), None).is_for_keeping(&another, 200));
        }
        for not in [
            "",
            "max-age=0",
            "no-store, max-age=600",
            "no-cache",
            "max-age=x",
        ] {
            assert!(!waits(Some(not), 200), "{not}");
            assert!(waits(Some(not), 304), "{not}");
        }
        assert!(!waits(None, 200));
        let expires = |cache_control| Said {
            expires_later: true,
            ..said(cache_control, None)
        };
        assert!(expires(None).is_for_keeping(&READ, 200));
        assert!(!expires(Some("max-age=0")).is_for_keeping(&READ, 200));
    }

    #[test]
    fn fields_that_overrule_are_a_family() {
        for name in [
            "cdn-cache-control",
            "cloudflare-cdn-cache-control",
            "netlify-cdn-cache-control",
            "vercel-cdn-cache-control",
            "x-litespeed-cache-control",
            "surrogate-control",
            "x-surrogate-control",
            "edge-control",
            "akamai-edge-control",
            "x-accel-expires",
            "x-reverse-proxy-ttl",
        ] {
            assert!(is_targeted(name), "{name}");
        }
        for name in [
            "cache-control",
            "expires",
            "x-accel-buffering",
            "surrogate-key",
            "cache-tag",
            "acknowledge-control",
            "age",
        ] {
            assert!(!is_targeted(name), "{name}");
        }
    }

    #[test]
    fn cookie_is_added_to_vary_once() {
        assert_eq!(vary_by_cookie(None).as_deref(), Some("Cookie"));
        assert_eq!(
            vary_by_cookie(Some("Accept")).as_deref(),
            Some("Accept, Cookie")
        );
        assert_eq!(vary_by_cookie(Some("Accept, cookie")), None);
        assert_eq!(vary_by_cookie(Some("*")), None);
    }

    #[test]
    fn the_class_is_a_cookie_to_browsers() {
        assert_eq!(vary_without_class("Accept, Cookie"), None);
        for (vary, expected) in [
            ("X-Session-Class", "Cookie"),
            ("Accept, x-session-class", "Accept, Cookie"),
            ("x-session-class,cookie", "cookie"),
            ("x-session-class, *", "*"),
        ] {
            assert_eq!(
                vary_without_class(vary).as_deref(),
                Some(expected),
                "{vary}"
            );
        }
    }
}
