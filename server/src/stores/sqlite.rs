use std::path::PathBuf;
use std::sync::OnceLock;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord,
};

use super::kept::no_column;
use super::{Columns, Cursor, Kept, Page, Promises, Statistics};

mod about;
mod listing;
mod rows;
mod threads;

use threads::{Failure, Threads};

/// Records and heads in one SQLite file.
///
/// One thread writes, and puts whatever waits for it into one transaction, so that a synced write
/// costs many callers one wait for the disk. Others read, beside it (WAL).
pub struct SqliteStore {
    path: PathBuf,
    columns: Columns,
    threads: OnceLock<Threads>,
}

impl SqliteStore {
    /// The store in a file, which is made if it is not there.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            columns: Columns::default(),
            threads: OnceLock::new(),
        }
    }

    /// The same, with columns.
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    fn threads(&self) -> Result<&Threads, StoreError> {
        self.threads.get().ok_or_else(|| StoreError::Unavailable {
            reason: "the SQLite file is not open yet".into(),
        })
    }
}

impl SessionStore for SqliteStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let name = *name;
        let read = move |file: &_| rows::record(file, &name, now);
        self.threads()?.read(read).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let (name, record, meta) = (*name, record.clone(), meta.clone());
        let write = move |file: &_| rows::put(file, &name, &record, &meta);
        self.threads()?.write(write).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let name = *name;
        let write = move |file: &_| rows::delete(file, &name);
        self.threads()?.write(write).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let (proposal, columns) = (proposal.clone(), self.columns);
        let write = move |file: &_| {
            let committed = rows::commit(file, &proposal, now)?;
            if let (Committed::Saved(_), Some(told)) = (&committed, columns.told(&proposal, now)) {
                about::tell(file, &told)?;
            }
            Ok::<_, Failure>(committed)
        };
        self.threads()?.write(write).await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let session = *session;
        let read = move |file: &_| rows::head(file, &session, now);
        self.threads()?.read(read).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let (session, columns) = (*session, self.columns);
        let write = move |file: &_| {
            if !columns.are_none() {
                about::forget(file, &session)?;
            }
            rows::end(file, &session, expires, now)
        };
        self.threads()?.write(write).await
    }
}

impl Kept for SqliteStore {
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        if self.threads.get().is_none() {
            // Whoever was faster has opened the same file.
            drop(self.threads.set(Threads::start(&self.path, self.columns)?));
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.threads()?.read(rows::check).await
    }

    async fn clean(&self, now: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let columns = self.columns;
        let write = move |file: &_| {
            let gone = rows::clean(file, now, at_most)?;
            let left = u64::from(at_most).saturating_sub(gone);
            let beside = match columns.are_none() {
                true => 0,
                false => about::clean(file, now, left)?,
            };
            Ok::<_, rusqlite::Error>(gone + beside)
        };
        self.threads()?.write(write).await
    }

    async fn statistics(&self, now: Timestamp) -> Result<Statistics, StoreError> {
        let columns = self.columns;
        let read = move |file: &_| {
            let by_age = columns.created.then(|| about::by_age(file, now));
            let statistics = listing::statistics(file, now)?;
            Ok::<_, rusqlite::Error>(Statistics {
                by_age: by_age.transpose()?,
                ..statistics
            })
        };
        self.threads()?.read(read).await
    }

    async fn page(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        let after = after.cloned();
        let read = move |file: &_| listing::page(file, after, at_most);
        self.threads()?.read(read).await
    }

    async fn recent(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        if !self.columns.last_seen {
            return Err(no_column("last_seen"));
        }
        let after = after.cloned();
        let read = move |file: &_| about::recent(file, after.as_ref(), at_most);
        self.threads()?.read(read).await
    }

    async fn of_user(&self, user: &str, at_most: u32) -> Result<Page, StoreError> {
        if !self.columns.user {
            return Err(no_column("user"));
        }
        let user = user.to_owned();
        let read = move |file: &_| about::of_user(file, &user, at_most);
        self.threads()?.read(read).await
    }
}
