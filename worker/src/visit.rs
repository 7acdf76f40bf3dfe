//! Inbound: what a request's cookies come to, and what of them the origin may see.

use session_codec::{
    OpenSession, Opened, Reason, Timestamp,
    cookie::{CookieHeader, CookieName},
};

use crate::{settings::Settings, state::with_workspace};

/// What a browser sent under our names.
pub(crate) struct Visit {
    pub(crate) found: Found,
    /// It sent our cookie, whatever it was worth.
    sent_ours: bool,
    /// It sent the origin's own, plain cookie.
    sent_plain: bool,
    /// The session was known to be in force when the request came.
    pub(crate) is_judged: bool,
}

/// The session of a request.
pub(crate) enum Found {
    /// None, and nothing was sent that claimed to be one.
    Nothing,
    /// One that verified.
    Session(Box<OpenSession>),
    /// Something that did not verify: as good as nothing, and to be removed.
    Rejected,
    /// Two that verified.
    Conflict,
}

impl Visit {
    /// A visit whose cookies nobody looks at.
    pub(crate) const fn unseen() -> Self {
        Self {
            found: Found::Nothing,
            sent_ours: false,
            sent_plain: false,
            is_judged: false,
        }
    }

    /// Opens the session of a `Cookie` header.
    pub(crate) fn read(settings: &Settings, cookies: &str, now: Timestamp) -> Self {
        let ours = settings.codec.profile().name();
        let Ok(header) = CookieHeader::new(cookies.as_bytes()) else {
            return Self::rejected(Reason::TooLong);
        };
        let sent = |name: &CookieName| header.values(name).next().is_some();
        let (sent_ours, sent_plain) =
            (sent(ours), settings.codec.django_cookie().is_some_and(sent));
        let found = match with_workspace(|workspace| settings.codec.open(&header, now, workspace)) {
            Opened::Absent => Found::Nothing,
            Opened::Session(session) => {
                crate::counters::opened(key_label(&session));
                Found::Session(Box::new(session))
            }
            Opened::Rejected(reason) => {
                crate::log::rejected(reason.label(), reason);
                Found::Rejected
            }
            Opened::Conflict => Found::Conflict,
        };
        Self {
            found,
            sent_ours,
            sent_plain,
            is_judged: false,
        }
    }

    fn rejected(reason: Reason) -> Self {
        crate::log::rejected(reason.label(), reason);
        Self {
            found: Found::Rejected,
            sent_ours: false,
            sent_plain: false,
            is_judged: false,
        }
    }

    /// Takes the session back: it verified, and yet it is not to be used.
    pub(crate) fn reject(&mut self, reason: Reason) {
        crate::log::rejected(reason.label(), reason);
        self.found = Found::Rejected;
    }

    /// Takes the session back: it verified, and its data is gone.
    pub(crate) fn forget(&mut self) {
        self.found = Found::Rejected;
    }

    /// The session, if there is one.
    pub(crate) fn session(&self) -> Option<&OpenSession> {
        match &self.found {
            Found::Session(session) => Some(session),
            _ => None,
        }
    }

    /// Whether the browser has a session, and be it two.
    pub(crate) fn has_session(&self) -> bool {
        matches!(self.found, Found::Session(_) | Found::Conflict)
    }

    /// Lines that make the browser forget every session cookie it sent.
    pub(crate) fn removals(&self, settings: &Settings) -> Vec<String> {
        let ours = self
            .sent_ours
            .then(|| settings.codec.remove().into_string());
        ours.into_iter()
            .chain(self.plain_removal(settings))
            .collect()
    }

    /// The line that removes a plain cookie, if the browser sent one.
    pub(crate) fn plain_removal(&self, settings: &Settings) -> Option<String> {
        self.sent_plain
            .then(|| settings.plain_profile.remove().into_string())
    }
}

/// The key that opened a session, as operators know it: when no counter of a key moves any more,
/// the key can go.
fn key_label(session: &OpenSession) -> String {
    match session.key_id() {
        Some(id) => id.to_string(),
        None => format!("django-{}", session.key().index()),
    }
}

/// Whether a `Cookie` header has a cookie of this name and value.
pub(crate) fn has_cookie(cookies: &str, name: &CookieName, value: &str) -> bool {
    CookieHeader::new(cookies.as_bytes())
        .is_ok_and(|header| header.values(name).any(|sent| sent == value.as_bytes()))
}

/// The `Cookie` header for the origin.
pub(crate) enum Forwarded {
    /// As the browser sent it: there is nothing of ours in it, and nothing is added. What is not
    /// read and written back keeps its bytes, also those that are no UTF-8.
    AsSent,
    /// Another text; `None` if nothing is left.
    Changed(Option<String>),
}

/// What the origin gets to see: its session cookie, if one verified, then everything that is not
/// ours and cannot pass for ours.
pub(crate) fn origin_cookies(
    settings: &Settings,
    cookies: &str,
    session: Option<&str>,
) -> Forwarded {
    let ours = settings.codec.profile().name();
    let origins = settings.origin_cookie.as_ref();
    let names = [ours, origins.unwrap_or(ours)];
    let header = CookieHeader::new(cookies.as_bytes());
    if session.is_none() && header.is_ok_and(|header| header.is_free_of(&names)) {
        return Forwarded::AsSent;
    }
    let mut text = Vec::new();
    if let Some((name, value)) = origins.zip(session) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
    // Beyond the limit nothing can be told apart in bounded time, so nothing is forwarded.
    if let Ok(header) = header {
        header.write_without(&names, &mut text);
    }
    // Cookies are cut at ASCII bytes only, so text stays text.
    let text = String::from_utf8(text).ok();
    let text = text.filter(|text| !text.is_empty());
    if let Some(text) = &text {
        crate::log::rewritten("cookie", text);
    }
    Forwarded::Changed(text)
}
