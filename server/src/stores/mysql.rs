use core::str::FromStr;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, Kind, NewRecord, Proposal, Record, RecordMeta, Saved,
    SessionStore, StoreError, StoredRecord,
};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{Connection, MySql, Transaction, query, query_as, query_scalar, raw_sql};

use super::kept::no_column;
use super::pool::{Pool, over};
use super::sql::{
    NewestRow, Place, RecordRow, count, failed, page_of_heads, page_of_records, state, stored,
};
use super::{BadAddress, Columns, Cursor, Kept, Page, Promises, Statistics};

mod about;

/// Records and heads in two tables of a MySQL or MariaDB database. A save is one transaction, in
/// which the head's row is locked from the first statement on.
pub struct MysqlStore {
    pool: Pool<MySqlConnection>,
    columns: Columns,
}

impl MysqlStore {
    /// The store at `mysql://user:password@host:port/database`, with at most so many connections.
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(address: &str, connections: u32) -> Result<Self, BadAddress> {
        let malformed = |error: sqlx::Error| BadAddress::Malformed(error.to_string().into());
        let options = options(address).map_err(malformed)?;
        Ok(Self {
            pool: Pool::new(options, connections),
            columns: Columns::default(),
        })
    }

    /// The same, with columns.
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }
}

/// What an address of either name says.
pub(crate) fn options(address: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
    MySqlConnectOptions::from_str(&address.replacen("mariadb://", "mysql://", 1))
}

impl SessionStore for MysqlStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.pool
            .with(over!(link => get(&mut link, name, now)))
            .await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = over!(link => put(&mut link, name, record, meta, now));
        self.pool.with(put).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.pool.with(over!(link => delete(&mut link, name))).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let commit = over!(link => commit(&mut link, proposal, self.columns, now));
        self.pool.with(commit).await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let shown = over!(link => shown(&mut link, session, now));
        self.pool.with(shown).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let end = over!(link => end(&mut link, session, self.columns, expires, now));
        self.pool.with(end).await
    }
}

async fn get(
    link: &mut MySqlConnection,
    name: &StoreName,
    now: Timestamp,
) -> Result<Option<StoredRecord>, StoreError> {
    let row: Option<RecordRow> = query_as(GET)
        .bind(name.to_text())
        .bind(now.seconds())
        .fetch_optional(link)
        .await
        .map_err(failed)?;
    Ok(row.and_then(stored))
}

async fn put(
    link: &mut MySqlConnection,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = begin(link).await?;
    keep(&mut transaction, name, record, meta, now).await?;
    transaction.commit().await.map_err(failed)
}

async fn delete(link: &mut MySqlConnection, name: &StoreName) -> Result<(), StoreError> {
    let deletion = query("DELETE FROM edge_session_record WHERE name = ?").bind(name.to_text());
    deletion.execute(link).await.map(drop).map_err(failed)
}

