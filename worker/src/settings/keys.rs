//! `SESSION_KEYS`: secrets, the primary first, each fallback with an end if it has one. And the keys
//! of the site, `DJANGO_SECRET_KEY` and its fallbacks.

use session_codec::{DjangoSecret, KeyRing, Secret, Timestamp};

use super::{field::Fields, protocol::ProtocolName, setting, value::json};

/// `es1_… es1_…@2027-01-31`: separated by white space or commas; what follows an `@` is the date
/// (UTC) from which on the key opens nothing.
pub(super) fn sealing_keys(
    text: &str,
    date: impl Fn(&str) -> Option<Timestamp>,
) -> Result<KeyRing<Secret>, String> {
    // A file's byte order mark is no part of what is in it.
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}'));
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
    let secret = secret_of(secret)?;
    match end.map(|end| day(end).and_then(&date)) {
        None => Ok(secret),
        Some(Some(end)) => Ok(secret.ending(end)),
        Some(None) => Err("what follows @ is not a date such as 2027-01-31".to_owned()),
    }
}

/// One `es1_` secret. White space and a byte order mark round it are a file's, not its own.
pub(super) fn secret_of(text: &str) -> Result<Secret, String> {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    Secret::parse(bare).map_err(|error| match bare.find("es1_") {
        Some(1..) => "something stands before es1_, such as a quotation mark or a bracket: the key alone is wanted".to_owned(),
        _ if bare.ends_with(['"', '\'', ']', '`']) => "a quotation mark or a bracket stands behind it: the key alone is wanted".to_owned(),
        _ => error.to_string(),
    })
}

/// A date of the calendar and nothing else: the platform's reader of dates takes far more, and makes a
/// 2nd of March of the 30th of February.
pub(super) fn day(text: &str) -> Option<&str> {
    let digits = |range| {
        let digits: &str = text.get(range)?;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|_| are_digits)
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    };
    let is_punctuated =
        text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    (is_punctuated && (1..=12).contains(&month) && (1..=days).contains(&day)).then_some(text)
}

/// The site's key, if it has one, and those it had before.
type DjangoSecrets = (Option<DjangoSecret>, Vec<DjangoSecret>);

pub(super) fn django(
    fields: &mut Fields<'_>,
    spoken: Option<ProtocolName>,
) -> Option<DjangoSecrets> {
    let weak = fields
        .boolean(setting::ALLOW_WEAK_DJANGO_SECRET)
        .unwrap_or(false);
    let primary = match spoken {
        // Only to read what a Django before has signed, if SESSION_ACCEPT says so.
        Some(ProtocolName::Headers) => {
            fields.optional(setting::DJANGO_SECRET_KEY, |text| django_secret(text, weak))
        }
        _ => fields
            .parsed(setting::DJANGO_SECRET_KEY, |text| django_secret(text, weak))
            .map(Some),
    };
    let older = fields.listed(setting::DJANGO_SECRET_KEY_FALLBACKS, |text| {
        let keys: Vec<String> = json(text, r#"a JSON array of texts, as ["older key"]"#)?;
        keys.iter().map(|key| django_secret(key, weak)).collect()
    });
    primary.zip(older)
}

fn django_secret(text: &str, allow_weak: bool) -> Result<DjangoSecret, String> {
    let secret = if allow_weak {
        DjangoSecret::new_allowing_weak(text)
    } else {
        DjangoSecret::new(text)
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
