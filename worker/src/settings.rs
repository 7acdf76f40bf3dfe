//! Settings: vars and secrets become a ready object once, or a list of everything wrong.

mod acceptance;
mod access;
mod cookies;
mod field;
mod keys;
mod problem;
mod protocol;
mod stores;

use alloc::collections::BTreeMap;

use session_codec::{
    Codec, Config, DjangoSecret, Envelope, KeyId, KeyRing, Keys, Priority, Timestamp,
    config::{Acceptance, ConfigError, DictionaryConfig, Overflow},
    cookie::{Budget, CookieName, CookieProfile, CookieProfileConfig},
    policy::{KeyOverflow, KeyRule},
};

use session_store::Policy;

use crate::{
    class::ClassRule,
    routes::{Mode, Routes},
    store::OriginAddress,
};
pub(crate) use access::Access;
use field::Fields;
pub(crate) use problem::Problem;
pub(crate) use protocol::Protocol;
use protocol::Spoken;
pub(crate) use stores::{Columns, StoreChoice, Tier};

/// Plain Django cookies are moved over for as long as nobody says until when.
const ACCEPT_BOTH: &str = r#"[{"envelope": "sealed"}, {"envelope": "django"}]"#;

/// An origin that speaks headers has no cookies of its own to move over.
const ACCEPT_SEALED: &str = r#"[{"envelope": "sealed"}]"#;

/// The dictionary that comes with the format.
const BUILT_IN_DICTIONARY: u8 = 1;

/// Everything a request needs, validated.
pub(crate) struct Settings {
    pub(crate) codec: Codec,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) origin: String,
    pub(crate) protocol: Protocol,
    /// The cookie in which an origin that speaks Django says what its session is.
    pub(crate) origin_cookie: Option<CookieName>,
    /// Removes a plain cookie of the origin from a browser that still has one.
    pub(crate) plain_profile: CookieProfile,
    /// `Set-Cookie` lines for further scopes, sent when a session ends or two are in conflict.
    pub(crate) further_removals: Vec<String>,
    pub(crate) access: Access,
    pub(crate) class_rule: ClassRule,
    pub(crate) routes: Routes,
    /// Where a page without its session is sent; without it the answer is 401.
    pub(crate) login_url: Option<String>,
    pub(crate) store: StoreChoice,
    /// How two stores share the work.
    pub(crate) store_policy: Policy,
    pub(crate) columns: Columns,
    /// Where the origin keeps records, if it does.
    pub(crate) origin_store: Option<OriginAddress>,
    /// Whether answers say where keys went.
    pub(crate) debug_header: bool,
    /// Ids of the sealing keys, the primary first, and when they end.
    pub(crate) key_ids: Vec<(KeyId, Option<Timestamp>)>,
    pub(crate) revocation: Revocation,
    /// Age from which a cookie is issued anew, in milliseconds, so that the idle limit counts
    /// from the last visit; `None`: it counts from the last change, as with Django.
    pub(crate) touch_millis: Option<i64>,
    /// Seconds a cookie lives where the session itself does not say: Django's `SESSION_COOKIE_AGE`.
    pub(crate) cookie_age: u32,
}

/// Where it is looked up whether a session was revoked. Ordered by how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revocation {
    /// Nowhere: a session ends by its times alone.
    None,
    /// Where a route requires a session, and before a cookie is issued anew.
    Required,
    /// For every session, at the price of a look-up each.
    Always,
}

impl Revocation {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required => "required",
            Self::Always => "always",
        }
    }
}

