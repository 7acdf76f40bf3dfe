//! The `Set-Cookie` lines of an answer, sorted by whose they are.

use crate::{
    counters,
    edit::Edit,
    lifetime,
    response::ResponseHead,
    rows::SessionKey,
    seen,
    site::{Protocol, Site},
    workspace::with_workspace,
};
use serde_json::json;
use session_codec::{
    Timestamp,
    cookie::{CookieName, SetCookie},
};

/// The lines of one answer.
#[derive(Default)]
pub(crate) struct SetCookies {
    /// Lines that are not about the session, as they came.
    pub(crate) others: Vec<String>,
    /// The last line about the session: the one a browser would obey.
    session: Option<String>,
    /// Some of the answer's fields are not handed on as they are.
    pub(crate) is_changed: bool,
}

/// Whose a line is.
enum Owner {
    /// It is about the session.
    Session,
    /// It is about something else, and goes on.
    Other,
    /// It does not go on: why, for the operator.
    Withheld(&'static str),
}

impl SetCookies {
    /// Reads the lines of an answer to a request for `path`.
    pub(crate) fn read(
        response: &ResponseHead<'_>,
        site: &Site,
        path: &str,
        now: Timestamp,
    ) -> Self {
        let mut cookies = Self::default();
        let names = Names::of(site);
        for &field in &response.set_cookies {
            if !names.all().any(|name| field.contains(name.as_str())) {
                cookies.others.push(field.to_owned());
                continue;
            }
            let lines: Vec<&[u8]> = SetCookie::lines(field.as_bytes()).collect();
            let owners = lines.iter().map(|line| names.owner(line, path, now));
            let owners: Vec<Owner> = owners.collect();
            if owners.iter().all(|owner| matches!(owner, Owner::Other)) {
                cookies.others.push(field.to_owned());
                continue;
            }
            let is_joined = lines.len() > 1;
            if is_joined {
                counters::withheld("joined");
                seen::joined_lines();
                crate::log::warn(
                    "set-cookie-joined",
                    &json!(
                        "something between the site and the Worker joins Set-Cookie lines with commas"
                    ),
                );
            }
            let is_theirs = |owner: &Owner| matches!(owner, Owner::Session);
            let stays = !is_joined && names.is_plain() && owners.iter().all(is_theirs);
            cookies.is_changed |= !stays;
            for (line, owner) in lines.into_iter().zip(owners) {
                // A field is text, and it was cut at ASCII bytes.
                let line = String::from_utf8_lossy(line).into_owned();
                match owner {
                    Owner::Session => cookies.session = Some(line),
                    Owner::Other => cookies.others.push(line),
                    Owner::Withheld(reason) => withheld(&line, reason),
                }
            }
        }
        cookies
    }

    /// What the origin says of its session cookie.
    pub(crate) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The fields that are changed: others' lines as they are, then ours.
    pub(crate) fn edits(self, lines: Vec<String>, edits: &mut Vec<Edit>) {
        // What need not change is not read and written back: only so it keeps its bytes.
        if self.is_changed {
            edits.push(Edit::remove("set-cookie"));
            for line in self.others {
                crate::log::rewritten("set-cookie", &line);
                edits.push(Edit::append("set-cookie", line));
            }
        }
        let ours = lines.into_iter();
        edits.extend(ours.map(|line| Edit::append("set-cookie", line)));
    }

    /// The line about the session goes on, or not, as the site wrote it. Where nothing else is
    /// changed, it is in the answer already.
    pub(crate) fn hand_on_session(&mut self, does: bool) {
        if !does {
            self.is_changed = true;
        } else if self.is_changed {
            self.others.extend(self.session.clone());
        }
    }
}

/// The cookies that are looked for.
struct Names<'s> {
    site: &'s Site,
    origins: Option<&'s CookieName>,
    ours: &'s CookieName,
}

impl<'s> Names<'s> {
    fn of(site: &'s Site) -> Self {
        Self {
            site,
            origins: site.origin_cookie.as_ref(),
            ours: site.codec.profile().name(),
        }
    }

    /// Whether the browser has the site's own cookie.
    fn is_plain(&self) -> bool {
        matches!(self.site.protocol, Protocol::Rows(_))
    }

    fn all(&self) -> impl Iterator<Item = &'s CookieName> {
        self.origins.into_iter().chain([self.ours])
    }

    fn owner(&self, line: &[u8], path: &str, now: Timestamp) -> Owner {
        let Ok(cookie) = SetCookie::read(line) else {
            // A line too odd for the reader is still recognised by how it begins.
            let begins_with = |name: &&CookieName| {
                let first = line.split(|byte| *byte == b'=').next().unwrap_or(&[]);
                first.trim_ascii() == name.as_str().as_bytes()
            };
            return match self.all().find(begins_with) {
                Some(name) if Some(name) == self.origins => Owner::Session,
                Some(_) => Owner::Withheld("name_of_ours"),
                None => Owner::Other,
            };
        };
        let is = |name: &CookieName| cookie.name == name.as_str().as_bytes();
        if self.origins.is_some_and(is) {
            return if self.site.plain_profile.is_set_by(&cookie, path) {
                Owner::Session
            } else {
                self.of_another_scope(&cookie, now)
            };
        }
        if is(self.ours) {
            return Owner::Withheld("name_of_ours");
        }
        if self.all().any(|name| SetCookie::hides(line, name)) {
            Owner::Withheld("joined")
        } else {
            Owner::Other
        }
    }

    /// Another cookie of the same name: removing an older one, say, does not end the session. But a
    /// session is not handed out because it says that it is for elsewhere.
    fn of_another_scope(&self, cookie: &SetCookie<'_>, now: Timestamp) -> Owner {
        if lifetime::is_removal(cookie, now, self.site.date) {
            return Owner::Other;
        }
        match self.site.protocol {
            // The site's own key is what the browser is to have: it goes on, like that of the
            // right scope, where the site was told of the session that it replaces.
            Protocol::Rows(_) => match SessionKey::read(cookie.value) {
                Some(_) => Owner::Session,
                None => Owner::Other,
            },
            Protocol::Transcode | Protocol::Headers(_) => {
                let codec = &self.site.codec;
                let opened = with_workspace(|workspace| {
                    codec
                        .open_origin_cookie(cookie.value, now, workspace)
                        .is_ok()
                });
                if opened {
                    Owner::Withheld("another_scope")
                } else {
                    Owner::Other
                }
            }
        }
    }
}

/// A line that neither the browser nor we can use: for the operator, without its value.
fn withheld(line: &str, reason: &'static str) {
    counters::withheld(reason);
    match reason {
        "another_scope" => seen::session_elsewhere(),
        "joined" => seen::joined_lines(),
        _ => {}
    }
    let cookie = SetCookie::read(line.as_bytes()).ok();
    let text =
        |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let cure = match reason {
        "another_scope" => "ORIGIN_COOKIE_DOMAIN and ORIGIN_COOKIE_PATH have to be the site's own",
        "joined" => "Set-Cookie lines are not to be joined with commas on the way",
        _ => "the site must not set the Worker's cookie: see SESSION_COOKIE and ORIGIN_COOKIE",
    };
    crate::log::warn(
        "session-save-failed",
        &json!({
            "step": "set_cookie",
            "reason": reason,
            "cookie": text(cookie.map(|cookie| cookie.name)),
            "domain": text(cookie.and_then(|cookie| cookie.domain)),
            "path": text(cookie.and_then(|cookie| cookie.path)),
            "cure": cure,
        }),
    );
}
