//! A configuration as JavaScript hands it over: `field END value END`, as often as there are fields.
//!
//! The types were checked there. An item of a list begins with the list's own name. Not JSON and serde: they
//! would be a quarter of the module.

use alloc::{format, string::String};
use core::num::NonZeroU32;

use session_codec::{
    Config, Envelope, Priority,
    config::{Acceptance, DictionaryConfig, Overflow},
    cookie::{Budget, CookiePriority, SameSite},
    policy::{KeyOverflow, KeyRule},
};

use crate::{END, failure::failure};

/// The fields of a text, in order.
pub(crate) fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = text.split(END);
    core::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
}

/// Reads a whole configuration but the secrets.
pub(crate) fn config(text: &str) -> Result<Config, String> {
    let mut config = Config::default();
    config.accept.clear();
    for (field, value) in fields(text) {
        set(&mut config, field, value)
            .ok_or_else(|| failure("invalid_config", format!("{field}: not a possible value")))?;
    }
    Ok(config)
}

fn set(config: &mut Config, field: &str, value: &str) -> Option<()> {
    let cookie = &mut config.cookie;
    match field {
        "cookie.name" => cookie.name = value.into(),
        "cookie.same_site" => cookie.same_site = same_site(value)?,
        "cookie.secure" => cookie.secure = value == "true",
        "cookie.http_only" => cookie.http_only = value == "true",
        "cookie.path" => cookie.path = value.into(),
        "cookie.domain" => cookie.domain = Some(value.into()),
        "cookie.partitioned" => cookie.partitioned = value == "true",
        "cookie.priority" => cookie.priority = Some(cookie_priority(value)?),
        "django_cookie" => config.django_cookie = Some(value.into()),
        "audience" => config.audience = value.into(),
        "budget" => config.budget = Budget::new(value.parse().ok()?).ok()?,
        "write" => config.write = envelope(value)?,
        "accept" => config.accept.push(Acceptance::always(Envelope::Sealed)),
        "accept.envelope" => config.accept.last_mut()?.envelope = envelope(value)?,
        "accept.until" => config.accept.last_mut()?.until = Some(value.parse().ok()?),
        "accept.issued_before" => {
            config.accept.last_mut()?.issued_before = Some(value.parse().ok()?);
        }
        "idle_seconds" => config.idle_seconds = value.parse().ok()?,
        "absolute_seconds" => config.absolute_seconds = value.parse().ok()?,
        "stale_seconds" => config.stale_seconds = value.parse().ok()?,
        "compress_from" => config.compress_from = value.parse().ok()?,
        "identify" => config.identify = value == "true",
        "overflow" => config.overflow = overflow(value)?,
        "limits.cookie_bytes" => config.limits.cookie_bytes = value.parse().ok()?,
        "limits.record_bytes" => config.limits.record_bytes = value.parse().ok()?,
        "limits.json_depth" => config.limits.json_depth = value.parse().ok()?,
        "write_dictionary" => config.write_dictionary = value.parse().ok()?,
        "dictionaries" => config.dictionaries.push(DictionaryConfig {
            id: 0,
            base64: String::new(),
        }),
        "dictionaries.id" => config.dictionaries.last_mut()?.id = value.parse().ok()?,
        "dictionaries.base64" => config.dictionaries.last_mut()?.base64 = value.into(),
        "rules" => config.rules.push(KeyRule::default()),
        _ => {
            let rule = config.rules.last_mut()?;
            return set_rule(rule, field.strip_prefix("rules.")?, value);
        }
    }
    Some(())
}

fn set_rule(rule: &mut KeyRule, field: &str, value: &str) -> Option<()> {
    match field {
        "key" => rule.key = value.into(),
        "priority" => rule.priority = priority(value)?,
        "max_age" => rule.max_age = Some(value.parse::<NonZeroU32>().ok()?),
        "secret" => rule.secret = value == "true",
        "overflow" => rule.overflow = Some(key_overflow(value)?),
        "max_bytes" => rule.max_bytes = Some(value.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn envelope(name: &str) -> Option<Envelope> {
    let all = [Envelope::Sealed, Envelope::Django, Envelope::Flask];
    all.into_iter().find(|envelope| envelope.label() == name)
}

fn priority(name: &str) -> Option<Priority> {
    use Priority::{Critical, Important, Normal, Optional};
    let all = [Critical, Important, Normal, Optional];
    all.into_iter().find(|priority| priority.label() == name)
}

fn same_site(name: &str) -> Option<SameSite> {
    match name {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None_),
        _ => None,
    }
}

fn cookie_priority(name: &str) -> Option<CookiePriority> {
    match name {
        "low" => Some(CookiePriority::Low),
        "medium" => Some(CookiePriority::Medium),
        "high" => Some(CookiePriority::High),
        _ => None,
    }
}

fn overflow(name: &str) -> Option<Overflow> {
    match name {
        "spill" => Some(Overflow::Spill),
        "drop" => Some(Overflow::Drop),
        "refuse" => Some(Overflow::Refuse),
        _ => None,
    }
}

fn key_overflow(name: &str) -> Option<KeyOverflow> {
    match name {
        "spill" => Some(KeyOverflow::Spill),
        "drop" => Some(KeyOverflow::Drop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_lists_are_read() {
        let text = [
            "cookie.name",
            "s",
            "cookie.same_site",
            "none",
            "budget",
            "1000",
            "accept",
            "",
            "accept.envelope",
            "sealed",
            "accept",
            "",
            "accept.envelope",
            "flask",
            "accept.until",
            "1830000000",
            "rules",
            "",
            "rules.key",
            "a*",
            "rules.priority",
            "critical",
            "rules.max_age",
            "60",
            "rules",
            "",
            "rules.key",
            "b",
            "",
        ]
        .join("\0");
        let config = config(&text).unwrap();
        assert_eq!(config.cookie.name, "s");
        assert_eq!(config.accept[1].until, Some(1_830_000_000));
        assert_eq!(
            (config.rules.len(), config.rules[0].max_age.unwrap().get()),
            (2, 60)
        );
        assert_eq!(config.rules[1], KeyRule::new("b", Priority::Normal));
    }

    #[test]
    fn what_is_not_possible_names_its_field() {
        for field in ["budget", "accept.until", "rules.max_age", "unknown"] {
            let text = format!("{field}\0-1\0");
            let error = config(&text).err().unwrap();
            assert_eq!(
                error,
                format!("invalid_config\0{field}: not a possible value")
            );
        }
    }
}
