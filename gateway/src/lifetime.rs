//! How long a browser keeps the sealed cookie: as long as it would have kept the origin's.

use session_codec::{
    SessionData, Timestamp,
    cookie::{Lifetime, SetCookie},
};

/// Django's own key for a session that does not live as long as the settings say.
const EXPIRY_KEY: &str = "_session_expiry";

/// Reads a date.
pub(crate) type DateReader = fn(&str) -> Option<Timestamp>;

/// What the origin's line says: `Max-Age` before `Expires`, without both until the browser closes.
pub(crate) fn of_cookie(cookie: &SetCookie<'_>, now: Timestamp, date: DateReader) -> Lifetime {
    let until = |expires: Timestamp| expires.seconds().saturating_sub(now.seconds());
    match cookie.max_age.or_else(|| expires(cookie, date).map(until)) {
        Some(seconds) => Lifetime::MaxAge(u64::try_from(seconds).unwrap_or(0)),
        None => Lifetime::BrowserSession,
    }
}

/// What Django would say of a session it saved at `issued`: its own expiry if it has one, else
/// the settings' age; less what has passed since.
pub(crate) fn of_session(
    session: &SessionData,
    default_age: u32,
    issued: Timestamp,
    now: Timestamp,
    date: DateReader,
) -> Lifetime {
    let passed = now.seconds().saturating_sub(issued.seconds()).max(0);
    let left = |age: i64| Lifetime::MaxAge(u64::try_from(age.saturating_sub(passed)).unwrap_or(0));
    match session.value::<serde_json::Value>(EXPIRY_KEY) {
        Ok(Some(serde_json::Value::Number(age))) => match age.as_i64() {
            Some(0) => Lifetime::BrowserSession,
            Some(age) => left(age),
            None => left(default_age.into()),
        },
        Ok(Some(serde_json::Value::String(text))) => match date(&text) {
            Some(end) => {
                let seconds = end.seconds().saturating_sub(now.seconds());
                Lifetime::MaxAge(u64::try_from(seconds).unwrap_or(0))
            }
            None => left(default_age.into()),
        },
        _ => left(default_age.into()),
    }
}

/// Whether a line tells the browser to forget the cookie.
pub(crate) fn is_removal(cookie: &SetCookie<'_>, now: Timestamp, date: DateReader) -> bool {
    cookie.is_removal()
        || (cookie.max_age.is_none() && expires(cookie, date).is_some_and(|expires| expires <= now))
}

/// The `Expires` attribute as a time.
fn expires(cookie: &SetCookie<'_>, date: DateReader) -> Option<Timestamp> {
    date(core::str::from_utf8(cookie.expires?).ok()?)
}
