//! `SESSION_KEYS`: secrets, the primary first, each fallback with an end if it has one. And the keys
//! of the site, `DJANGO_SECRET_KEY` and its fallbacks.

use session_codec::{DjangoSecret, KeyRing, Secret, Timestamp};

use super::{
    field::Fields,
    protocol::Spoken,
    value::{boolean, json},
};

/// `es1_… es1_…@2027-01-31`: separated by white space or commas; what follows an `@` is the date
/// (UTC) from which on the key opens nothing.
pub(super) fn sealing_keys(
    text: &str,
    date: impl Fn(&str) -> Option<Timestamp>,
) -> Result<KeyRing<Secret>, String> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ',');
    let mut secrets = Vec::new();
    for (index, part) in parts.filter(|part| !part.is_empty()).enumerate() {
        let key = key(part, &date).map_err(|error| format!("key {}: {error}", index + 1))?;
        secrets.push(key);
    }
    if secrets.is_empty() {
        return Err("there is no key in it".to_owned());
    }
    let fallbacks = secrets.split_off(1);
    let primary = secrets.remove(0);
    if primary.not_after().is_some() {
        return Err("the first key writes, so it has no end".to_owned());
    }
    KeyRing::new(primary, fallbacks).map_err(|error| error.to_string())
}

fn key(part: &str, date: impl Fn(&str) -> Option<Timestamp>) -> Result<Secret, String> {
    let (secret, end) = match part.split_once('@') {
        Some((secret, end)) => (secret, Some(end)),
        None => (part, None),
    };
    let secret = Secret::parse(secret).map_err(|error| error.to_string())?;
    match end.map(|end| day(end).and_then(&date)) {
        None => Ok(secret),
        Some(Some(end)) => Ok(secret.ending(end)),
        Some(None) => Err("what follows @ is not a date such as 2027-01-31".to_owned()),
    }
}

/// A date and nothing else: the platform's reader of dates takes far more.
pub(super) fn day(text: &str) -> Option<&str> {
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(at, octet)| match at {
            4 | 7 => octet == b'-',
            _ => octet.is_ascii_digit(),
        });
    is_date.then_some(text)
}

/// The site's key, if it has one, and those it had before.
type DjangoSecrets = (Option<DjangoSecret>, Vec<DjangoSecret>);

pub(super) fn django(fields: &mut Fields<'_>, spoken: Option<Spoken>) -> Option<DjangoSecrets> {
    let weak = fields
        .parsed("ALLOW_WEAK_DJANGO_SECRET", "false", boolean)
        .unwrap_or(false);
    let primary = match spoken {
        // Only to read what a Django before has signed, if SESSION_ACCEPT says so.
        Some(Spoken::Headers) => {
            fields.optional("DJANGO_SECRET_KEY", |text| django_secret(text, weak))
        }
        _ => fields
            .required("DJANGO_SECRET_KEY", |text| django_secret(text, weak))
            .map(Some),
    };
    let older = fields.parsed("DJANGO_SECRET_KEY_FALLBACKS", "[]", |text| {
        let keys: Vec<String> = json(text, r#"a JSON array of texts, as ["older key"]"#)?;
        keys.iter().map(|key| django_secret(key, weak)).collect()
    });
    primary.zip(older)
}

fn django_secret(text: &str, allow_weak: bool) -> Result<DjangoSecret, String> {
    let secret = match allow_weak {
        true => DjangoSecret::new_allowing_weak(text),
        false => DjangoSecret::new(text),
    };
    secret.map_err(|error| error.to_string())
}

/// The site's keys as a ring. The outer `None`: they are wrong.
pub(super) fn django_ring(
    fields: &mut Fields<'_>,
    (primary, older): DjangoSecrets,
) -> Option<Option<KeyRing<DjangoSecret>>> {
    let Some(primary) = primary else {
        return Some(None);
    };
    let ring = KeyRing::new(primary, older);
    ring.map_err(|error| fields.problem("DJANGO_SECRET_KEY_FALLBACKS", error))
        .map(Some)
        .ok()
}
