//! What an operator says: one TOML file, and the environment, which counts more.

use core::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use session_codec::{OriginMac, Secret};
use session_store::{Policy, Record, Select, Write};

use crate::django::DjangoSettings;
use crate::stores::{BadAddress, Columns, Scheme, Store, StoreAddress};
use crate::traces::Collector;

mod environment;
mod listen;

pub use listen::Listen;

/// Everything that can be set. Names in the file are those of the fields; in the environment they
/// stand in capitals behind `EDGE_SESSION_SERVER_`, and the keys are `SESSION_ORIGIN_STORE_KEY`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where records and heads are kept.
    pub store: StoreAddress,
    /// A faster store in front of it, which gets what is read and written.
    pub cache: Option<StoreAddress>,
    /// A store that sessions are being moved to: it gets every write as well, after the other one.
    pub also_write: Option<StoreAddress>,
    /// What is confirmed before a write is.
    pub cache_writes: CacheWrites,
    /// The longest record that the cache gets, in bytes.
    pub cache_max_bytes: usize,
    /// Whether the cache gets only records of somebody who is known, when they are written.
    pub cache_users_only: bool,
    /// Whether the cache gets only what was read twice within a minute.
    pub cache_hot_only: bool,
    /// What the store keeps of sessions for people to look at.
    pub columns: Columns,
    /// Keys that requests may be made with; the first is the newest.
    pub keys: Vec<Key>,
    /// Where requests of the Worker come in.
    pub listen: Listen,
    /// Where metrics and the whole health report are, for people of the house; nowhere if empty.
    pub operator: Listen,
    /// A file with the certificate and those that vouch for it, in PEM.
    pub tls_certificate: Option<PathBuf>,
    /// A file with its private key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Connections of a pool to a database or cache.
    pub connections: u32,
    /// Connections of clients at once; more of them wait.
    pub clients: u32,
    /// Seconds between two clean-ups inside; 0 leaves that to the command `clean`.
    pub clean_seconds: u32,
    /// How log lines look.
    pub log: LogFormat,
    /// Where traces are sent; nowhere if it is not said. `OTEL_EXPORTER_OTLP_ENDPOINT` is the same.
    pub traces: Option<Collector>,
    /// Where a Django site keeps its own sessions, for `SESSION_PROTOCOL = "rows"`.
    pub django: Option<DjangoSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: StoreAddress::default(),
            cache: None,
            also_write: None,
            cache_writes: CacheWrites::Through,
            cache_max_bytes: Record::MAX_BYTES,
            cache_users_only: false,
            cache_hot_only: false,
            columns: Columns::default(),
            keys: Vec::new(),
            listen: Listen::local(8790),
            operator: Listen::local(8791),
            tls_certificate: None,
            tls_key: None,
            connections: 8,
            clients: 1024,
            clean_seconds: 60,
            log: LogFormat::Text,
            traces: None,
            django: None,
        }
    }
}

/// What is confirmed before a write is, where there is a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheWrites {
    /// The store; then the cache gets it, too.
    Through,
    /// The cache; what moves a head is written through all the same.
    Behind,
    /// The store alone; the cache gets what is read.
    Aside,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

/// A key of requests: `es1_` and 32 bytes in base64url. `Debug` does not tell it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(OriginMac);

impl Key {
    #[cfg(test)]
    pub(crate) const fn of(mac: OriginMac) -> Self {
        Self(mac)
    }

    /// What makes and verifies MACs.
    #[must_use]
    pub const fn mac(&self) -> &OriginMac {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let secret = Secret::parse(&text).map_err(|error| format!("{error}; {NEW_KEY}"))?;
        Ok(Self(OriginMac::new(&secret)))
    }
}

const NEW_KEY: &str = "`npx edge-session keygen` makes one";

impl Settings {
    /// Reads a file, if one is named, and the environment.
    ///
    /// # Errors
    /// What is wrong and where, with the cure.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, BadSettings> {
        let text = file.map_or(Ok(String::new()), |path| {
            let read = std::fs::read_to_string(path);
            read.map_err(|error| BadSettings(format!("{}: {error}", path.display())))
        })?;
        let mut said: toml::Table = text.parse().map_err(|error| {
            let path = file.unwrap_or(Path::new("")).display();
            BadSettings(format!("{path}: {error}"))
        })?;
        environment::put_into(&mut said, environment);
        let settings: Self = said
            .try_into()
            .map_err(|error: toml::de::Error| BadSettings(error.to_string()))?;
        settings.judge()?;
        Ok(settings)
    }

    fn judge(&self) -> Result<(), BadSettings> {
        let wrong = if self.tls_certificate.is_some() != self.tls_key.is_some() {
            "tls_certificate and tls_key belong together: set both, or neither"
        } else if self.tls_certificate.is_none() && !self.listen.is_local() {
            "listen is open to the network without TLS: set tls_certificate and tls_key, or listen at \
             127.0.0.1 or a Unix socket behind something that has TLS"
        } else if !self.operator.is_local() {
            "operator has no TLS: it is 127.0.0.1:port, a Unix socket, or \"\""
        } else if self.connections == 0 || self.clients == 0 {
            "connections and clients are 1 at least"
        } else if self.cache_hot_only && self.cache_writes == CacheWrites::Behind {
            "cache_hot_only and cache_writes = \"behind\" contradict each other: a cache that confirms has to take all"
        } else if !self.columns.are_none() && !self.has_tables() {
            "columns are kept in the tables of sqlite:, postgres: and mysql: alone: take the setting out, or store \
             is one of them"
        } else {
            return Ok(());
        };
        Err(BadSettings(wrong.to_owned()))
    }

    /// The keys; there has to be one for whoever answers requests.
    ///
    /// # Errors
    /// If there is none.
    pub fn some_keys(&self) -> Result<&[Key], BadSettings> {
        if self.keys.is_empty() {
            let wrong =
                format!("SESSION_ORIGIN_STORE_KEY is not set: {NEW_KEY}, the Worker gets the same");
            return Err(BadSettings(wrong));
        }
        Ok(&self.keys)
    }

    const fn has_tables(&self) -> bool {
        let scheme = self.store.scheme();
        matches!(scheme, Scheme::Sqlite | Scheme::Postgres | Scheme::Mysql)
    }

    /// The store that decides, with its columns. Nothing is opened yet.
    ///
    /// # Errors
    /// What is wrong with its address.
    pub fn store(&self) -> Result<Store, BadAddress> {
        let store = Store::new(&self.store, self.connections)?;
        Ok(store.with_columns(self.columns))
    }

    /// How a cache and the store share the work.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        Policy {
            write: match self.cache_writes {
                CacheWrites::Through => Write::Through,
                CacheWrites::Behind => Write::Behind,
                CacheWrites::Aside => Write::Aside,
            },
            select: Select {
                max_bytes: self.cache_max_bytes,
                owned_only: self.cache_users_only,
            },
        }
    }
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSettings(String);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for BadSettings {}

#[cfg(test)]
mod tests;
