//! Settings: vars and secrets become a ready object once, or a list of everything wrong.

mod field;
mod problem;

use alloc::collections::BTreeMap;

use session_codec::{
    Codec, Config, DjangoSecret, Envelope, KeyId, KeyRing, Keys, Priority, Secret,
    config::{Acceptance, ConfigError, Overflow},
    cookie::{Budget, CookieName, CookieProfile, CookieProfileConfig, SameSite},
    policy::PriorityRule,
};

use crate::routes::{Mode, Routes};
use field::Fields;
pub(crate) use problem::Problem;

/// The KV binding that holds records.
pub(crate) const KV_BINDING: &str = "SESSIONS";

/// Everything a request needs, validated.
pub(crate) struct Settings {
    pub(crate) codec: Codec,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) origin: String,
    /// The cookie in which the origin speaks of its session.
    pub(crate) origin_cookie: CookieName,
    /// Removes a plain cookie of the origin from a browser that still has one.
    pub(crate) plain_profile: CookieProfile,
    pub(crate) routes: Routes,
    /// Where a page without its session is sent; without it the answer is 401.
    pub(crate) login_url: Option<String>,
    pub(crate) store: StoreChoice,
    /// Ids of the sealing keys, the primary first.
    pub(crate) key_ids: Vec<KeyId>,
    /// Seconds a cookie lives where the session itself does not say: Django's `SESSION_COOKIE_AGE`.
    pub(crate) cookie_age: u32,
}

/// Where records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreChoice {
    /// Workers KV, binding `SESSIONS`.
    Kv,
    /// Nowhere: what does not fit the cookie is not saved.
    None,
}

impl StoreChoice {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::None => "none",
        }
    }
}

impl Settings {
    /// Reads all settings, so that an operator sees every problem at once.
    pub(crate) fn read(
        binding: impl Fn(&str) -> Option<String>,
        has_store: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::new(&binding);
        let own_name = fields.parsed("SESSION_COOKIE", "__Host-sessionid", name);
        let origin_name = fields.parsed("ORIGIN_COOKIE", "sessionid", name);
        let audience = fields.parsed("SESSION_AUDIENCE", "default", |text| Ok(text.to_owned()));
        let budget = fields.parsed("SESSION_BUDGET", "4093", budget);
        let idle = fields.parsed("SESSION_IDLE_SECONDS", "1209600", positive);
        let absolute = fields.parsed("SESSION_ABSOLUTE_SECONDS", "2592000", positive);
        let routes = fields.parsed("SESSION_ROUTES", r#"{"/": "optional"}"#, routes);
        let priorities = fields.parsed("SESSION_PRIORITIES", "{}", priorities);
        let store = fields.parsed("SESSION_STORE", "kv", store);
        let login_url = fields.optional("SESSION_LOGIN_URL", login_url);
        let origin = fields.required("ORIGIN_URL", origin);
        let sealing = fields.required("SESSION_KEYS", sealing_keys);
        let weak = fields
            .parsed("ALLOW_WEAK_DJANGO_SECRET", "false", boolean)
            .unwrap_or(false);
        let django = fields.required("DJANGO_SECRET_KEY", |text| django_secret(text, weak));
        let older = fields.parsed("DJANGO_SECRET_KEY_FALLBACKS", "[]", |text| {
            let keys: Vec<String> = json(text, r#"a JSON array of texts, as ["older key"]"#)?;
            keys.iter().map(|key| django_secret(key, weak)).collect()
        });
        if store == Some(StoreChoice::Kv) && !has_store(KV_BINDING) {
            fields.problem(
                KV_BINDING,
                "the KV binding is missing (SESSION_STORE is \"kv\")",
            );
        }
        let django_ring = django.zip(older).and_then(|(primary, older)| {
            let ring = KeyRing::new(primary, older);
            ring.map_err(|error| fields.problem("DJANGO_SECRET_KEY_FALLBACKS", error))
                .ok()
        });
        let plain_profile = origin_name.as_ref().and_then(|name| {
            let profile = plain_profile(name);
            profile
                .map_err(|error| fields.problem("ORIGIN_COOKIE", error))
                .ok()
        });
        let key_ids = sealing
            .as_ref()
            .map(|ring| ring.iter().map(Secret::key_id).collect());
        let codec = (|| {
            let config = config(own_name?, origin_name.as_ref()?, audience?, store?);
            let config = Config {
                budget: budget?,
                idle_seconds: idle?,
                absolute_seconds: absolute?,
                priorities: priorities?,
                ..config
            };
            let keys = Keys {
                sealing: Some(sealing?),
                django: Some(django_ring?),
            };
            Codec::new(config, &keys)
                .map_err(|error| fields.problem(setting_of(&error), error))
                .ok()
        })();
        let settings = (|| {
            Some(Self {
                codec: codec?,
                origin: origin?,
                origin_cookie: origin_name?,
                plain_profile: plain_profile?,
                routes: routes?,
                login_url: login_url?,
                store: store?,
                key_ids: key_ids?,
                cookie_age: idle?,
            })
        })();
        fields.finish(settings)
    }

    /// Whether browsers may still hold the origin's cookie beside ours.
    pub(crate) fn has_plain_cookie(&self) -> bool {
        self.codec.django_cookie().is_some()
    }
}

fn config(own: CookieName, origin: &CookieName, audience: String, store: StoreChoice) -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: own.as_str().to_owned(),
            ..CookieProfileConfig::default()
        },
        django_cookie: (own != *origin).then(|| origin.as_str().to_owned()),
        audience,
        accept: vec![
            Acceptance::always(Envelope::Sealed),
            Acceptance::always(Envelope::Django),
        ],
        overflow: match store {
            StoreChoice::Kv => Overflow::Spill,
            StoreChoice::None => Overflow::Refuse,
        },
        ..Config::default()
    }
}