impl Settings {
    /// Reads all settings, so that an operator sees every problem at once.
    pub(crate) fn read(
        binding: impl Fn(&str) -> Option<String>,
        has_store: impl Fn(Tier) -> bool,
        date: impl Fn(&str) -> Option<Timestamp>,
    ) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::new(&binding);
        let own_name = fields.parsed("SESSION_COOKIE", "__Host-sessionid", name);
        let origin_name = fields.parsed("ORIGIN_COOKIE", "sessionid", name);
        let audience = fields.parsed("SESSION_AUDIENCE", "default", |text| Ok(text.to_owned()));
        let own_profile = cookies::own(&mut fields, own_name.as_ref());
        let plain_profile = cookies::plain_removal(&mut fields, origin_name.as_ref());
        let further_removals = cookies::further_removals(&mut fields, own_name.as_ref());
        let budget = fields.parsed("SESSION_BUDGET", "4093", budget);
        let idle = fields.parsed("SESSION_IDLE_SECONDS", "1209600", positive);
        let absolute = fields.parsed("SESSION_ABSOLUTE_SECONDS", "2592000", positive);
        let routes = fields.parsed("SESSION_ROUTES", r#"{"/": "optional"}"#, routes);
        let user_key = fields.parsed("SESSION_USER_KEY", "_auth_user_id", user_key);
        let fresh = fields.parsed("SESSION_FRESH_SECONDS", "900", positive);
        let access = Access::read(&mut fields, user_key.as_deref());
        let rules = fields.parsed("SESSION_RULES", "[]", rules);
        let dictionary = fields.parsed("SESSION_DICTIONARY", "{}", dictionary);
        let debug_header = fields.parsed("SESSION_DEBUG_HEADER", "false", boolean);
        let priorities = fields.parsed("SESSION_PRIORITIES", "{}", |text| {
            priorities(text, user_key.as_deref())
        });
        let store = fields.parsed("SESSION_STORE", "kv", StoreChoice::read);
        let store_policy = stores::policy(&mut fields);
        let columns = fields.parsed("SESSION_COLUMNS", "[]", stores::columns);
        let login_url = fields.optional("SESSION_LOGIN_URL", login_url);
        let origin = fields.required("ORIGIN_URL", origin);
        let spoken = Spoken::read(&mut fields);
        let rows_only = spoken == Some(Spoken::Rows);
        let sealing_keys = |text: &str| keys::sealing_keys(text, &date);
        let sealing = match rows_only {
            // Nothing is sealed.
            true => fields.optional("SESSION_KEYS", sealing_keys),
            false => fields.required("SESSION_KEYS", sealing_keys).map(Some),
        };
        let sealing_ring = sealing.as_ref().and_then(Option::as_ref);
        let origin_store = stores::origin(&mut fields, store, sealing_ring);
        let write = fields.parsed("SESSION_WRITE", "sealed", acceptance::envelope);
        let accept = match spoken {
            Some(Spoken::Headers) => ACCEPT_SEALED,
            _ => ACCEPT_BOTH,
        };
        let accept = fields.parsed("SESSION_ACCEPT", accept, |text| {
            acceptance::acceptances(text, &date)
        });
        let touch = fields.optional("SESSION_TOUCH_SECONDS", positive);
        let revocation = fields.optional("SESSION_REVOCATION", revocation);
        let weak = fields
            .parsed("ALLOW_WEAK_DJANGO_SECRET", "false", boolean)
            .unwrap_or(false);
        let django = match spoken {
            // Only to read what a Django before has signed, if SESSION_ACCEPT says so.
            Some(Spoken::Headers) => {
                fields.optional("DJANGO_SECRET_KEY", |text| django_secret(text, weak))
            }
            _ => fields
                .required("DJANGO_SECRET_KEY", |text| django_secret(text, weak))
                .map(Some),
        };
        let older = fields.parsed("DJANGO_SECRET_KEY_FALLBACKS", "[]", |text| {
            let keys: Vec<String> = json(text, r#"a JSON array of texts, as ["older key"]"#)?;
            keys.iter().map(|key| django_secret(key, weak)).collect()
        });
        if rows_only && !store.is_some_and(StoreChoice::has_rows) {
            fields.problem(
                "SESSION_STORE",
                r#"neither "d1" nor "origin", where SESSION_PROTOCOL = "rows" finds sessions"#,
            );
        }
        for tier in store.into_iter().flat_map(StoreChoice::tiers) {
            if !has_store(tier) {
                let store = tier.label();
                fields.problem(
                    tier.binding(),
                    format!("the binding is missing (SESSION_STORE wants {store:?})"),
                );
            }
        }
        let revocation = store
            .zip(revocation)
            .map(|(store, chosen)| match (store, chosen) {
                // A row that is deleted ends its session.
                _ if rows_only => Revocation::None,
                (StoreChoice::None, None) => Revocation::None,
                (_, None) => Revocation::Required,
                (StoreChoice::None, Some(chosen)) if chosen > Revocation::None => {
                    fields.problem(
                        "SESSION_REVOCATION",
                        "needs a store, and SESSION_STORE is \"none\"",
                    );
                    chosen
                }
                (_, Some(chosen)) => chosen,
            });
        let django_ring = django.zip(older).and_then(|(primary, older)| {
            let Some(primary) = primary else {
                return Some(None);
            };
            let ring = KeyRing::new(primary, older);
            ring.map_err(|error| fields.problem("DJANGO_SECRET_KEY_FALLBACKS", error))
                .map(Some)
                .ok()
        });
        let ring = django_ring.as_ref().and_then(Option::as_ref);
        let protocol = Protocol::read(&mut fields, spoken, sealing_ring, ring);
        let origin_name = match spoken {
            Some(Spoken::Headers) => origin_name.map(|_| None),
            _ => origin_name.map(Some),
        };
        let key_ids = sealing.as_ref().map(|ring| {
            let keys = ring.iter().flat_map(KeyRing::iter);
            keys.map(|key| (key.key_id(), key.not_after())).collect()
        });
        let spills_nowhere = rules.as_ref().is_some_and(|rules| {
            let mut overflows = rules.iter().map(|rule| rule.overflow);
            store == Some(StoreChoice::None) && overflows.any(|to| to == Some(KeyOverflow::Spill))
        });
        if spills_nowhere {
            fields.problem(
                "SESSION_RULES",
                "a rule spills, and SESSION_STORE is \"none\"",
            );
        }
        let codec = (|| {
            let (write_dictionary, dictionaries) = dictionary?;
            let config = config(
                own_profile?,
                origin_name.as_ref()?.as_ref(),
                audience?,
                store?,
            );
            let config = Config {
                budget: budget?,
                idle_seconds: idle?,
                absolute_seconds: absolute?,
                rules: priorities?.into_iter().chain(rules?).collect(),
                write_dictionary,
                dictionaries,
                write: write?,
                accept: accept?,
                identify: revocation? > Revocation::None,
                ..config
            };
            let keys = Keys {
                sealing: sealing?,
                django: django_ring?,
            };
            let config = match rows_only {
                true => without_sessions(config),
                false => config,
            };
            Codec::new(config, &keys)
                .map_err(|error| fields.problem(setting_of(&error), error))
                .ok()
        })();
        let settings = (|| {
            Some(Self {
                codec: codec?,
                origin: origin?,
                protocol: protocol?,
                origin_cookie: origin_name?,
                plain_profile: plain_profile?,
                further_removals: further_removals?,
                access: access?,
                class_rule: ClassRule {
                    user_key: user_key?,
                    fresh_seconds: fresh?,
                },
                routes: routes?,
                login_url: login_url?,
                store: store?,
                store_policy: store_policy?,
                columns: columns?,
                origin_store: origin_store?,
                debug_header: debug_header?,
                key_ids: key_ids?,
                revocation: revocation?,
                touch_millis: touch?.map(|seconds| i64::from(seconds) * 1000),
                cookie_age: idle?,
            })
        })();
        fields.finish(settings)
    }
}

/// Without a cookie of the origin's own only sealed sessions exist.
fn config(
    cookie: CookieProfileConfig,
    origin: Option<&CookieName>,
    audience: String,
    store: StoreChoice,
) -> Config {
    Config {
        django_cookie: origin
            .map(|origin| origin.as_str().to_owned())
            .filter(|origin| *origin != cookie.name),
        cookie,
        audience,
        overflow: match store {
            StoreChoice::None => Overflow::Refuse,
            _ => Overflow::Spill,
        },
        ..Config::default()
    }
}

/// Where the site keeps its sessions, no cookie is sealed and nothing spills.
fn without_sessions(config: Config) -> Config {
    Config {
        write: Envelope::Django,
        accept: vec![Acceptance::always(Envelope::Django)],
        rules: Vec::new(),
        overflow: Overflow::Refuse,
        ..config
    }
}

fn setting_of(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Cookie(error) => {
            cookies::attribute_of(error, "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH")
                .unwrap_or("SESSION_COOKIE")
        }
        ConfigError::DjangoCookie(_) => "ORIGIN_COOKIE",
        ConfigError::BudgetTooSmall => "SESSION_BUDGET",
        ConfigError::WritesWhatItRefuses => "SESSION_ACCEPT",
        ConfigError::ReadableSecret(_) | ConfigError::CriticalDropped(_) => "SESSION_RULES",
        ConfigError::Dictionary(_)
        | ConfigError::DictionaryText(_)
        | ConfigError::DictionaryTwice(_)
        | ConfigError::UnknownDictionary(_) => "SESSION_DICTIONARY",
        ConfigError::NoDjangoKey => "DJANGO_SECRET_KEY",
        _ => "SESSION_KEYS",
    }
}

