use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;

use serde::Deserialize;

/// Where a store is, and of which kind: `sqlite:sessions.sqlite3`, `postgres://user:password@host/database`.
///
/// Neither `Debug` nor `Display` tells a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StoreAddress {
    scheme: Scheme,
    text: Box<str>,
}

/// Kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the kinds say what they are")]
pub enum Scheme {
    File,
    Sqlite,
    Postgres,
    Mysql,
    Redis,
    Memcached,
}

/// How an address begins, and what it then is.
const SCHEMES: [(&str, Scheme); 17] = [
    ("file", Scheme::File),
    ("sqlite", Scheme::Sqlite),
    ("postgres", Scheme::Postgres),
    ("postgresql", Scheme::Postgres),
    ("mysql", Scheme::Mysql),
    ("mariadb", Scheme::Mysql),
    ("redis", Scheme::Redis),
    ("rediss", Scheme::Redis),
    ("redis-sentinel", Scheme::Redis),
    ("rediss-sentinel", Scheme::Redis),
    ("redis-cluster", Scheme::Redis),
    ("rediss-cluster", Scheme::Redis),
    ("valkey", Scheme::Redis),
    ("valkeys", Scheme::Redis),
    ("valkey-sentinel", Scheme::Redis),
    ("valkey-cluster", Scheme::Redis),
    ("memcached", Scheme::Memcached),
];

impl StoreAddress {
    /// The kind of store.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// All of it, as the libraries of databases read it; with its password.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands behind the scheme, as a path.
    ///
    /// # Errors
    /// If nothing does.
    pub fn path(&self) -> Result<PathBuf, BadAddress> {
        let (_, path) = self.text.split_once(':').unwrap_or_default();
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(BadAddress::NoPath);
        }
        Ok(PathBuf::from(path))
    }
}

impl Default for StoreAddress {
    /// A file in the folder where the program runs.
    fn default() -> Self {
        Self {
            scheme: Scheme::Sqlite,
            text: "sqlite:sessions.sqlite3".into(),
        }
    }
}

impl TryFrom<String> for StoreAddress {
    type Error = BadAddress;

    fn try_from(text: String) -> Result<Self, BadAddress> {
        text.parse()
    }
}

impl FromStr for StoreAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (scheme, rest) = text.split_once(':').ok_or(BadAddress::NoScheme)?;
        let known = SCHEMES.iter().find(|(name, _)| *name == scheme);
        let (_, scheme) = *known.ok_or_else(|| BadAddress::Unknown(scheme.into()))?;
        if rest.is_empty() {
            return Err(BadAddress::NoPath);
        }
        Ok(Self {
            scheme,
            text: text.into(),
        })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // user:password@host: the password lies between the first colon behind the slashes and the last @.
        let (Some(start), Some(end)) = (self.text.find("://"), self.text.rfind('@')) else {
            return f.write_str(&self.text);
        };
        let user = self.text.get(start + 3..end).unwrap_or_default();
        match user.split_once(':') {
            Some((user, _)) => {
                let (before, behind) = (&self.text[..start], &self.text[end..]);
                write!(f, "{before}://{user}:…{behind}")
            }
            None => f.write_str(&self.text),
        }
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreAddress({self})")
    }
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadAddress {
    /// No `scheme:` at all.
    NoScheme,
    /// A scheme that no store has.
    Unknown(Box<str>),
    /// Nothing behind the scheme.
    NoPath,
    /// What the store's library has to say of it.
    Malformed(Box<str>),
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = || SCHEMES.map(|(name, _)| format!("{name}:")).join(", ");
        match self {
            Self::NoScheme => write!(f, "an address of a store begins with one of {}", known()),
            Self::Unknown(scheme) => {
                write!(f, "no store is called {scheme}:, there are {}", known())
            }
            Self::NoPath => {
                f.write_str("nothing stands behind the scheme: sqlite:sessions.sqlite3")
            }
            Self::Malformed(reason) => f.write_str(reason),
        }
    }
}

impl core::error::Error for BadAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_all_behind_the_scheme() {
        for (text, path) in [
            ("sqlite:a.sqlite3", "a.sqlite3"),
            ("sqlite:/var/lib/a b+c", "/var/lib/a b+c"),
            ("sqlite:///var/a", "/var/a"),
        ] {
            let address: StoreAddress = text.parse().unwrap();
            assert_eq!(address.path(), Ok(PathBuf::from(path)));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| text.parse::<StoreAddress>().unwrap_err();
        assert_eq!(wrong("sessions"), BadAddress::NoScheme);
        assert_eq!(wrong("oracle://x"), BadAddress::Unknown("oracle".into()));
        assert_eq!(wrong("sqlite:"), BadAddress::NoPath);
        assert!(wrong("oracle:x").to_string().contains("sqlite:"));
    }

    #[test]
    fn a_password_is_not_told() {
        let address = StoreAddress {
            scheme: Scheme::Sqlite,
            text: "postgres://ada:love:l@ce@db/shop".into(),
        };
        assert_eq!(address.to_string(), "postgres://ada:…@db/shop");
    }
}
