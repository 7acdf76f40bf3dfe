use alloc::sync::Arc;
use std::sync::LazyLock;

use serde_json::json;
use session_codec::{Lineage, SessionData, StoreName, Timestamp};
use session_store::{Head, StoreError};

use crate::{
    gate::Missing,
    location::Location,
    log,
    platform::Platform,
    request::RequestHead,
    revocation::{Known, Memory},
    routes::Mode,
    seen,
    site::{Columns, Protocol, Site},
};

/// What one request works with.
pub struct Gateway<P> {
    pub(crate) site: Arc<Site>,
    pub(crate) platform: P,
    pub(crate) now: Timestamp,
    pub(crate) client: Client,
}

/// What this process knows of the list of ended sessions.
static KNOWN: LazyLock<Arc<Known>> = LazyLock::new(Arc::default);

/// What a store may keep of who changed a session, if the settings ask for it.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) ip: Option<Box<str>>,
    pub(crate) user_agent: Option<Box<str>>,
}

impl Client {
    fn of(request: &RequestHead<'_>, columns: Columns) -> Self {
        Self {
            ip: request.client.filter(|_| columns.ip).map(short),
            user_agent: request
                .field("user-agent")
                .filter(|_| columns.user_agent)
                .map(short),
        }
    }
}

/// Characters of a column: a client chooses them, and a row is not a place to fill up.
const MAX_COLUMN: usize = 256;

fn short(text: &str) -> Box<str> {
    text.chars().take(MAX_COLUMN).collect()
}

/// Where a session is used, and what for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose {
    pub(crate) mode: Mode,
    /// Whether the request only reads, by its method.
    pub(crate) is_safe: bool,
}

/// Why nobody knows what session a request has.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// Whether it has ended, or whether it is there.
    Standing,
    /// What is in it.
    Data(Missing),
}

/// What a request leaves behind.
#[derive(Default)]
pub(crate) struct Outbound {
    /// `Set-Cookie` lines for the browser.
    pub(crate) lines: Vec<String>,
    /// Records that nobody needs once the lines are sent.
    pub(crate) deletions: Vec<StoreName>,
    /// A session that ended, while the store would not take it down.
    pub(crate) unrevoked: Option<Lineage>,
    /// A session that ended, and the head that it had, where its cookie is not known to be the last.
    pub(crate) overtaken: Option<(Lineage, Head)>,
    /// The debug header.
    pub(crate) placement: Option<String>,
    /// Why what the site made of the session is not kept.
    pub(crate) unsaved: Option<&'static str>,
    /// The name of a user's session that began.
    pub(crate) began: Option<StoreName>,
    /// The session that was saved, if it is not the one that was to be: others changed it too.
    pub(crate) merged: Option<SessionData>,
}

impl Outbound {
    /// What the site made of the session is not kept.
    pub(crate) fn unsaved(reason: &'static str) -> Self {
        Self {
            unsaved: Some(reason),
            ..Self::default()
        }
    }

    pub(crate) fn lines(lines: Vec<String>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }
}

/// Lines that an answer can take although the origin did not ask for them.
#[derive(Clone, Copy)]
pub(crate) struct Unasked {
    /// A cookie issued anew.
    pub(crate) reissue: bool,
    /// The removal of a cookie that is good for nothing.
    pub(crate) removal: bool,
}

impl<P: Platform> Gateway<P> {
    /// For one request that came at `now`.
    pub fn new(site: Arc<Site>, platform: P, request: &RequestHead<'_>, now: Timestamp) -> Self {
        log::at(now);
        Self {
            client: Client::of(request, site.columns),
            site,
            platform,
            now,
        }
    }

    /// What was asked before of the list of ended sessions.
    pub(crate) fn memory(&self) -> Memory<P::DataCentre> {
        Memory::new(
            Arc::clone(&KNOWN),
            self.platform.data_centre(),
            self.site.revocation_seconds,
        )
    }

    pub(crate) fn store(&self) -> Result<Option<Arc<P::Store>>, StoreError> {
        self.platform.store()
    }

    /// Browsers drop our cookie where there is no TLS, and nothing else shows why nobody stays
    /// logged in. The site's own may well go without.
    pub(crate) fn note_cookies<'l>(
        &self,
        location: &Location,
        mut lines: impl Iterator<Item = &'l str>,
    ) {
        if !location.is_plain_http() || matches!(self.site.protocol, Protocol::Rows(_)) {
            return;
        }
        let name = self.site.codec.profile().name().as_str();
        let is_ours = |line: &str| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('='))
        };
        if lines.any(is_ours) {
            seen::cookie_over_http();
            log::warn(
                "cookie-over-http",
                &json!({ "host": location.host, "cure": "Always Use HTTPS" }),
            );
        }
    }

    /// The login page for a browser that wants a page, if there is one.
    pub(crate) fn login(&self, request: &RequestHead<'_>) -> Option<&str> {
        let login = self.site.login_url.as_deref();
        login.filter(|_| request.wants_html())
    }
}
