use core::fmt;

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
    /// `none`, a store, or `fast+durable`.
    pub(crate) fn named(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        match text.split_once('+') {
            None => Tier::named(text).map(Self::One),
            Some((fast, durable)) => {
                let fast = Tier::named(fast)?;
                let durable = Tier::named(durable)?;
                // A cache in front of itself, or of what loses writes, is none.
                (fast == Tier::Kv && durable.is_strong()).then_some(Self::Layered { fast, durable })
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
            assert_eq!(StoreChoice::named(text).unwrap().to_string(), text);
        }
        for text in [
            "", "KV", "kv+", "+kv", "kv+kv", "d1+kv", "d1+do", "kv+d1+r2", "redis", "kv d1",
        ] {
            assert!(StoreChoice::named(text).is_none(), "{text}");
        }
    }
}
