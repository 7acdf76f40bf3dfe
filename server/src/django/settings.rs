use core::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use session_codec::{DjangoSecret, KeyRing};

use super::cache::{Cache, Prefix};
use super::cached::CachedSessions;
use super::files::Files;
use super::mysql::MysqlTable;
use super::postgres::PostgresTable;
use super::sqlite::SqliteTable;
use super::table::Names;
use super::text::Texts;
use super::{DjangoSessions, Place};

/// Where a Django site keeps its sessions, in the words of its own settings.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DjangoSettings {
    /// `postgres:`, `mysql:` or `sqlite:` for the backends `db` and `cached_db`, `file:` for `file`, `redis:` or
    /// `memcached:` for `cache`.
    pub sessions: String,
    /// For `cached_db`: the cache it has, `redis:` or `memcached:`.
    pub cached_in: Option<String>,
    /// The table, with its schema if it needs one.
    pub table: String,
    /// The table's column with the key.
    pub key_column: String,
    /// The table's column with the session.
    pub data_column: String,
    /// The table's column with the end.
    pub expires_column: String,
    /// `KEY_PREFIX` of the cache.
    pub key_prefix: String,
    /// `VERSION` of the cache.
    pub version: u32,
    /// `SESSION_COOKIE_NAME`: files are named for it.
    pub cookie_name: String,
    /// `SESSION_COOKIE_AGE`, in seconds: files have no other end.
    pub cookie_age: u32,
    /// `SECRET_KEY`, then `SECRET_KEY_FALLBACKS`: where nothing is signed, in a cache, this server signs.
    pub secret_keys: Vec<String>,
    /// Connections to the database or cache.
    pub connections: u32,
}

impl Default for DjangoSettings {
    fn default() -> Self {
        Self {
            sessions: String::new(),
            cached_in: None,
            table: "django_session".to_owned(),
            key_column: "session_key".to_owned(),
            data_column: "session_data".to_owned(),
            expires_column: "expire_date".to_owned(),
            key_prefix: String::new(),
            version: 1,
            cookie_name: "sessionid".to_owned(),
            cookie_age: 14 * 24 * 3_600,
            secret_keys: Vec::new(),
            connections: 8,
        }
    }
}

impl DjangoSettings {
    /// The sessions that these settings describe. Nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong, with the cure.
    pub fn open(&self) -> Result<DjangoSessions, BadDjango> {
        let copies = match &self.cached_in {
            Some(address) => Some(self.cache(address, "django.contrib.sessions.cached_db")?),
            None => None,
        };
        Ok(DjangoSessions {
            place: self.place()?,
            copies,
        })
    }

    fn place(&self) -> Result<Place, BadDjango> {
        let (scheme, path) = self.sessions.split_once(':').unwrap_or_default();
        let path = || PathBuf::from(path.strip_prefix("//").unwrap_or(path));
        let (address, connections) = (&self.sessions, self.connections);
        Ok(match scheme {
            "sqlite" => Place::Sqlite(SqliteTable::new(path(), &self.names('"')?)),
            "postgres" | "postgresql" => {
                Place::Postgres(PostgresTable::new(address, connections, &self.names('"')?)?)
            }
            "mysql" | "mariadb" => {
                Place::Mysql(MysqlTable::new(address, connections, &self.names('`')?)?)
            }
            "file" => Place::Files(Files::new(path(), &self.cookie_name, self.cookie_age)),
            _ if self.secret_keys.is_empty() && is_cache(scheme) => {
                return Err(BadDjango(
                    "sessions in a cache are not signed: secret_keys is SECRET_KEY of the site, and then its fallbacks"
                        .to_owned(),
                ));
            }
            _ => {
                let cache = self.cache(address, "django.contrib.sessions.cache")?;
                Place::Cache(Box::new(CachedSessions::new(cache, self.texts()?)))
            }
        })
    }

    fn cache(&self, address: &str, kind: &str) -> Result<Cache, BadDjango> {
        let prefix = Prefix(format!("{}:{}:{kind}", self.key_prefix, self.version));
        Cache::new(address, self.connections, prefix)
    }

    fn texts(&self) -> Result<Texts, BadDjango> {
        let secret = |text: &String| {
            DjangoSecret::new(text.as_bytes())
                .map_err(|weak| BadDjango(format!("secret_keys: {weak}")))
        };
        let mut secrets = self.secret_keys.iter().map(secret);
        let first = secrets
            .next()
            .unwrap_or_else(|| Err(BadDjango("secret_keys is empty".to_owned())))?;
        let fallbacks = secrets.collect::<Result<Vec<_>, _>>()?;
        let ring = KeyRing::new(first, fallbacks);
        let ring = ring.map_err(|error| BadDjango(format!("secret_keys: {error}")))?;
        Ok(Texts::new(&ring))
    }

    /// The names of the table and its columns, quoted.
    fn names(&self, quote: char) -> Result<Names, BadDjango> {
        let quoted = |name: &str| {
            let is_plain = |part: &str| {
                let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                !part.is_empty() && part.len() <= 63 && part.chars().all(is_word)
            };
            let parts: Vec<_> = name.split('.').collect();
            if parts.len() > 2 || !parts.iter().all(|part| is_plain(part)) {
                let wrong =
                    format!("{name:?} is no name of a table or column: letters, digits and _");
                return Err(BadDjango(wrong));
            }
            let parts = parts.iter().map(|part| format!("{quote}{part}{quote}"));
            Ok(parts.collect::<Vec<_>>().join("."))
        };
        Ok(Names {
            table: quoted(&self.table)?,
            key: quoted(&self.key_column)?,
            data: quoted(&self.data_column)?,
            expires: quoted(&self.expires_column)?,
        })
    }
}

fn is_cache(scheme: &str) -> bool {
    ["redis", "valkey", "memcached"]
        .iter()
        .any(|kind| scheme.starts_with(kind))
}

impl fmt::Debug for DjangoSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DjangoSettings")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the settings of Django's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDjango(pub(super) String);

impl fmt::Display for BadDjango {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "django: {}", self.0)
    }
}

impl core::error::Error for BadDjango {}