fn name(text: &str) -> Result<CookieName, String> {
    CookieName::new(text).map_err(|error| error.to_string())
}

fn budget(text: &str) -> Result<Budget, String> {
    let octets = text
        .parse()
        .map_err(|_| "not a number of octets".to_owned())?;
    Budget::new(octets).map_err(|error| error.to_string())
}

fn positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("not a number of seconds from 1 to 4294967295".to_owned()),
        Ok(seconds) => Ok(seconds),
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| "neither \"true\" nor \"false\"".to_owned())
}

fn revocation(text: &str) -> Result<Revocation, String> {
    match text {
        "none" => Ok(Revocation::None),
        "required" => Ok(Revocation::Required),
        "always" => Ok(Revocation::Always),
        _ => Err("none of \"none\", \"required\" and \"always\"".to_owned()),
    }
}

fn routes(text: &str) -> Result<Routes, String> {
    let modes: BTreeMap<String, Mode> = json(
        text,
        r#"a JSON object of path prefix to "public", "class", "optional" or "required""#,
    )?;
    Routes::new(modes)
}

/// The user key is critical unless a rule names it, so that a cookie alone tells the class.
fn priorities(text: &str, user_key: Option<&str>) -> Result<Vec<KeyRule>, String> {
    let rules: BTreeMap<String, Priority> = json(
        text,
        r#"a JSON object of key to "critical", "important", "normal" or "optional""#,
    )?;
    let rule = |(key, priority): (String, Priority)| KeyRule::new(key, priority);
    let user = user_key.map(|key| (key.to_owned(), Priority::Critical));
    Ok(user.into_iter().chain(rules).map(rule).collect())
}

