//! The cookie in the browser, declared once for setting and for removing it.

use serde::Deserialize;
use session_codec::cookie::{
    CookieName, CookiePriority, CookieProfile, CookieProfileConfig, CookieProfileError, SameSite,
};

use super::{field::Fields, setting, value::json};

/// The attributes of our cookie.
pub(super) fn own(
    fields: &mut Fields<'_>,
    name: Option<&CookieName>,
) -> Option<CookieProfileConfig> {
    let same_site = fields.choice(&setting::SESSION_SAME_SITE, same_site);
    let domain = fields.optional(setting::SESSION_COOKIE_DOMAIN, plain);
    let path = fields.parsed(setting::SESSION_COOKIE_PATH, plain);
    let partitioned = fields.boolean(setting::SESSION_COOKIE_PARTITIONED);
    let choice = setting::SESSION_COOKIE_PRIORITY;
    let priority = fields.optional(choice.setting, |text| choice.read(text, priority));
    Some(CookieProfileConfig {
        name: name?.as_str().to_owned(),
        same_site: same_site?,
        domain: domain?,
        path: path?,
        partitioned: partitioned?,
        priority: priority?,
        ..CookieProfileConfig::default()
    })
}

/// The cookie beside ours that says which session a browser was told is lost.
pub(super) fn lost(own: &CookieProfileConfig) -> Option<CookieProfile> {
    let config = CookieProfileConfig {
        name: format!("{}-lost", own.name),
        ..own.clone()
    };
    CookieProfile::new(config).ok()
}

/// Removes the origin's plain cookie: where Django's own settings put it, and like Django's own
/// removal `Secure` only where the name demands it.
pub(super) fn plain_removal(
    fields: &mut Fields<'_>,
    name: Option<&CookieName>,
) -> Option<CookieProfile> {
    let domain = fields.optional(setting::ORIGIN_COOKIE_DOMAIN, plain);
    let path = fields.parsed(setting::ORIGIN_COOKIE_PATH, plain);
    let config = CookieProfileConfig {
        domain: domain?,
        path: path?,
        ..removal_config(name?.as_str().to_owned())
    };
    let profile = CookieProfile::new(config);
    profile
        .map_err(|error| {
            let setting = attribute_of(&error, "ORIGIN_COOKIE_DOMAIN", "ORIGIN_COOKIE_PATH");
            fields.problem(setting.unwrap_or("ORIGIN_COOKIE"), error);
        })
        .ok()
}

/// The lines that clear further scopes, in which older deployments may have left cookies.
pub(super) fn further_removals(
    fields: &mut Fields<'_>,
    name: Option<&CookieName>,
) -> Option<Vec<String>> {
    fields.listed(setting::SESSION_COOKIE_CLEAR, |text| {
        let scopes: Vec<Scope> = json(
            text,
            r#"a JSON array of scopes, as {"name": "sid", "domain": "shop.example", "path": "/"}"#,
        )?;
        let line = |(index, scope): (usize, Scope)| {
            let name = scope.name.as_deref().or(name.map(CookieName::as_str));
            let config = CookieProfileConfig {
                domain: scope.domain,
                path: scope.path.unwrap_or_else(|| "/".to_owned()),
                ..removal_config(name.unwrap_or_default().to_owned())
            };
            let profile = CookieProfile::new(config);
            profile
                .map(|profile| profile.remove().into_string())
                .map_err(|error| format!("scope {}: {error}", index + 1))
        };
        scopes.into_iter().enumerate().map(line).collect()
    })
}

/// The setting that an attribute's error belongs to; `None` if it is the name's.
pub(super) fn attribute_of(
    error: &CookieProfileError,
    domain: &'static str,
    path: &'static str,
) -> Option<&'static str> {
    match error {
        CookieProfileError::DomainNotHostName | CookieProfileError::PrefixForbidsDomain { .. } => {
            Some(domain)
        }
        CookieProfileError::PathNotAbsolute
        | CookieProfileError::PathTooLong { .. }
        | CookieProfileError::PathByte { .. }
        | CookieProfileError::PrefixNeedsRootPath { .. } => Some(path),
        _ => None,
    }
}

/// A cookie that an earlier deployment may have set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    /// Our own cookie's name if left out.
    name: Option<String>,
    domain: Option<String>,
    path: Option<String>,
}

fn removal_config(name: String) -> CookieProfileConfig {
    let secure = CookieName::new(&name).is_ok_and(|name| name.prefix().is_some());
    CookieProfileConfig {
        name,
        secure,
        ..CookieProfileConfig::default()
    }
}

/// What the profile itself checks.
#[expect(clippy::unnecessary_wraps, reason = "it is a parser among others")]
fn plain(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn same_site(text: &str) -> Option<SameSite> {
    match text {
        "lax" => Some(SameSite::Lax),
        "strict" => Some(SameSite::Strict),
        "none" => Some(SameSite::None_),
        _ => None,
    }
}

fn priority(text: &str) -> Option<CookiePriority> {
    match text {
        "low" => Some(CookiePriority::Low),
        "medium" => Some(CookiePriority::Medium),
        "high" => Some(CookiePriority::High),
        _ => None,
    }
}
