//! The codec's configuration, and which setting is to blame for what is wrong with it.

use session_codec::{
    Config, Envelope,
    config::{Acceptance, ConfigError, Overflow},
    cookie::{Budget, CookieName, CookieProfileConfig},
};

use super::{StoreChoice, cookies, field::Fields, setting};

pub(super) fn name(text: &str) -> Result<CookieName, String> {
    CookieName::new(text).map_err(|error| error.to_string())
}

pub(super) fn budget(fields: &mut Fields<'_>) -> Option<Budget> {
    let bytes = fields.number(&setting::SESSION_BUDGET)?;
    Budget::new(bytes).ok()
}

/// Without a cookie of the origin's own only sealed sessions exist.
pub(super) fn config(
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
pub(super) fn without_sessions(config: Config) -> Config {
    Config {
        write: Envelope::Django,
        accept: vec![Acceptance::always(Envelope::Django)],
        rules: Vec::new(),
        overflow: Overflow::Refuse,
        ..config
    }
}

pub(super) fn setting_of(error: &ConfigError) -> &'static str {
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
