use session_codec::{
    OpenSession, Opened, Reason, Timestamp,
    cookie::{CookieHeader, CookieName},
};

use crate::{
    counters::Label,
    site::Site,
    visit::{Found, Visit},
    workspace::with_workspace,
};

impl Visit<OpenSession> {
    /// Opens the session of a `Cookie` field.
    pub(crate) fn read(site: &Site, cookies: &str, now: Timestamp) -> Self {
        if cookies.is_empty() {
            return Self::unseen();
        }
        let ours = site.codec.profile().name();
        let Ok(header) = CookieHeader::new(cookies.as_bytes()) else {
            return Self::rejected(Reason::TooLong);
        };
        let sent = |name: &CookieName| header.values(name).next().is_some();
        let mut visit = Self {
            sent_ours: sent(ours),
            sent_plain: site.codec.django_cookie().is_some_and(sent),
            ..Self::unseen()
        };
        match with_workspace(|workspace| site.codec.open(&header, now, workspace)) {
            Opened::Absent => {}
            Opened::Session(session) => {
                crate::counters::opened(key_label(&session));
                crate::uses::opened(crate::uses::Subject::of(&session), now);
                visit.found = Found::Session(Box::new(session));
            }
            Opened::Rejected(reason) => visit.reject(reason),
            Opened::Conflict => visit.found = Found::Conflict,
        }
        visit
    }
}

/// The key that opened a session, as operators know it: when no counter of a key moves any more,
/// the key can go.
fn key_label(session: &OpenSession) -> Label {
    match session.key_id() {
        Some(id) => Label::Key(id),
        None => Label::Django(session.key().index()),
    }
}
