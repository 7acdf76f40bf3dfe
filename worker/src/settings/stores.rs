use core::fmt;

use session_store::{Policy, Record, Select, Write};

use super::{boolean, field::Fields, json};

/// A kind of store, and the binding it lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Workers KV.
    Kv,
    /// A D1 database with the tables of `worker/migrations`.
    D1,
    /// An R2 bucket.
    R2,
    /// Durable Objects of the class `SessionShard`.
    Object,
}

impl Tier {
    pub(crate) const ALL: [Self; 4] = [Self::Kv, Self::D1, Self::R2, Self::Object];

    /// As `SESSION_STORE` and the counters spell it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::D1 => "d1",
            Self::R2 => "r2",
            Self::Object => "do",
        }
    }

    /// The binding in `wrangler.toml`.
    pub(crate) const fn binding(self) -> &'static str {
        match self {
            Self::Kv => "SESSIONS",
            Self::D1 => "SESSIONS_DB",
            Self::R2 => "SESSIONS_BUCKET",
            Self::Object => "SESSIONS_OBJECT",
        }
    }

    /// Whether what was written is seen by whoever reads next, everywhere.
    pub(crate) const fn is_strong(self) -> bool {
        !matches!(self, Self::Kv)
    }

    pub(crate) fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.label() == label)
    }
}

/// Where records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreChoice {
    /// Nowhere: what does not fit the cookie is not saved.
    None,
    /// Into one store.
    One(Tier),
    /// Into a fast one and, first, into one that keeps what it is given.
    Layered { fast: Tier, durable: Tier },
}

impl StoreChoice {
    /// Reads `none`, a store, or `fast+durable`.
    ///
    /// # Errors
    /// What may be written instead.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let wrong = || {
            "none of \"none\", \"kv\", \"d1\", \"r2\", \"do\", \"kv+d1\", \"kv+r2\" and \"kv+do\""
                .to_owned()
        };
        if text == "none" {
            return Ok(Self::None);
        }
        match text.split_once('+') {
            None => Tier::named(text).map(Self::One).ok_or_else(wrong),
            Some((fast, durable)) => {
                let fast = Tier::named(fast).ok_or_else(wrong)?;
                let durable = Tier::named(durable).ok_or_else(wrong)?;
                // A cache in front of itself, or of what loses writes, is none.
                match fast == Tier::Kv && durable.is_strong() {
                    true => Ok(Self::Layered { fast, durable }),
                    false => Err(wrong()),
                }
            }
        }
    }

    /// The stores it needs, the fast one first.
    pub(crate) fn tiers(self) -> impl Iterator<Item = Tier> {
        let tiers = match self {
            Self::None => [None, None],
            Self::One(tier) => [Some(tier), None],
            Self::Layered { fast, durable } => [Some(fast), Some(durable)],
        };
        tiers.into_iter().flatten()
    }
}

impl fmt::Display for StoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::One(tier) => f.write_str(tier.label()),
            Self::Layered { fast, durable } => {
                write!(f, "{}+{}", fast.label(), durable.label())
            }
        }
    }
}

/// Columns of D1 that are filled only if somebody wants them: they are personal data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) ip: bool,
    pub(crate) user_agent: bool,
}

pub(super) fn columns(text: &str) -> Result<Columns, String> {
    let wrong = r#"a JSON array of "ip" and "user_agent""#;
    let names: Vec<String> = json(text, wrong)?;
    let mut columns = Columns::default();
    for name in names {
        match &*name {
            "ip" => columns.ip = true,
            "user_agent" => columns.user_agent = true,
            _ => return Err(format!("not {wrong}")),
        }
    }
    Ok(columns)
}

/// How two stores share the work: `SESSION_STORE_WRITE`, `SESSION_CACHE_OCTETS` and
/// `SESSION_CACHE_USERS_ONLY`.
pub(super) fn policy(fields: &mut Fields<'_>) -> Option<Policy> {
    let write = fields.parsed("SESSION_STORE_WRITE", "through", |text| match text {
        "through" => Ok(Write::Through),
        "behind" => Ok(Write::Behind),
        "aside" => Ok(Write::Aside),
        _ => Err("none of \"through\", \"behind\" and \"aside\"".to_owned()),
    });
    let max_octets = fields.optional("SESSION_CACHE_OCTETS", |text| {
        let octets = text.parse().ok();
        octets
            .filter(|&octets| octets <= Record::MAX_OCTETS)
            .ok_or_else(|| format!("not a number of octets up to {}", Record::MAX_OCTETS))
    });
    let owned_only = fields.parsed("SESSION_CACHE_USERS_ONLY", "false", boolean);
    Some(Policy {
        write: write?,
        select: Select {
            max_octets: max_octets?.unwrap_or(Record::MAX_OCTETS),
            owned_only: owned_only?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_as_it_is_shown() {
        for text in ["none", "kv", "d1", "r2", "do", "kv+d1", "kv+r2", "kv+do"] {
            assert_eq!(StoreChoice::read(text).unwrap().to_string(), text);
        }
        for text in [
            "", "KV", "kv+", "+kv", "kv+kv", "d1+kv", "d1+do", "kv+d1+r2", "redis", "kv d1",
        ] {
            assert!(StoreChoice::read(text).is_err(), "{text}");
        }
    }
}
