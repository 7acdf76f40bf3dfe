//! Sessions that Django keeps itself, for Workers with `SESSION_PROTOCOL = "rows"`: in its table, its files or its cache,
//! read and written as Django does.

use core::time::Duration;

use session_codec::Timestamp;
use session_store::StoreError;
use tracing::Instrument as _;

use crate::traces;

mod cache;
mod cached;
mod files;
mod key;
mod mysql;
mod pickle;
mod postgres;
mod settings;
mod sqlite;
mod table;
mod text;

pub use key::SessionKey;
pub use settings::{BadDjango, DjangoSettings};

use cache::Cache;
use cached::CachedSessions;
use files::Files;
use mysql::MysqlTable;
use postgres::PostgresTable;
use sqlite::SqliteTable;

/// A session that has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As in the column `session_data`.
    pub data: String,
    /// Unix seconds.
    pub expires: i64,
}

/// What became of an attempt to change a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is what it was to become.
    Done,
    /// It is not what it was: somebody else changed it.
    Changed,
    /// It is not there any more.
    Gone,
    /// What it was to become is no session that this server can write.
    Unfit,
}

/// Where Django keeps its sessions.
pub struct DjangoSessions {
    place: Place,
    /// Django's backend `cached_db` looks here first: what changes is forgotten there.
    copies: Option<Cache>,
}

enum Place {
    Sqlite(SqliteTable),
    Postgres(PostgresTable),
    Mysql(MysqlTable),
    Files(Files),
    Cache(Box<CachedSessions>),
}

/// Asks whichever place it is, in time.
macro_rules! ask {
    ($self:ident, $name:literal, $place:ident => $call:expr) => {
        within($name, async {
            match &$self.place {
                Place::Sqlite($place) => $call.await,
                Place::Postgres($place) => $call.await,
                Place::Mysql($place) => $call.await,
                Place::Files($place) => $call.await,
                Place::Cache($place) => $call.await,
            }
        })
        .await
    };
}

impl DjangoSessions {
    /// The session of a key, if it has not expired.
    ///
    /// # Errors
    /// If it could not be asked, or is nothing that can be read here.
    pub async fn find(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Row>, StoreError> {
        ask!(self, "find", place => place.find(key, now))
    }

    /// Writes `to` if the session is still `from`. Its expiry stays.
    ///
    /// # Errors
    /// If it may or may not have been written.
    pub async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let replaced = ask!(self, "replace", place => place.replace(key, from, to, now))?;
        if replaced == Replaced::Done {
            self.forget_copy(key).await?;
        }
        Ok(replaced)
    }

    /// Deletes a session, if it is there.
    ///
    /// # Errors
    /// If it may still be there.
    pub async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        ask!(self, "delete", place => place.delete(key))?;
        self.forget_copy(key).await
    }

    async fn forget_copy(&self, key: &SessionKey) -> Result<(), StoreError> {
        match &self.copies {
            Some(cache) => within("forget_copy", cache.delete(key)).await,
            None => Ok(()),
        }
    }
}

/// A Worker waits a second and a half at most.
const TIME: Duration = Duration::from_millis(1_450);

async fn within<T>(
    name: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let span = traces::of_call("django", name);
    let answer = tokio::time::timeout(TIME, call).instrument(span.clone());
    let answer = answer.await.unwrap_or(Err(StoreError::TimedOut));
    let outcome = answer.as_ref().map_or_else(StoreError::label, |_| "ok");
    traces::told(&span, outcome, answer.is_err());
    answer
}