async fn commit(
    link: &mut MySqlConnection,
    proposal: &Proposal,
    columns: Columns,
    now: Timestamp,
) -> Result<Committed, StoreError> {
    let mut transaction = begin(link).await?;
    if let Some(change) = &proposal.head
        && let Some(refusal) = refusal(&mut transaction, change, now).await?
    {
        // The row that was made to be locked goes again.
        transaction.rollback().await.map_err(failed)?;
        return Ok(refusal);
    }
    if let Some(NewRecord { name, record, meta }) = &proposal.record {
        keep(&mut transaction, name, record, meta, now).await?;
    }
    if let Some(change) = &proposal.head {
        moved(&mut transaction, change).await?;
    }
    if let Some(told) = columns.told(proposal, now) {
        about::tell(&mut transaction, &told).await?;
    }
    let mut listed = Vec::with_capacity(proposal.unless_ended.len());
    for name in &proposal.unless_ended {
        listed.push(get(&mut transaction, name, now).await?);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(Committed::Saved(Saved {
        listed,
        is_compared: true,
    }))
}

async fn end(
    link: &mut MySqlConnection,
    session: &StoreName,
    columns: Columns,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Option<Head>, StoreError> {
    let mut transaction = begin(link).await?;
    lock(&mut transaction, session).await?;
    let there = shown(&mut transaction, session, now).await?;
    query("UPDATE edge_session_head SET record = NULL, cookie = NULL, expires = ? WHERE name = ?")
        .bind(expires.seconds())
        .bind(session.to_text())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    query(DELETE_PLACE)
        .bind(session.place())
        .bind(session.place())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    if !columns.are_none() {
        about::forget(&mut transaction, session).await?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(match there {
        HeadState::At(there) => Some(there.head),
        _ => None,
    })
}

/// A transaction that locks rows alone, nothing that lies between them; each statement sees what is committed by then.
async fn begin(link: &mut MySqlConnection) -> Result<Transaction<'_, MySql>, StoreError> {
    let isolation = raw_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    isolation.execute(&mut *link).await.map_err(failed)?;
    link.begin().await.map_err(failed)
}

/// Locks the head's row until the transaction ends, and makes one, expired, where there is none.
async fn lock(connection: &mut MySqlConnection, session: &StoreName) -> Result<(), StoreError> {
    let lock = query(LOCK).bind(session.to_text());
    lock.execute(connection).await.map(drop).map_err(failed)
}

/// The head and the record that it names.
async fn shown(
    connection: &mut MySqlConnection,
    session: &StoreName,
    now: Timestamp,
) -> Result<HeadState, StoreError> {
    let row: Option<NewestRow> = query_as(HEAD)
        .bind(now.seconds())
        .bind(session.to_text())
        .bind(now.seconds())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    row.map_or(Ok(HeadState::Absent), state)
}

/// What is to be answered where the head may not move.
async fn refusal(
    connection: &mut MySqlConnection,
    change: &HeadMove,
    now: Timestamp,
) -> Result<Option<Committed>, StoreError> {
    lock(connection, &change.session).await?;
    Ok(match shown(connection, &change.session, now).await? {
        HeadState::Ended => Some(Committed::Ended),
        HeadState::At(there) if !change.moves(&there.head) => Some(Committed::Other(there)),
        HeadState::At(_) | HeadState::Absent | HeadState::NotKept => None,
    })
}

/// Moves a head whose row is locked.
async fn moved(connection: &mut MySqlConnection, change: &HeadMove) -> Result<(), StoreError> {
    let session = change.session.to_text();
    let change = match &change.to {
        Some(to) => {
            query("UPDATE edge_session_head SET record = ?, cookie = ?, expires = ? WHERE name = ?")
                .bind(to.record.to_text())
                .bind(&*to.cookie)
                .bind(change.expires.seconds())
                .bind(session)
        }
        None => query("DELETE FROM edge_session_head WHERE name = ?").bind(session),
    };
    change.execute(connection).await.map(drop).map_err(failed)
}

/// Keeps a record: a repeated one gets the new expiry, a revocation replaces.
async fn keep(
    connection: &mut MySqlConnection,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Makes the row, or locks the one that is there; then nobody else changes it.
    query(PUT)
        .bind(name.to_text())
        .bind(meta.kind.label())
        .bind(record.bytes())
        .bind(i64::try_from(record.bytes().len()).unwrap_or(i64::MAX))
        .bind(now.seconds())
        .bind(meta.expires.seconds())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    if meta.kind == Kind::Revocation {
        return Ok(());
    }
    let is_kept: Option<i64> =
        query_scalar("SELECT 1 FROM edge_session_record WHERE name = ? AND record = ? FOR UPDATE")
            .bind(name.to_text())
            .bind(record.bytes())
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
    is_kept.map(drop).ok_or(StoreError::Conflict)
}

impl Kept for MysqlStore {
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        // Whoever may only read and write finds the tables made by somebody else.
        let has_columns = async {
            let asked = over!(link => about::check(&mut link));
            self.columns.are_none() || self.pool.with(asked).await.is_ok()
        };
        if self.check().await.is_ok() && has_columns.await {
            return Ok(());
        }
        let columns = self.columns;
        let prepare = over!(link => prepare(&mut link, columns));
        self.pool.patiently(prepare).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.pool.with(over!(link => check(&mut link))).await
    }

    async fn clean(&self, now: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let clean = over!(link => clean(&mut link, now, at_most));
        let gone = self.pool.patiently(clean).await?;
        if self.columns.are_none() {
            return Ok(gone);
        }
        let left = i64::from(at_most).saturating_sub_unsigned(gone);
        let beside = over!(link => about::clean(&mut link, now, left));
        Ok(gone + self.pool.patiently(beside).await?)
    }

    async fn statistics(&self, now: Timestamp) -> Result<Statistics, StoreError> {
        let statistics = over!(link => statistics(&mut link, now));
        let mut told = self.pool.patiently(statistics).await?;
        if self.columns.created {
            let by_age = over!(link => about::by_age(&mut link, now));
            told.by_age = Some(self.pool.patiently(by_age).await?);
        }
        Ok(told)
    }

    async fn page(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        let page = over!(link => page(&mut link, after, at_most));
        self.pool.patiently(page).await
    }

    async fn recent(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        if !self.columns.last_seen {
            return Err(no_column("last_seen"));
        }
        let recent = over!(link => about::recent(&mut link, after, at_most));
        self.pool.patiently(recent).await
    }

    async fn of_user(&self, user: &str, at_most: u32) -> Result<Page, StoreError> {
        if !self.columns.user {
            return Err(no_column("user"));
        }
        let of_user = over!(link => about::of_user(&mut link, user, at_most));
        self.pool.patiently(of_user).await
    }
}

async fn prepare(link: &mut MySqlConnection, columns: Columns) -> Result<(), StoreError> {
    let wanted = [Some(SCHEMA), (!columns.are_none()).then_some(about::SCHEMA)];
    for schema in wanted.into_iter().flatten() {
        raw_sql(schema).execute(&mut *link).await.map_err(failed)?;
    }
    Ok(())
}

async fn check(link: &mut MySqlConnection) -> Result<(), StoreError> {
    for table in [
        "SELECT 1 FROM edge_session_record LIMIT 1",
        "SELECT 1 FROM edge_session_head LIMIT 1",
    ] {
        query(table).execute(&mut *link).await.map_err(failed)?;
    }
    Ok(())
}

async fn clean(
    link: &mut MySqlConnection,
    now: Timestamp,
    at_most: u32,
) -> Result<u64, StoreError> {
    let mut gone = 0;
    for statement in [CLEAN_RECORDS, CLEAN_HEADS] {
        let left = u64::from(at_most).saturating_sub(gone);
        let deletion = query(statement).bind(now.seconds()).bind(left);
        gone += deletion
            .execute(&mut *link)
            .await
            .map_err(failed)?
            .rows_affected();
    }
    Ok(gone)
}

async fn statistics(link: &mut MySqlConnection, now: Timestamp) -> Result<Statistics, StoreError> {
    let [hour, day, week, month] = Statistics::TIME_LEFT.map(|left| now.seconds() + left);
    let now = now.seconds();
    // Each time in its order: MySQL's parameters have no numbers.
    let mut counts = query_as(COUNTS).bind(now);
    for limit in [now, hour, hour, day, day, week, week, month, month] {
        counts = counts.bind(limit);
    }
    let (a, b, c, d, e, f, g, h, i) = counts.fetch_one(&mut *link).await.map_err(failed)?;
    let [records, expired, bytes, heads, by_time_left @ ..] =
        [a, b, c, d, e, f, g, h, i].map(count);
    let largest: Vec<i64> = query_scalar(LARGEST)
        .fetch_all(link)
        .await
        .map_err(failed)?;
    Ok(Statistics {
        records,
        expired,
        bytes,
        largest: largest.into_iter().map(count).collect(),
        by_time_left,
        heads,
        by_age: None,
    })
}

async fn page(
    link: &mut MySqlConnection,
    after: Option<&Cursor>,
    at_most: u32,
) -> Result<Page, StoreError> {
    match Place::of(after) {
        Place::Records(after) => {
            let page = query_as(PAGE_OF_RECORDS).bind(after).bind(at_most);
            let rows = page.fetch_all(link).await.map_err(failed)?;
            Ok(page_of_records(rows, at_most))
        }
        Place::Heads(after) => {
            let page = query_as(PAGE_OF_HEADS).bind(after).bind(at_most);
            let rows = page.fetch_all(link).await.map_err(failed)?;
            Ok(page_of_heads(rows, at_most))
        }
    }
}

const SCHEMA: &str = include_str!("mysql/schema.sql");
const GET: &str = "SELECT record, expires FROM edge_session_record WHERE name = ? AND expires > ?";
const LOCK: &str = "INSERT INTO edge_session_head (name, record, cookie, expires) \
    VALUES (?, NULL, NULL, 0) ON DUPLICATE KEY UPDATE name = name";
const HEAD: &str = "SELECT there.record, there.cookie, kept.record, kept.expires \
    FROM edge_session_head AS there LEFT JOIN edge_session_record AS kept \
    ON kept.name = there.record AND kept.expires > ? \
    WHERE there.name = ? AND there.expires > ?";
// From left to right: the record is compared before it is set.
const PUT: &str = "INSERT INTO edge_session_record (name, kind, record, bytes, written, expires) \
    VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE \
    kind = IF(VALUES(kind) = 'revocation', VALUES(kind), kind), \
    bytes = IF(VALUES(kind) = 'revocation', VALUES(bytes), bytes), \
    expires = IF(VALUES(kind) = 'revocation' OR record = VALUES(record), VALUES(expires), expires), \
    written = IF(VALUES(kind) = 'revocation' OR record = VALUES(record), VALUES(written), written), \
    record = IF(VALUES(kind) = 'revocation', VALUES(record), record)";
const DELETE_PLACE: &str = "DELETE FROM edge_session_record \
    WHERE name >= ? AND name < CONCAT(?, '~') AND kind = 'session'";
const CLEAN_RECORDS: &str =
    "DELETE FROM edge_session_record WHERE expires <= ? ORDER BY expires LIMIT ?";
const CLEAN_HEADS: &str =
    "DELETE FROM edge_session_head WHERE expires <= ? ORDER BY expires LIMIT ?";
const COUNTS: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(expires <= ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(bytes), 0) AS SIGNED), (SELECT COUNT(*) FROM edge_session_head), \
    CAST(COALESCE(SUM(expires > ? AND expires <= ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(expires > ? AND expires <= ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(expires > ? AND expires <= ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(expires > ? AND expires <= ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(expires > ?), 0) AS SIGNED) FROM edge_session_record";
const LARGEST: &str =
    "SELECT CAST(bytes AS SIGNED) FROM edge_session_record ORDER BY bytes DESC LIMIT 10";
const PAGE_OF_RECORDS: &str = "SELECT name, kind, record, expires FROM edge_session_record \
    WHERE name > ? ORDER BY name LIMIT ?";
const PAGE_OF_HEADS: &str = "SELECT name, record, cookie, expires FROM edge_session_head \
    WHERE name > ? ORDER BY name LIMIT ?";
