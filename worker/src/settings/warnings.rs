//! Settings that can be read, and yet hardly do what whoever set them wants. Each names the cure.

use core::net::IpAddr;

use session_codec::Envelope;

use super::{Problem, Settings, StoreChoice, Tier, field::Fields, names, site};
use crate::{routes::Mode, settings::Protocol};

/// What an operator should look at, of settings that are right each by itself. `names` are those of
/// all bindings.
pub(super) fn of(settings: &Settings, fields: &mut Fields<'_>, names: &[String]) -> Vec<Problem> {
    let mut warnings = names::without_effect(names, fields.asked());
    let mut warn = |setting: &'static str, reason: String| {
        warnings.push(Problem::new(setting, reason));
    };
    for secret in [
        "DJANGO_SECRET_KEY",
        "DJANGO_SECRET_KEY_FALLBACKS",
        "SESSION_API_TOKEN",
    ] {
        let text = fields.text(secret);
        if let Some(found) = text.as_deref().and_then(|text| wrapped(secret, text)) {
            warn(
                secret,
                format!(
                    "begins or ends with {found}, which counts as a part of it. If the site's own has none, set it again: printf %s '<the key>' | npx wrangler secret put {secret}"
                ),
            );
        }
    }
    if fields.text("ALLOW_WEAK_DJANGO_SECRET").as_deref() == Some("true") {
        warn("ALLOW_WEAK_DJANGO_SECRET", "whoever guesses the key can be anybody. For development only: give the site a long random SECRET_KEY".into());
    }
    if settings.debug_header {
        warn(
            "SESSION_DEBUG_HEADER",
            r#"answers name the session's keys. For development only: set "false""#.into(),
        );
    }
    if let Some(reason) = unreachable(&settings.origin) {
        warn("ORIGIN_URL", reason);
    }
    let transcodes = matches!(
        settings.protocol,
        Protocol::Transcode | Protocol::Headers(_)
    );
    if let Some(login) = settings.login_path() {
        if settings.routes.mode(login) == Mode::Required {
            warn(
                "SESSION_LOGIN_URL",
                format!(
                    "SESSION_ROUTES requires a session at {login}, where sessions begin. This one path is served without; pages and files that it needs want rules of their own: {{\"{login}\": \"optional\"}}"
                ),
            );
        } else if settings.routes.mode(login) < Mode::Optional && transcodes {
            warn(
                "SESSION_LOGIN_URL",
                format!(
                    "SESSION_ROUTES shows {login} no session, so what it sets is not one that the site was told of. Give it a rule: {{\"{login}\": \"optional\"}}"
                ),
            );
        }
        if !settings
            .routes
            .modes()
            .any(|(_, mode)| mode == Mode::Required)
        {
            warn(
                "SESSION_LOGIN_URL",
                r#"no route is "required", so nobody is sent there: see SESSION_ROUTES"#.into(),
            );
        }
    }
    for (prefix, _) in settings.routes.modes() {
        if prefix.contains(['*', '?', '#']) || prefix.contains("//") {
            warn(
                "SESSION_ROUTES",
                format!(
                    "{prefix:?} matches no path that a page has: rules are beginnings of paths, without patterns, query and host, as \"/account/\""
                ),
            );
        }
    }
    let seconds = |fields: &mut Fields<'_>, setting| {
        fields
            .text(setting)
            .and_then(|text| text.parse::<u32>().ok())
    };
    let absolute = seconds(fields, "SESSION_ABSOLUTE_SECONDS").unwrap_or(30 * 24 * 3600);
    if settings.cookie_age > absolute && seconds(fields, "SESSION_IDLE_SECONDS").is_some() {
        warn(
            "SESSION_IDLE_SECONDS",
            format!(
                "is longer than SESSION_ABSOLUTE_SECONDS ({absolute}), after which every session ends: raise that, or lower this"
            ),
        );
    }
    if let Some(touch) = settings
        .touch_millis
        .filter(|touch| *touch >= i64::from(settings.cookie_age) * 1000)
    {
        warn(
            "SESSION_TOUCH_SECONDS",
            format!(
                "{} s are not less than SESSION_IDLE_SECONDS ({}): sessions end before a visit can prolong them",
                touch / 1000,
                settings.cookie_age
            ),
        );
    }
    if settings.access.visible.cover("_auth_user_hash") {
        warn(
            "SESSION_CLIENT_VISIBLE",
            "shows _auth_user_hash to every script of a page: list the keys that pages need".into(),
        );
    }
    let path = fields.text("SESSION_COOKIE_PATH");
    if let Some(path) = path.filter(|path| !is_below("/_session", path)) {
        warn(
            "SESSION_COOKIE_PATH",
            format!(
                "browsers send the cookie below {path} only, and so never to /_session: set \"/\""
            ),
        );
    }
    without_effect(settings, fields, &mut warn);
    warnings
}

