//! `/_session/health`: whether the settings are right, and what an operator should look at although
//! they are.

use serde_json::{Value, json};
use session_codec::Timestamp;
use session_gateway::{
    Location, header_limit,
    seen::{self, Seen},
};
use worker::{js_sys, wasm_bindgen::JsValue};

use crate::{
    platform::Runtime,
    settings::{Problem, Settings},
    state,
};

/// What ends within this time is announced: time to see whether anybody still needs it.
const NOTICE_MILLIS: i64 = 14 * DAY_MILLIS;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// What an operator may want to know of a Worker whose settings are right. Key ids stand in every
/// cookie; nothing here is secret.
pub(super) fn body(runtime: &Runtime, location: &Location, now: Timestamp) -> Value {
    let settings = runtime.settings();
    let keys = settings.key_ids.iter().map(|(id, end)| match end {
        Some(end) => json!({ "id": id.to_string(), "not_after": date(*end) }),
        None => json!({ "id": id.to_string() }),
    });
    let warnings = state::warnings(settings, runtime.env());
    let warnings = warnings
        .into_iter()
        .chain(ends(settings, now))
        .chain(of_this_address(settings, location))
        .chain(of_effects(&seen::so_far()));
    let warnings = warnings.map(|warning| warning.to_string());
    let warnings: Vec<String> = warnings.chain(header_limit::warning()).collect();
    json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "store": settings.store.to_string(),
        "revocation": settings.site.revocation.label(),
        "copy_seconds": settings.copy_seconds(),
        "metrics": if settings.sums_up { "object" } else { "isolate" },
        "device": settings.site.device.as_ref().map_or("off", |it| it.enforcement.label()),
        "keys": keys.collect::<Vec<_>>(),
        "warnings": warnings,
    })
}

/// What has an end that is near or over, and what has none and should.
fn ends(settings: &Settings, now: Timestamp) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let is_near = |end: &Timestamp| end.millis_since(now) < NOTICE_MILLIS;
    let day = |end| date(end).get(..10).unwrap_or_default().to_owned();
    for (id, end) in &settings.key_ids {
        if let Some(end) = end.filter(is_near) {
            let text = match end <= now {
                true => format!("the key {id} ended on {}: take it out", date(end)),
                false => format!(
                    "the key {id} ends on {}: who then still has a cookie of it is logged out",
                    date(end)
                ),
            };
            warnings.push(Problem::new("SESSION_KEYS", text));
        }
    }
    for accepted in &settings.accepted {
        let envelope = accepted.envelope.label();
        let end = accepted.until.map(Timestamp::from_seconds);
        if let Some(end) = end.filter(is_near) {
            let text = match end <= now {
                true => format!(
                    "the end of {envelope} cookies, {}, is over: every one is refused and removed. Take the entry out if that is meant, or give it a later end",
                    day(end)
                ),
                false => format!(
                    "{envelope} cookies are read until {}: who has only such a one then is logged out",
                    day(end)
                ),
            };
            warnings.push(Problem::new("SESSION_ACCEPT", text));
        }
    }
    if settings.accepts_django_without_end() {
        let later = Timestamp::from_millis(now.millis().saturating_add(NOTICE_MILLIS + DAY_MILLIS));
        warnings.push(Problem::new(
            "SESSION_ACCEPT",
            format!(
                r#"plain Django cookies are read without an end, so whoever has seen one, or can plant one, has a session. When the visitors of before have come (Django's SESSION_COOKIE_AGE, two weeks), give that an end: [{{"envelope": "sealed"}}, {{"envelope": "django", "until": "{}"}}]"#,
                day(later)
            ),
        ));
    }
    warnings
}

/// What does not go together with the address at which this was asked.
fn of_this_address(settings: &Settings, location: &Location) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let own = format!("{}://{}", location.scheme, location.host);
    if settings.site.origin.origin().eq_ignore_ascii_case(&own) {
        warnings.push(Problem::new(
            "ORIGIN_URL",
            format!("{own} is the address of this Worker. On a route of a zone its requests go past it to the site; on a custom domain or workers.dev it asks itself: give the site's own address"),
        ));
    }
    if location.is_plain_http() {
        warnings.push(Problem::new("http", PLAIN_HTTP));
    }
    if settings.site.device.is_some() && location.scheme != "https" {
        warnings.push(Problem::new("SESSION_DEVICE", NO_DEVICE_WITHOUT_TLS));
    }
    let host = location.host_name().to_ascii_lowercase();
    let domain = settings.cookie_domain.as_deref();
    if let Some(domain) = domain.filter(|domain| !is_under(&host, domain)) {
        warnings.push(Problem::new(
            "SESSION_COOKIE_DOMAIN",
            format!("{host} is not under {domain}, so browsers refuse the cookie here"),
        ));
    }
    warnings
}

