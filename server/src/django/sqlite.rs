use alloc::sync::Arc;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use session_codec::Timestamp;
use session_store::StoreError;

use super::table::{Names, unchanged};
use super::{Replaced, Row, SessionKey};

/// Django's table in the site's own SQLite file.
pub(super) struct SqliteTable(Arc<Table>);

struct Table {
    path: PathBuf,
    file: Mutex<Option<Connection>>,
    find: String,
    replace: String,
    delete: String,
}

impl SqliteTable {
    pub(super) fn new(path: PathBuf, names: &Names) -> Self {
        Self(Arc::new(Table {
            path,
            file: Mutex::new(None),
            find: names.put_into(FIND),
            replace: names.put_into(REPLACE),
            delete: names.put_into(DELETE),
        }))
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Row>, StoreError> {
        let key = key.clone();
        self.with(move |file, table| table.find(file, &key, now))
            .await
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let (key, from, to) = (key.clone(), from.to_owned(), to.to_owned());
        self.with(move |file, table| {
            let mut replace = file.prepare_cached(&table.replace)?;
            if replace.execute(params![key.as_str(), to, from, now.seconds()])? > 0 {
                return Ok(Replaced::Done);
            }
            let there = table.find(file, &key, now)?;
            Ok(unchanged(there.as_ref().map(|row| &*row.data), &to))
        })
        .await
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.with(move |file, table| {
            file.prepare_cached(&table.delete)?
                .execute([key.as_str()])
                .map(drop)
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Table) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let table = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut file = table.file.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = match file.take() {
                Some(connection) => connection,
                None => table.open()?,
            };
            let done = work(&connection, &table);
            *file = Some(connection);
            done
        });
        let unavailable = |reason: String| StoreError::Unavailable {
            reason: reason.into(),
        };
        let done = done.await.map_err(|error| unavailable(error.to_string()))?;
        done.map_err(|error| unavailable(format!("{}: {error}", self.0.path.display())))
    }
}

impl Table {
    /// The site has made it: a file that is not there is not made.
    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }

    fn find(
        &self,
        file: &Connection,
        key: &SessionKey,
        now: Timestamp,
    ) -> rusqlite::Result<Option<Row>> {
        let mut find = file.prepare_cached(&self.find)?;
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Row {
                data: row.get(0)?,
                expires: row.get(1)?,
            })
        };
        find.query_row(params![key.as_str(), now.seconds()], row)
            .optional()
    }
}

/// How long Django may keep the file to itself.
const PATIENCE: Duration = Duration::from_secs(1);

// Django writes times as text, in UTC, with or without a fraction: texts compare as times do.
const FIND: &str = "SELECT {data}, CAST(strftime('%s', {expires}) AS INTEGER) FROM {table} \
    WHERE {key} = ?1 AND {expires} > datetime(?2, 'unixepoch')";
// The expiry stays: Django alone prolongs a session, and tells the browser so.
const REPLACE: &str = "UPDATE {table} SET {data} = ?2 \
    WHERE {key} = ?1 AND {data} = ?3 AND {expires} > datetime(?4, 'unixepoch')";
const DELETE: &str = "DELETE FROM {table} WHERE {key} = ?1";
