//! What is known of the site and decided about its sessions: one ready object, validated by
//! whoever read the settings.

use session_codec::{
    Codec, DjangoSecret, KeyRing, OriginMac, Timestamp,
    cookie::{CookieName, CookieProfile},
    signing::{ROW_SALT, Signer},
};

use crate::{
    access::Access,
    class::ClassRule,
    device::Device,
    routes::{Mode, Routes},
};

/// Everything that a request is decided by.
pub struct Site {
    /// Opens and seals.
    pub codec: Codec,
    /// Where the site is.
    pub origin: Origin,
    /// How it speaks of sessions.
    pub protocol: Protocol,
    /// The cookie in which an origin that speaks Django says what its session is.
    pub origin_cookie: Option<CookieName>,
    /// Removes a plain cookie of the origin from a browser that still has one.
    pub plain_profile: CookieProfile,
    /// `Set-Cookie` lines for further scopes, sent when a session ends or two are in conflict.
    pub further_removals: Vec<String>,
    /// The cookie that says which session a browser was told is lost; `None`: its name would be
    /// too long.
    pub lost_profile: Option<CookieProfile>,
    /// Who may read and change sessions at `/_session`.
    pub access: Access,
    /// How visitors are told apart in one word.
    pub class_rule: ClassRule,
    /// What happens with the session at a path.
    pub routes: Routes,
    /// Where a page without its session is sent; without it the answer is 401.
    pub login_url: Option<String>,
    /// What a store is told of who changed a session.
    pub columns: Columns,
    /// Whether answers say where keys went.
    pub debug_header: bool,
    /// Where it is looked up whether a session has ended.
    pub revocation: Revocation,
    /// For how many seconds it is believed that a session is in force; 0: it is asked each time.
    pub revocation_seconds: u32,
    /// How sessions are bound to devices; `None`: they are not.
    pub device: Option<Device>,
    /// Age from which a cookie is issued anew, in milliseconds, so that the idle limit counts
    /// from the last visit; `None`: it counts from the last change, as with Django.
    pub touch_millis: Option<i64>,
    /// Whether a request that belongs to no trace begins one.
    pub begins_traces: bool,
    /// Seconds a cookie lives where the session itself does not say: Django's `SESSION_COOKIE_AGE`.
    pub cookie_age: u32,
    /// The platform's reader of dates: HTTP's, those of cookies, and ISO 8601.
    pub date: fn(&str) -> Option<Timestamp>,
}

impl Site {
    /// The path of the login page, without its query.
    #[must_use]
    pub fn login_path(&self) -> Option<&str> {
        let login = self.login_url.as_deref()?;
        login.split(['?', '#']).next()
    }

    /// What happens with the session at a path. The login page is served to those who have none, or
    /// nobody could ever log in.
    #[must_use]
    pub fn mode(&self, path: &str) -> Mode {
        match self.routes.mode(path) {
            mode if mode.requires() && self.login_path() == Some(path) => Mode::Optional,
            mode => mode,
        }
    }
}

/// Scheme, host and port of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// As it was given, without a slash at the end.
    text: String,
    /// As a URL's origin is written: lower case, without the scheme's own port.
    origin: String,
}

impl Origin {
    /// Reads `https://shop.example`, say.
    ///
    /// # Errors
    /// Why it is none.
    pub fn new(text: &str) -> Result<Self, String> {
        let url: http::Uri = text
            .parse()
            .map_err(|_| "not a URL such as https://shop.example".to_owned())?;
        let Some(scheme @ ("http" | "https")) = url.scheme_str() else {
            return Err("neither http:// nor https://".to_owned());
        };
        if url.path() != "/" || url.query().is_some() || text.contains(['#', '@']) {
            return Err("more than scheme, host and port".to_owned());
        }
        let host = url.host().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = url.port_u16().filter(|port| *port != usual);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            text: text.trim_end_matches('/').to_owned(),
            origin: format!("{scheme}://{host}{port}"),
        })
    }

    /// The same with its origin as the platform's URL parser spells it, which is what the site is
    /// told: `127.1` is `127.0.0.1`.
    #[must_use]
    pub fn spelled(self, origin: String) -> Self {
        Self { origin, ..self }
    }

    /// As it was given, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As a URL's origin is written: lower case, without the scheme's own port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host, and port if it is not the scheme's own: as the site is told it.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.origin.split_once("://");
        host.map_or("", |(_, host)| host)
    }

    /// The host without its port.
    #[must_use]
    pub fn host_name(&self) -> &str {
        match self.host().rsplit_once(':') {
            // An IPv6 address has colons of its own, within brackets.
            Some((host, port)) if !port.contains(']') => host,
            _ => self.host(),
        }
    }

    /// Whether the site is asked by TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// What an origin reads and writes.
pub enum Protocol {
    /// Django's signed cookies.
    Transcode,
    /// `x-session` with a MAC inbound, `session-patch` outbound.
    Headers(OriginMac),
    /// Django's session keys: the sessions are where the site keeps them.
    Rows(RowSigner),
}

/// Verifies and signs rows.
pub struct RowSigner(pub(crate) Signer);

impl RowSigner {
    /// With the site's keys and the salt of `SessionBase.encode`.
    #[must_use]
    pub fn new(keys: &KeyRing<DjangoSecret>) -> Self {
        Self(Signer::new(ROW_SALT, keys))
    }
}

/// Where it is looked up whether a session was revoked. Ordered by how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revocation {
    /// Nowhere: a session ends by its times alone.
    None,
    /// Where a route requires a session, before a cookie is issued anew, and where the store is
    /// asked anyway.
    Required,
    /// For every session of a user. That it is in force is remembered for a while.
    Always,
}

impl Revocation {
    /// As settings spell it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required => "required",
            Self::Always => "always",
        }
    }
}

/// What a store is told of who changed a session: personal data, so only if somebody wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns {
    /// Whose the session is, as a keyed hash, to stores that are not told anyway.
    pub user: bool,
    /// The address of the client.
    pub ip: bool,
    /// What its program calls itself.
    pub user_agent: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (good, origin) in [
            ("https://shop.example", "https://shop.example"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("http://[::1]:80", "http://[::1]"),
            ("HTTPS://Shop.Example:443", "https://shop.example"),
            ("http://o.example:443", "http://o.example:443"),
        ] {
            let read = Origin::new(good).unwrap();
            assert_eq!(read.origin(), origin, "{good}");
            assert_eq!(read.as_str(), good.trim_end_matches('/'));
            assert!(origin.ends_with(read.host()), "{good}");
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
            assert!(Origin::new(bad).is_err(), "{bad}");
        }
    }
}