fn rules(text: &str) -> Result<Vec<KeyRule>, String> {
    json(
        text,
        r#"a JSON array of rules, as [{"key": "cart*", "priority": "important", "max_age": 86400, "secret": false, "overflow": "spill", "max_octets": 2000}], where only "key" must be"#,
    )
}

/// The id that is written with, and all dictionaries.
fn dictionary(text: &str) -> Result<(u8, Vec<DictionaryConfig>), String> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Dictionaries {
        write: Option<u8>,
        dictionaries: BTreeMap<String, String>,
    }
    let Dictionaries {
        write,
        dictionaries,
    } = json(
        text,
        r#"a JSON object, as {"write": 128, "dictionaries": {"128": "<base64>"}}"#,
    )?;
    let dictionary = |(id, base64): (String, String)| match id.parse() {
        Ok(id) => Ok(DictionaryConfig { id, base64 }),
        Err(_) => Err(format!("{id:?} is not an id from 128 to 255")),
    };
    let dictionaries: Result<Vec<_>, _> = dictionaries.into_iter().map(dictionary).collect();
    Ok((write.unwrap_or(BUILT_IN_DICTIONARY), dictionaries?))
}

fn user_key(text: &str) -> Result<String, String> {
    match text {
        "" => Err("the name of a key is missing".to_owned()),
        key if key.contains('*') => Err("a key, not a pattern, is wanted".to_owned()),
        key => Ok(key.to_owned()),
    }
}

fn login_url(text: &str) -> Result<String, String> {
    // `//host` would send browsers to another site.
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    let is_plain = text.bytes().all(|octet| octet.is_ascii_graphic());
    if is_path && is_plain {
        Ok(text.to_owned())
    } else {
        Err("not a path on this site, such as /login/".to_owned())
    }
}