/// Django's deletion line: path and name, `Secure` only where the name demands it.
fn plain_profile(
    name: &CookieName,
) -> Result<CookieProfile, session_codec::cookie::CookieProfileError> {
    CookieProfile::new(CookieProfileConfig {
        name: name.as_str().to_owned(),
        secure: name.prefix().is_some(),
        same_site: SameSite::Lax,
        ..CookieProfileConfig::default()
    })
}

const fn setting_of(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Cookie(_) => "SESSION_COOKIE",
        ConfigError::DjangoCookie(_) => "ORIGIN_COOKIE",
        ConfigError::BudgetTooSmall => "SESSION_BUDGET",
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

fn store(text: &str) -> Result<StoreChoice, String> {
    match text {
        "kv" => Ok(StoreChoice::Kv),
        "none" => Ok(StoreChoice::None),
        _ => Err("neither \"kv\" nor \"none\"".to_owned()),
    }
}

fn routes(text: &str) -> Result<Routes, String> {
    let modes: BTreeMap<String, Mode> = json(
        text,
        r#"a JSON object of path prefix to "public", "optional" or "required""#,
    )?;
    Routes::new(modes)
}

fn priorities(text: &str) -> Result<Vec<PriorityRule>, String> {
    let rules: BTreeMap<String, Priority> = json(
        text,
        r#"a JSON object of key to "critical", "important", "normal" or "optional""#,
    )?;
    let rule = |(key, priority)| PriorityRule { key, priority };
    Ok(rules.into_iter().map(rule).collect())
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

fn sealing_keys(text: &str) -> Result<KeyRing<Secret>, String> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ',');
    let mut secrets = Vec::new();
    for (index, part) in parts.filter(|part| !part.is_empty()).enumerate() {
        let secret = Secret::parse(part);
        secrets.push(secret.map_err(|error| format!("key {}: {error}", index + 1))?);
    }
    if secrets.is_empty() {
        return Err("there is no key in it".to_owned());
    }
    let fallbacks = secrets.split_off(1);
    let primary = secrets.remove(0);
    KeyRing::new(primary, fallbacks).map_err(|error| error.to_string())
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
        Settings::read(binding, |name| name == KV_BINDING)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn three_settings_are_enough() {
        let settings = read(&[]).map_err(|problems| problems.join("; ")).unwrap();
        assert_eq!(settings.origin, "https://shop.example");
        assert_eq!(settings.codec.profile().name().as_str(), "__Host-sessionid");
        assert_eq!(settings.store, StoreChoice::Kv);
        assert!(settings.has_plain_cookie());
        assert_eq!(settings.key_ids.len(), 1);
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
        assert!(settings.is_ok_and(|settings| !settings.has_plain_cookie()));
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
}
