//! What a request's cookies come to, and what of them the origin may see.

use session_codec::{
    Reason, StoreName,
    cookie::{CookieHeader, CookieName},
};

use crate::{device::Shown, edit::Edit, revocation::Binding, site::Site};

/// What a browser sent under the names of sessions.
pub(crate) struct Visit<T> {
    pub(crate) found: Found<T>,
    /// It sent our cookie, whatever it was worth.
    pub(crate) sent_ours: bool,
    /// It sent the origin's own, plain cookie.
    pub(crate) sent_plain: bool,
    /// The session was known to be in force when the request came.
    pub(crate) is_judged: bool,
    /// What is known of its device, where somebody asks for one.
    pub(crate) device: Option<Box<Evidence>>,
}

/// What a request shows of a device, and what is known of its session's.
#[derive(Default)]
pub(crate) struct Evidence {
    /// A cookie of a device came along, whatever it was worth.
    pub(crate) was_sent: bool,
    /// What that cookie says.
    pub(crate) shown: Option<Shown>,
    /// To which device the session is bound, as far as anybody asked.
    pub(crate) binding: Option<Binding>,
    /// Its device is there.
    pub(crate) is_bound: bool,
    /// The session of a user that is bound to none.
    pub(crate) unbound: Option<StoreName>,
    /// There is a session that this request cannot have.
    pub(crate) is_withheld: bool,
}

/// The session of a request.
pub(crate) enum Found<T> {
    /// None, and nothing was sent that claimed to be one.
    Nothing,
    /// One that verified.
    Session(Box<T>),
    /// Something that did not verify: as good as nothing, and to be removed.
    Rejected,
    /// Two that verified.
    Conflict,
}

impl<T> Visit<T> {
    /// A visit whose cookies nobody looks at.
    pub(crate) const fn unseen() -> Self {
        Self {
            found: Found::Nothing,
            sent_ours: false,
            sent_plain: false,
            is_judged: false,
            device: None,
        }
    }

    /// A visit whose cookies are not accepted.
    pub(crate) fn rejected(reason: Reason) -> Self {
        let mut visit = Self::unseen();
        visit.reject(reason);
        visit
    }

    /// Takes the session back: it verified, and yet it is not to be used.
    pub(crate) fn reject(&mut self, reason: Reason) {
        crate::log::rejected(reason.label(), reason);
        // An unknown key is named by whoever made the cookie: as many as there are numbers.
        crate::counters::rejected(match reason {
            Reason::RetiredKey(_) | Reason::UnknownDictionary(_) => reason.to_string().into(),
            _ => reason.label().into(),
        });
        self.found = Found::Rejected;
    }

    /// Takes the session back: it verified, and its data is gone.
    pub(crate) fn forget(&mut self) {
        self.found = Found::Rejected;
    }

    /// Takes the session back: its device is not there. Its cookie stays, which may be the right
    /// one in another browser.
    pub(crate) fn withhold(&mut self) {
        self.found = Found::Nothing;
        self.sent_ours = false;
        self.sent_plain = false;
        if let Some(evidence) = &mut self.device {
            evidence.is_withheld = true;
        }
    }

    /// The session, if there is one.
    pub(crate) fn session(&self) -> Option<&T> {
        match &self.found {
            Found::Session(session) => Some(session),
            _ => None,
        }
    }

    /// Whether the browser has a session, and be it two.
    pub(crate) fn has_session(&self) -> bool {
        matches!(self.found, Found::Session(_) | Found::Conflict)
    }

    /// Whether nothing was sent that claims to be a session.
    pub(crate) fn is_plain(&self) -> bool {
        let is_withheld = |evidence: &Evidence| evidence.is_withheld;
        matches!(self.found, Found::Nothing)
            && !self.sent_ours
            && !self.sent_plain
            && !self.device.as_deref().is_some_and(is_withheld)
    }

    /// Lines that make the browser forget every session cookie it sent.
    pub(crate) fn removals(&self, site: &Site) -> Vec<String> {
        let ours = self.sent_ours.then(|| site.codec.remove().into_string());
        ours.into_iter().chain(self.plain_removal(site)).collect()
    }

    /// The line that removes the cookie of a device, if the browser sent one.
    pub(crate) fn device_removal(&self, site: &Site) -> Option<String> {
        let evidence = self.device.as_ref()?;
        let device = site.device.as_ref().filter(|_| evidence.was_sent)?;
        Some(device.profile.remove().into_string())
    }

    /// The line that removes a plain cookie, if the browser sent one.
    pub(crate) fn plain_removal(&self, site: &Site) -> Option<String> {
        self.sent_plain
            .then(|| site.plain_profile.remove().into_string())
    }
}

/// Whether a `Cookie` header has a cookie of this name and value.
pub(crate) fn has_cookie(cookies: &str, name: &CookieName, value: &str) -> bool {
    CookieHeader::new(cookies.as_bytes())
        .is_ok_and(|header| header.values(name).any(|sent| sent == value.as_bytes()))
}

/// What the origin gets to see: its session cookie, if one verified, then everything that is not
/// ours and cannot pass for ours. `None`: the field stays as the browser sent it, as there is
/// nothing of ours in it, and nothing is added; what is not read and written back keeps its bytes,
/// also those that are no UTF-8.
pub(crate) fn origin_cookies(site: &Site, cookies: &str, session: Option<&str>) -> Option<Edit> {
    let ours = site.codec.profile().name();
    let origins = site.origin_cookie.as_ref();
    let device = site.device.as_ref().map(|device| device.profile.name());
    let names = [ours, origins.unwrap_or(ours), device.unwrap_or(ours)];
    let names = if device.is_some() {
        &names[..]
    } else {
        &names[..2]
    };
    let header = CookieHeader::new(cookies.as_bytes());
    if session.is_none() && header.is_ok_and(|header| header.is_free_of(names)) {
        return None;
    }
    let mut text = Vec::new();
    if let Some((name, value)) = origins.zip(session) {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
    // Beyond the limit nothing can be told apart in bounded time, so nothing is forwarded.
    if let Ok(header) = header {
        header.write_without(names, &mut text);
    }
    // Cookies are cut at ASCII bytes only, so text stays text.
    let text = String::from_utf8(text).ok();
    Some(match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            crate::log::rewritten("cookie", &text);
            Edit::set("cookie", text)
        }
        None => Edit::remove("cookie"),
    })
}