fn origin(text: &str) -> Result<String, String> {
    let url: http::Uri = text
        .parse()
        .map_err(|_| "not a URL such as https://shop.example".to_owned())?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("neither http:// nor https://".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || text.contains(['#', '@']) {
        return Err("more than scheme, host and port".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn django_secret(text: &str, allow_weak: bool) -> Result<DjangoSecret, String> {
    let secret = match allow_weak {
        true => DjangoSecret::new_allowing_weak(text),
        false => DjangoSecret::new(text),
    };
    secret.map_err(|error| error.to_string())
}

/// The parser's own message could quote a secret, so it is not shown.
fn json<T: serde::de::DeserializeOwned>(text: &str, expected: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        format!(
            "not {expected} (line {}, column {})",
            error.line(),
            error.column()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "es1_qjNu7egJRVJturPFCo5qai0RKKLJO6S4UmrrnifuJ7M";
    const DJANGO: &str = "k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus";

    /// The least that is needed, with these changes; an empty text takes a setting away.
    fn read(changes: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let mut settings = BTreeMap::from([
            ("ORIGIN_URL", "https://shop.example"),
            ("SESSION_KEYS", KEY),
            ("DJANGO_SECRET_KEY", DJANGO),
        ]);
        settings.extend(changes.iter().copied());
        let binding = |name: &str| {
            let text = settings.get(name).filter(|text| !text.is_empty());
            text.map(|text| (*text).to_owned())
        };
        // The platform's reader of dates, as far as these tests need it.
        let date =
            |text: &str| (text == "2027-01-15").then(|| Timestamp::from_seconds(1_800_000_000));
        let has_store = |tier| matches!(tier, Tier::Kv | Tier::Origin);
        Settings::read(binding, has_store, date)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn three_settings_are_enough() {
        let settings = read(&[]).map_err(|problems| problems.join("; ")).unwrap();
        assert_eq!(settings.origin, "https://shop.example");
        assert_eq!(settings.codec.profile().name().as_str(), "__Host-sessionid");
        assert_eq!(settings.store, StoreChoice::One(Tier::Kv));
        assert!(settings.codec.django_cookie().is_some());
        assert_eq!(settings.key_ids.len(), 1);
    }

    #[test]
    fn where_the_site_keeps_its_sessions_no_sealing_key_is_needed() {
        let rows = [("SESSION_PROTOCOL", "rows"), ("SESSION_KEYS", "")];
        let with = |more: &[(&str, &str)]| read(&[&rows[..], more].concat());
        let origin = [
            ("SESSION_STORE", "origin"),
            ("SESSION_ORIGIN_STORE_URL", "https://shop.example/store"),
            ("SESSION_ORIGIN_STORE_KEY", KEY),
        ];
        let settings = with(&origin)
            .map_err(|problems| problems.join("; "))
            .unwrap();
        assert!(matches!(settings.protocol, Protocol::Rows(_)));
        assert_eq!(settings.revocation, Revocation::None);
        for store in ["kv", "r2", "none", "kv+origin"] {
            let problems = with(&[&origin[1..], &[("SESSION_STORE", store)]].concat());
            let problems = problems.err().unwrap().join("; ");
            assert!(problems.contains("SESSION_STORE: neither"), "{problems}");
        }
        let no_key = with(&[&origin[..], &[("DJANGO_SECRET_KEY", "")]].concat());
        assert_eq!(no_key.err().unwrap(), ["DJANGO_SECRET_KEY: missing"]);
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_secret_is() {
        let problems = read(&[
            ("SESSION_KEYS", &KEY[..40]),
            ("DJANGO_SECRET_KEY", "short-secret"),
            ("ORIGIN_URL", "ftp://shop.example"),
            ("SESSION_ROUTES", r#"{"/": "sometimes"}"#),
            ("SESSION_STORE", "redis"),
        ])
        .err()
        .unwrap();
        let names: Vec<_> = problems
            .iter()
            .filter_map(|p| p.split(':').next())
            .collect();
        assert_eq!(
            names,
            [
                "SESSION_ROUTES",
                "SESSION_STORE",
                "ORIGIN_URL",
                "SESSION_KEYS",
                "DJANGO_SECRET_KEY"
            ]
        );
        let text = problems.concat();
        assert!(
            !text.contains("short-secret") && !text.contains(&KEY[4..12]),
            "{text}"
        );
    }

    #[test]
    fn one_name_for_both_sides_needs_no_second_cookie() {
        let settings = read(&[("SESSION_COOKIE", "sessionid")]);
        assert!(settings.is_ok_and(|settings| settings.codec.django_cookie().is_none()));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in [
            "https://shop.example",
            "http://127.0.0.1:8000/",
            "http://[::1]:80",
        ] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "shop.example",
            "//x",
            "https://x/y",
            "https://x?y",
            "https://a@b",
            "ws://x",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_login_page_is_on_this_site() {
        assert!(login_url("/login/?from=edge").is_ok());
        for bad in [
            "",
            "login",
            "//evil.example",
            "/\\evil.example",
            "https://x/",
            "/a b",
            "/\r\n",
        ] {
            assert!(login_url(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_fallback_may_have_an_end_and_the_primary_may_not() {
        let older = KEY.replace("qjNu", "rjNu");
        let ends =
            |keys: &str| read(&[("SESSION_KEYS", keys)]).map(|settings| settings.key_ids[1].1);
        let end = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(ends(&format!("{KEY} {older}")), Ok(None));
        assert_eq!(ends(&format!("{KEY} {older}@2027-01-15")), Ok(Some(end)));
        for wrong in [
            "@",
            "@soon",
            "@2027-99-99",
            "@2027-01-15T00:00",
            "@2027-01-15@",
        ] {
            let refused = ends(&format!("{KEY} {older}{wrong}"));
            assert!(
                refused.is_err_and(|problems| problems[0].contains("key 2")),
                "{wrong}"
            );
        }
        assert!(ends(&format!("{KEY}@2027-01-15 {older}")).is_err());
    }

    #[test]
    fn what_is_written_must_be_read_without_an_end() {
        let accepted = |accept: &str| read(&[("SESSION_ACCEPT", accept)]).is_ok();
        assert!(accepted(r#"[{"envelope": "sealed"}]"#));
        assert!(accepted(
            r#"[{"envelope": "sealed"}, {"envelope": "django", "until": "2027-01-15"}]"#
        ));
        assert!(!accepted(
            r#"[{"envelope": "sealed", "until": "2027-01-15"}]"#
        ));
        assert!(!accepted(r#"[{"envelope": "django"}]"#));
        assert!(!accepted(
            r#"[{"envelope": "sealed"}, {"envelope": "django", "until": "soon"}]"#
        ));
        assert!(!accepted(r#"[{"envelope": "plain"}]"#));
    }

    #[test]
    fn rules_and_dictionaries_are_checked() {
        let problem = |setting: &str, text: &str| {
            let problems = read(&[(setting, text)]).err();
            problems.map(|problems| problems.join("; "))
        };
        let good = r#"[{"key": "cart*", "max_age": 60, "overflow": "drop"}, {"key": "token", "secret": true}]"#;
        assert_eq!(problem("SESSION_RULES", good), None);
        for wrong in [
            r#"{"cart": "critical"}"#,
            r#"[{"key": "a", "max_age": 0}]"#,
            r#"[{"key": "a", "priority": "critical", "overflow": "drop"}]"#,
        ] {
            let problem = problem("SESSION_RULES", wrong);
            assert!(
                problem.is_some_and(|p| p.starts_with("SESSION_RULES: ")),
                "{wrong}"
            );
        }
        let spills = ("SESSION_RULES", r#"[{"key": "a", "overflow": "spill"}]"#);
        assert!(read(&[spills]).is_ok());
        assert!(read(&[spills, ("SESSION_STORE", "none")]).is_err());

        let good = r#"{"write": 200, "dictionaries": {"128": "d29yZA==", "200": "d29yZHM="}}"#;
        assert_eq!(problem("SESSION_DICTIONARY", good), None);
        for wrong in [
            r#"{"write": 128}"#,
            r#"{"dictionaries": {"1": "d29yZA=="}}"#,
            r#"{"dictionaries": {"x": "d29yZA=="}}"#,
            r#"{"dictionaries": {"128": "not base64"}}"#,
            r#"{"dictionaries": {"128": ""}}"#,
            r#"{"dictionaries": {"128": "d29yZA==", "0128": "d29yZA=="}}"#,
        ] {
            let problem = problem("SESSION_DICTIONARY", wrong);
            assert!(
                problem.is_some_and(|p| p.starts_with("SESSION_DICTIONARY: ")),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_store_needs_its_bindings() {
        let problems = read(&[("SESSION_STORE", "kv+d1")]).err().unwrap();
        assert_eq!(
            problems,
            ["SESSIONS_DB: the binding is missing (SESSION_STORE wants \"d1\")"]
        );
    }

    #[test]
    fn revocation_needs_a_store() {
        let chosen = |changes: &[(&str, &str)]| read(changes).map(|settings| settings.revocation);
        assert_eq!(chosen(&[]), Ok(Revocation::Required));
        assert_eq!(
            chosen(&[("SESSION_REVOCATION", "none")]),
            Ok(Revocation::None)
        );
        assert_eq!(
            chosen(&[("SESSION_REVOCATION", "always")]),
            Ok(Revocation::Always)
        );
        assert_eq!(chosen(&[("SESSION_STORE", "none")]), Ok(Revocation::None));
        assert!(chosen(&[("SESSION_STORE", "none"), ("SESSION_REVOCATION", "always")]).is_err());
    }
}
