//! Settings that can be read, and yet hardly do what whoever set them wants. Each names the cure.

use core::net::IpAddr;

use session_codec::Envelope;
use session_gateway::{
    routes::Mode,
    site::{Origin, Protocol},
};

use super::{
    Problem, Settings, StoreChoice, Tier,
    field::Fields,
    names,
    setting::{CONDITIONAL, SESSION_ABSOLUTE_SECONDS, Used},
};

/// What an operator should look at, of settings that are right each by itself. `names` are those of
/// all bindings.
fn of(settings: &Settings, fields: &Fields<'_>, names: &[String]) -> Vec<Problem> {
    let mut warnings = names::unknown(names);
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
    if settings.site.debug_header {
        warn(
            "SESSION_DEBUG_HEADER",
            r#"answers name the session's keys. For development only: set "false""#.into(),
        );
    }
    if let Some(reason) = unreachable(&settings.site.origin) {
        warn("ORIGIN_URL", reason);
    }
    let transcodes = matches!(
        settings.site.protocol,
        Protocol::Transcode | Protocol::Headers(_)
    );
    if let Some(login) = settings.site.login_path() {
        if settings.site.routes.mode(login) >= Mode::Required {
            warn(
                "SESSION_LOGIN_URL",
                format!(
                    "SESSION_ROUTES requires a session at {login}, where sessions begin. This one path is served without; pages and files that it needs want rules of their own: {{\"{login}\": \"optional\"}}"
                ),
            );
        } else if settings.site.routes.mode(login) < Mode::Optional && transcodes {
            warn(
                "SESSION_LOGIN_URL",
                format!(
                    "SESSION_ROUTES shows {login} no session, so what it sets is not one that the site was told of. Give it a rule: {{\"{login}\": \"optional\"}}"
                ),
            );
        }
        if !settings
            .site
            .routes
            .modes()
            .any(|(_, mode)| mode >= Mode::Required)
        {
            warn(
                "SESSION_LOGIN_URL",
                r#"no route is "required", so nobody is sent there: see SESSION_ROUTES"#.into(),
            );
        }
    }
    for (prefix, _) in settings.site.routes.modes() {
        if prefix.contains(['*', '?', '#']) || prefix.contains("//") {
            warn(
                "SESSION_ROUTES",
                format!(
                    "{prefix:?} matches no path that a page has: rules are beginnings of paths, without patterns, query and host, as \"/account/\""
                ),
            );
        }
    }
    let absolute = SESSION_ABSOLUTE_SECONDS.setting;
    let absolute = fields
        .text(absolute.name)
        .or(absolute.default.map(str::to_owned));
    let absolute = absolute
        .and_then(|text| text.parse().ok())
        .unwrap_or(u32::MAX);
    if settings.site.cookie_age > absolute && fields.text("SESSION_IDLE_SECONDS").is_some() {
        warn(
            "SESSION_IDLE_SECONDS",
            format!(
                "is longer than SESSION_ABSOLUTE_SECONDS ({absolute}), after which every session ends: raise that, or lower this"
            ),
        );
    }
    if let Some(touch) = settings
        .site
        .touch_millis
        .filter(|touch| *touch >= i64::from(settings.site.cookie_age) * 1000)
    {
        warn(
            "SESSION_TOUCH_SECONDS",
            format!(
                "{} s are not less than SESSION_IDLE_SECONDS ({}): sessions end before a visit can prolong them",
                touch / 1000,
                settings.site.cookie_age
            ),
        );
    }
    if settings.site.access.visible.cover("_auth_user_hash") {
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
    fields: &Fields<'_>,
    warn: &mut impl FnMut(&'static str, String),
) {
    let keeps = |tier| settings.store.tiers().any(|it| it == tier);
    for (setting, used, reason) in CONDITIONAL {
        let is_used = match used {
            Used::Headers => matches!(settings.site.protocol, Protocol::Headers(_)),
            Used::NotRows => !matches!(settings.site.protocol, Protocol::Rows(_)),
            Used::Device => settings.site.device.is_some(),
            Used::Columns => keeps(Tier::D1) || keeps(Tier::Origin),
            Used::OriginStore => keeps(Tier::Origin),
            Used::TwoStores => matches!(settings.store, StoreChoice::Layered { .. }),
        };
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
fn unreachable(origin: &Origin) -> Option<String> {
    let host = origin.host_name();
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
    if !origin.is_secure() {
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
    /// What is right by itself and hardly works as meant, given all bindings, from which this was read,
    /// and their names. An operator asks for it, no visitor waits for it.
    pub(crate) fn warnings(
        &self,
        binding: impl Fn(&str) -> Option<String>,
        names: &[String],
    ) -> Vec<Problem> {
        of(self, &Fields::new(&binding), names)
    }

    /// Whether plain Django cookies are taken for as long as the key is the site's, although none is
    /// written.
    pub(crate) fn accepts_django_without_end(&self) -> bool {
        let endless = |it: &session_codec::config::Acceptance| {
            it.envelope == Envelope::Django && it.until.is_none()
        };
        !matches!(self.site.protocol, Protocol::Rows(_))
            && self.writes != Envelope::Django
            && self.accepted.iter().any(endless)
    }
}