/// Settings of what is not used.
fn without_effect(
    settings: &Settings,
    fields: &mut Fields<'_>,
    warn: &mut impl FnMut(&'static str, String),
) {
    let has_d1 = settings.store.tiers().any(|tier| tier == Tier::D1);
    let has_two = matches!(settings.store, StoreChoice::Layered { .. });
    let rows = matches!(settings.protocol, Protocol::Rows(_));
    let conditions = [
        (
            "SESSION_COLUMNS",
            has_d1,
            "SESSION_STORE does not name \"d1\"",
        ),
        (
            "SESSION_STORE_WRITE",
            has_two,
            "SESSION_STORE is not two stores",
        ),
        (
            "SESSION_CACHE_OCTETS",
            has_two,
            "SESSION_STORE is not two stores",
        ),
        (
            "SESSION_CACHE_USERS_ONLY",
            has_two,
            "SESSION_STORE is not two stores",
        ),
        (
            "SESSION_TOUCH_SECONDS",
            !rows,
            "with SESSION_PROTOCOL = \"rows\" Django alone prolongs sessions",
        ),
        (
            "SESSION_REVOCATION",
            !rows,
            "with SESSION_PROTOCOL = \"rows\" a session ends with its row",
        ),
        (
            "SESSION_WRITE",
            !rows,
            "with SESSION_PROTOCOL = \"rows\" nothing is sealed",
        ),
        (
            "SESSION_ACCEPT",
            !rows,
            "with SESSION_PROTOCOL = \"rows\" nothing is sealed",
        ),
    ];
    for (setting, is_used, reason) in conditions {
        if !is_used && fields.text(setting).is_some() {
            warn(setting, format!("has no effect: {reason}"));
        }
    }
}

/// What is round a secret and was hardly drawn at random.
fn wrapped(secret: &str, text: &str) -> Option<&'static str> {
    if secret.ends_with("_FALLBACKS") {
        let keys: Vec<String> = serde_json::from_str(text).unwrap_or_default();
        return keys.iter().find_map(|key| wrapped("", key));
    }
    let ends = |is: fn(char) -> bool| text.starts_with(is) || text.ends_with(is);
    if ends(char::is_whitespace) {
        Some("white space, perhaps the line break of a file")
    } else if ends(|end| end == '\u{feff}') {
        Some("a byte order mark")
    } else if ends(|end| matches!(end, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}')) {
        Some("a quotation mark")
    } else {
        None
    }
}

/// Why a Worker on the network does not get there.
fn unreachable(origin: &str) -> Option<String> {
    let host = site::host(origin)?;
    let name = host
        .trim_matches(['[', ']'])
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let in_use = "right for wrangler dev alone. To deploy, give the site a host name";
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(format!(
            "{host} is the machine that the Worker runs on, {in_use}"
        ));
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(match address.is_loopback() || address.is_unspecified() {
            true => format!("{host} is the machine that the Worker runs on, {in_use}"),
            false => format!(
                "{host} is an address, and Cloudflare's network asks none (error 1003), {in_use}"
            ),
        });
    }
    let private = [".local", ".internal", ".lan", ".home.arpa", ".test"];
    if !name.contains('.') || private.iter().any(|end| name.ends_with(end)) {
        return Some(format!(
            "{host} is a name of a private network, {in_use} that the public DNS knows, or a tunnel"
        ));
    }
    if origin.to_ascii_lowercase().starts_with("http:") {
        return Some(format!(
            "sessions go to {host} unencrypted: use https://, or a tunnel"
        ));
    }
    None
}

/// Whether browsers send a cookie of this `Path` with a request for `path` (RFC 6265bis 5.1.4).
fn is_below(path: &str, cookie_path: &str) -> bool {
    let rest = path.strip_prefix(cookie_path);
    rest.is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

impl Settings {
    /// Whether plain Django cookies are taken for as long as the key is the site's, although none is
    /// written.
    pub(crate) fn accepts_django_without_end(&self) -> bool {
        let endless = |it: &session_codec::config::Acceptance| {
            it.envelope == Envelope::Django && it.until.is_none()
        };
        !matches!(self.protocol, Protocol::Rows(_))
            && self.writes != Envelope::Django
            && self.accepted.iter().any(endless)
    }
}
