//! Back ends that keep records and heads.

use futures_util::FutureExt;
use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord,
};

mod address;
mod columns;
mod file;
mod follow;
mod framed;
mod kept;
pub(crate) mod memcached;
pub(crate) mod mysql;
pub(crate) mod pool;
mod postgres;
pub(crate) mod redis;
pub(crate) mod sql;
mod sqlite;

pub use self::redis::RedisStore;
pub use address::{BadAddress, Scheme, StoreAddress};
pub use columns::Columns;
pub use file::FileStore;
pub use follow::follow_head;
pub use kept::{Cursor, Entry, Kept, KeptHead, KeptRecord, Page, Promises, Statistics};
pub use memcached::MemcachedStore;
pub use mysql::MysqlStore;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

/// A back end of any kind, chosen by its address.
#[expect(missing_docs, reason = "the kinds say what they are")]
pub enum Store {
    File(FileStore),
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    Mysql(MysqlStore),
    Redis(RedisStore),
    Memcached(MemcachedStore),
}

impl Store {
    /// The store of an address, with a pool of so many connections where it has one. Nothing is
    /// opened or asked yet: [`Kept::prepare`] does that.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(address: &StoreAddress, connections: u32) -> Result<Self, BadAddress> {
        let text = address.text();
        Ok(match address.scheme() {
            Scheme::File => Self::File(FileStore::new(address.path()?)),
            Scheme::Sqlite => Self::Sqlite(SqliteStore::new(address.path()?)),
            Scheme::Postgres => Self::Postgres(PostgresStore::new(text, connections)?),
            Scheme::Mysql => Self::Mysql(MysqlStore::new(text, connections)?),
            Scheme::Redis => Self::Redis(RedisStore::new(text)?),
            Scheme::Memcached => Self::Memcached(MemcachedStore::new(text, connections as usize)?),
        })
    }

    /// The same store, which keeps these columns as well. Those without a table keep none: the settings refuse that.
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> Self {
        match self {
            Self::Sqlite(store) => Self::Sqlite(store.with_columns(columns)),
            Self::Postgres(store) => Self::Postgres(store.with_columns(columns)),
            Self::Mysql(store) => Self::Mysql(store.with_columns(columns)),
            Self::File(_) | Self::Redis(_) | Self::Memcached(_) => self,
        }
    }
}

/// Asks whichever store it is. In a box: what is built round it would have types too deep for the compiler.
macro_rules! each {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Store::File($store) => $call,
            Store::Sqlite($store) => $call,
            Store::Postgres($store) => $call,
            Store::Mysql($store) => $call,
            Store::Redis($store) => $call,
            Store::Memcached($store) => $call,
        }
    };
}

impl SessionStore for Store {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        each!(self, store => store.get(name, now).boxed().await)
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        each!(self, store => store.get_fresh(name, now).boxed().await)
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        each!(self, store => store.put(name, record, meta, now).boxed().await)
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        each!(self, store => store.delete(name).boxed().await)
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        each!(self, store => store.commit(proposal, now).boxed().await)
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        each!(self, store => store.head(session, now).boxed().await)
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        each!(self, store => store.end(session, expires, now).boxed().await)
    }
}

impl Kept for Store {
    fn promises(&self) -> Promises {
        each!(self, store => store.promises())
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        each!(self, store => store.prepare().boxed().await)
    }

    async fn check(&self) -> Result<(), StoreError> {
        each!(self, store => store.check().boxed().await)
    }

    async fn clean(&self, now: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        each!(self, store => store.clean(now, at_most).boxed().await)
    }

    async fn statistics(&self, now: Timestamp) -> Result<Statistics, StoreError> {
        each!(self, store => store.statistics(now).boxed().await)
    }

    async fn page(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        each!(self, store => store.page(after, at_most).boxed().await)
    }

    async fn recent(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        each!(self, store => store.recent(after, at_most).boxed().await)
    }

    async fn of_user(&self, user: &str, at_most: u32) -> Result<Page, StoreError> {
        each!(self, store => store.of_user(user, at_most).boxed().await)
    }
}