const PLAIN_HTTP: &str = "asked without TLS, where browsers drop the session's cookie, which is Secure: nobody stays logged in. Turn on Always Use HTTPS (SSL/TLS, Edge Certificates)";

const NO_DEVICE_WITHOUT_TLS: &str = "asked without TLS, where browsers bind no session to their device, not even on the machine itself";

fn is_under(host: &str, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let above = host.strip_suffix(&domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// What this isolate has seen that no setting shows.
fn of_effects(seen: &Seen) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if let Some(reason) = seen.unread_origin_cookie {
        warnings.push(Problem::new("ORIGIN_COOKIE", unread(reason)));
    }
    if seen.session_elsewhere {
        warnings.push(Problem::new(
            "ORIGIN_COOKIE_DOMAIN",
            "the site has set a session for another domain or path, which was not saved: nobody so stays logged in. Give ORIGIN_COOKIE_DOMAIN and ORIGIN_COOKIE_PATH what Django has as SESSION_COOKIE_DOMAIN and SESSION_COOKIE_PATH; the log names what came (another_scope)",
        ));
    }
    if seen.joined_lines {
        warnings.push(Problem::new(
            "Set-Cookie",
            "something between the site and the Worker joins lines with commas, which HTTP forbids for these, and browsers do not take them apart",
        ));
    }
    if seen.own_request {
        warnings.push(Problem::new(
            "ORIGIN_URL",
            "the Worker was asked by itself: give the site's own address, not one that leads here",
        ));
    }
    if seen.cookie_over_http {
        warnings.push(Problem::new("http", format!("a session was {PLAIN_HTTP}")));
    }
    warnings
}

/// Why no session of the site could be saved, as far as the first one tells.
fn unread(reason: &str) -> String {
    let cure = match reason {
        "forged" | "unknown_key" => {
            "its signature does not verify: DJANGO_SECRET_KEY is not the site's SECRET_KEY, or SESSION_ENGINE is not signed_cookies"
        }
        "corrupt_body" | "malformed" => {
            "what is in it is no JSON, or it is no signed cookie: SESSION_SERIALIZER has to be Django's JSONSerializer, and SESSION_ENGINE signed_cookies (or SESSION_PROTOCOL = \"rows\")"
        }
        "too_large" => "it is larger than what is read: 128 KiB of Set-Cookie, 1 MiB of JSON",
        _ => "the log says more (session-save-failed)",
    };
    format!(
        "no session that the site has set could be read so far, so nobody stays logged in ({reason}): {cure}"
    )
}

/// ISO 8601, UTC.
pub(super) fn date(time: Timestamp) -> String {
    // Milliseconds of any date lie far within what a float counts exactly.
    #[expect(clippy::cast_precision_loss, reason = "dates end at 8.64e15 ms")]
    let date = js_sys::Date::new(&JsValue::from_f64(time.millis() as f64));
    date.to_iso_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(seen: Seen) -> Vec<String> {
        of_effects(&seen).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn effects_are_told_with_their_cure() {
        assert_eq!(named(Seen::default()), Vec::<String>::new());
        for (reason, cure) in [
            ("forged", "DJANGO_SECRET_KEY"),
            ("corrupt_body", "SESSION_SERIALIZER"),
            ("too_large", "128 KiB"),
            ("expired", "session-save-failed"),
        ] {
            let told = named(Seen {
                unread_origin_cookie: Some(reason),
                ..Seen::default()
            });
            assert!(told.len() == 1 && told[0].contains(cure), "{told:?}");
        }
        let told = named(Seen {
            own_request: true,
            cookie_over_http: true,
            ..Seen::default()
        });
        assert!(told[0].contains("asked by itself") && told[1].contains("Always Use HTTPS"));
    }

    #[test]
    fn a_host_is_under_its_domain() {
        for (host, domain, expected) in [
            ("shop.example", "shop.example", true),
            ("a.shop.example", "Shop.example", true),
            ("a.shop.example", ".shop.example", true),
            ("myshop.example", "shop.example", false),
            ("shop.example", "a.shop.example", false),
        ] {
            assert_eq!(is_under(host, domain), expected, "{host} {domain}");
        }
    }
}
