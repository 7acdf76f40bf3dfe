use core::fmt;

use session_codec::{KeyRing, OriginMac, Secret};
use session_store::{Policy, Record, Select, Write};

use super::{
    field::Fields,
    keys::secret_of,
    value::{boolean, json},
};
use crate::store::OriginAddress;

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
    /// A server of the site's own (docs/ORIGIN-STORE.md).
    Origin,
}

impl Tier {
    pub(crate) const ALL: [Self; 5] = [Self::Kv, Self::D1, Self::R2, Self::Object, Self::Origin];

    /// As `SESSION_STORE` and the counters spell it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::D1 => "d1",
            Self::R2 => "r2",
            Self::Object => "do",
            Self::Origin => "origin",
        }
    }

    /// The binding, or the variable, in `wrangler.toml`.
    pub(crate) const fn binding(self) -> &'static str {
        match self {
            Self::Kv => "SESSIONS",
            Self::D1 => "SESSIONS_DB",
            Self::R2 => "SESSIONS_BUCKET",
            Self::Object => "SESSIONS_OBJECT",
            Self::Origin => "SESSION_ORIGIN_STORE_URL",
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
            "none of \"none\", \"kv\", \"d1\", \"r2\", \"do\", \"origin\", \"kv+d1\", \"kv+r2\", \"kv+do\" and \"kv+origin\""
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

    /// Whether a site's own sessions can be found there.
    pub(crate) fn has_rows(self) -> bool {
        matches!(self, Self::One(Tier::D1 | Tier::Origin))
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

/// `SESSION_ORIGIN_STORE_URL` and the secret `SESSION_ORIGIN_STORE_KEY`, if the settings name an
/// origin store: both or none.
pub(super) fn origin(
    fields: &mut Fields<'_>,
    store: Option<StoreChoice>,
    sealing: Option<&KeyRing<Secret>>,
) -> Option<Option<OriginAddress>> {
    let mac = |text: &str| {
        let key = secret_of(text)?;
        let is_sealing =
            sealing.is_some_and(|ring| ring.iter().any(|it| it.key_id() == key.key_id()));
        match is_sealing {
            true => Err("is one of SESSION_KEYS; draw another one".to_owned()),
            false => Ok(OriginMac::new(&key)),
        }
    };
    if !store.is_some_and(|store| store.tiers().any(|tier| tier == Tier::Origin)) {
        return Some(None);
    }
    let mac = fields.required("SESSION_ORIGIN_STORE_KEY", mac);
    // Read without its key as well, so that both problems are told at once.
    let placeholder = OriginMac::new(&Secret::from_octets([0; 32]));
    let address = fields.required("SESSION_ORIGIN_STORE_URL", |text| {
        OriginAddress::new(text, placeholder.clone())
    });
    Some(Some(OriginAddress {
        mac: mac?,
        ..address?
    }))
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
        for text in [
            "none",
            "kv",
            "d1",
            "r2",
            "do",
            "origin",
            "kv+d1",
            "kv+r2",
            "kv+do",
            "kv+origin",
        ] {
            assert_eq!(StoreChoice::read(text).unwrap().to_string(), text);
        }
        for text in [
            "", "KV", "kv+", "+kv", "kv+kv", "d1+kv", "d1+do", "kv+d1+r2", "redis", "kv d1",
        ] {
            assert!(StoreChoice::read(text).is_err(), "{text}");
        }
    }
}
