use core::str::FromStr;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Proposal, Record, RecordMeta, Saved, SessionStore, StoreError,
    StoredRecord,
};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{query, query_as, query_scalar, raw_sql};

use super::columns::Told;
use super::kept::no_column;
use super::pool::{Pool, over};
use super::sql::{
    NewestRow, Place, RecordRow, count, failed, head, page_of_heads, page_of_records, state, stored,
};
use super::{BadAddress, Columns, Cursor, Kept, Page, Promises, Statistics};

mod about;

/// Records and heads in two tables of a PostgreSQL database. Everything is asked in one round trip.
pub struct PostgresStore {
    pool: Pool<PgConnection>,
    columns: Columns,
}

/// What was decided, then as a [`NewestRow`].
type Said = (
    String,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
    Option<i64>,
);

impl PostgresStore {
    /// The store at `postgres://user:password@host:port/database`, with at most so many
    /// connections. Nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(address: &str, connections: u32) -> Result<Self, BadAddress> {
        let malformed = |error: sqlx::Error| BadAddress::Malformed(error.to_string().into());
        let options = PgConnectOptions::from_str(address).map_err(malformed)?;
        let options = options.application_name("edge-session-server").options([
            // What the functions are written for, whatever the database prefers.
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", "10s"),
        ]);
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

impl SessionStore for PostgresStore {
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
    link: &mut PgConnection,
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
    link: &mut PgConnection,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_kept: bool = query_scalar("SELECT edge_session_put($1, $2, $3, $4, $5)")
        .bind(name.to_text())
        .bind(meta.kind.label())
        .bind(record.bytes())
        .bind(meta.expires.seconds())
        .bind(now.seconds())
        .fetch_one(link)
        .await
        .map_err(failed)?;
    is_kept.then_some(()).ok_or(StoreError::Conflict)
}

async fn delete(link: &mut PgConnection, name: &StoreName) -> Result<(), StoreError> {
    let deletion = query("DELETE FROM edge_session_record WHERE name = $1").bind(name.to_text());
    deletion.execute(link).await.map(drop).map_err(failed)
}

async fn commit(
    link: &mut PgConnection,
    proposal: &Proposal,
    columns: Columns,
    now: Timestamp,
) -> Result<Committed, StoreError> {
    let (head, new) = (proposal.head.as_ref(), proposal.record.as_ref());
    let to = head.and_then(|head| head.to.as_ref());
    let listed = proposal.unless_ended.iter().map(StoreName::to_text);
    let statement = if columns.are_none() {
        COMMIT
    } else {
        about::COMMIT
    };
    let mut asked = query_as::<_, Said>(statement)
        .bind(now.seconds())
        .bind(head.map(|head| head.session.to_text()))
        .bind(head.and_then(|head| head.from).map(|from| from.to_text()))
        .bind(to.map(|to| to.record.to_text()))
        .bind(to.map(|to| &*to.cookie))
        .bind(head.map(|head| head.expires.seconds()))
        .bind(new.map(|new| new.name.to_text()))
        .bind(new.map(|new| new.meta.kind.label()))
        .bind(new.map(|new| new.record.bytes()))
        .bind(new.map(|new| new.meta.expires.seconds()))
        .bind(listed.collect::<Vec<_>>());
    if !columns.are_none() {
        let told = columns.told(proposal, now);
        let (about, last_seen) = match &told {
            Some(Told::About(about)) => (Some(about), about.last_seen),
            Some(Told::Seen { last_seen, .. }) => (None, *last_seen),
            Some(Told::Forgotten { .. }) | None => (None, None),
        };
        asked = asked
            .bind(about.and_then(|about| about.user_id.clone()))
            .bind(about.and_then(|about| about.ip))
            .bind(about.and_then(|about| about.user_agent))
            .bind(about.and_then(|about| about.created))
            .bind(last_seen);
    }
    let mut rows = asked.fetch_all(link).await.map_err(failed)?.into_iter();
    let (outcome, head, cookie, record, expires) = rows.next().ok_or_else(removed)?;
    if outcome == "saved" {
        return Ok(Committed::Saved(Saved {
            listed: rows
                .map(|(.., record, expires)| stored((record, expires)))
                .collect(),
            is_compared: true,
        }));
    }
    Ok(match state((head, cookie, record, expires))? {
        HeadState::At(newest) => Committed::Other(newest),
        _ => Committed::Ended,
    })
}

async fn shown(
    link: &mut PgConnection,
    session: &StoreName,
    now: Timestamp,
) -> Result<HeadState, StoreError> {
    let row: Option<NewestRow> = query_as(HEAD)
        .bind(session.to_text())
        .bind(now.seconds())
        .fetch_optional(link)
        .await
        .map_err(failed)?;
    row.map_or(Ok(HeadState::Absent), state)
}

async fn end(
    link: &mut PgConnection,
    session: &StoreName,
    columns: Columns,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Option<Head>, StoreError> {
    let statement = if columns.are_none() { END } else { about::END };
    let row: Option<(String, String)> = query_as(statement)
        .bind(session.to_text())
        .bind(expires.seconds())
        .bind(now.seconds())
        .fetch_optional(link)
        .await
        .map_err(failed)?;
    row.map(head).transpose()
}

fn removed() -> StoreError {
    StoreError::Unavailable {
        reason: "a head was removed while it was looked at".into(),
    }
}

impl Kept for PostgresStore {
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    async fn prepare(&self) -> Result<(), StoreError> {
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

async fn prepare(link: &mut PgConnection, columns: Columns) -> Result<(), StoreError> {
    made(link, "SELECT edge_session_version()", VERSION, SCHEMA).await?;
    if !columns.are_none() {
        made(link, about::TELL_VERSION, about::VERSION, about::SCHEMA).await?;
    }
    Ok(())
}

/// Makes what a schema has, unless this version of it is there.
async fn made(
    link: &mut PgConnection,
    tell_version: &'static str,
    version: i32,
    schema: &'static str,
) -> Result<(), StoreError> {
    // Whoever may only read and write finds the tables made by somebody else.
    let there: Result<i32, _> = query_scalar(tell_version).fetch_one(&mut *link).await;
    if there.is_ok_and(|there| there == version) {
        return Ok(());
    }
    let make = async {
        let mut transaction = link.begin().await?;
        // Two servers that start at once do not trip over each other; an index may take long.
        raw_sql("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('edge_session'))")
            .execute(&mut *transaction)
            .await?;
        raw_sql(schema).execute(&mut *transaction).await?;
        transaction.commit().await
    };
    make.await.map_err(failed)
}

async fn check(link: &mut PgConnection) -> Result<(), StoreError> {
    let asked = query("SELECT FROM edge_session_head LIMIT 1");
    asked.execute(link).await.map(drop).map_err(failed)
}

async fn clean(link: &mut PgConnection, now: Timestamp, at_most: u32) -> Result<u64, StoreError> {
    let mut gone = 0;
    for statement in [CLEAN_RECORDS, CLEAN_HEADS] {
        let left = i64::from(at_most).saturating_sub_unsigned(gone);
        let deletion = query(statement).bind(now.seconds()).bind(left);
        gone += deletion
            .execute(&mut *link)
            .await
            .map_err(failed)?
            .rows_affected();
    }
    Ok(gone)
}

async fn statistics(link: &mut PgConnection, now: Timestamp) -> Result<Statistics, StoreError> {
    let [hour, day, week, month] = Statistics::TIME_LEFT.map(|left| now.seconds() + left);
    let counts: [i64; 9] = query_scalar::<_, Vec<i64>>(COUNTS)
        .bind(now.seconds())
        .bind(hour)
        .bind(day)
        .bind(week)
        .bind(month)
        .fetch_one(&mut *link)
        .await
        .map_err(failed)?
        .try_into()
        .unwrap_or_default();
    let [records, expired, bytes, heads, by_time_left @ ..] = counts.map(count);
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
    link: &mut PgConnection,
    after: Option<&Cursor>,
    at_most: u32,
) -> Result<Page, StoreError> {
    match Place::of(after) {
        Place::Records(after) => {
            let page = query_as(PAGE_OF_RECORDS)
                .bind(after)
                .bind(i64::from(at_most));
            let rows = page.fetch_all(link).await.map_err(failed)?;
            Ok(page_of_records(rows, at_most))
        }
        Place::Heads(after) => {
            let page = query_as(PAGE_OF_HEADS).bind(after).bind(i64::from(at_most));
            let rows = page.fetch_all(link).await.map_err(failed)?;
            Ok(page_of_heads(rows, at_most))
        }
    }
}

/// Of the tables and functions below; the last statement of the schema tells it.
const VERSION: i32 = 1;
const SCHEMA: &str = include_str!("postgres/schema.sql");
const GET: &str =
    "SELECT record, expires FROM edge_session_record WHERE name = $1 AND expires > $2";
const COMMIT: &str = "SELECT outcome, head, cookie, record, expires \
    FROM edge_session_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const END: &str = "SELECT head, cookie FROM edge_session_end($1, $2, $3)";
const HEAD: &str = "SELECT there.record, there.cookie, kept.record, kept.expires \
    FROM edge_session_head AS there LEFT JOIN edge_session_record AS kept \
    ON kept.name = there.record AND kept.expires > $2 \
    WHERE there.name = $1 AND there.expires > $2";
const CLEAN_RECORDS: &str = "DELETE FROM edge_session_record WHERE name IN \
    (SELECT name FROM edge_session_record WHERE expires <= $1 ORDER BY expires LIMIT $2 \
    FOR UPDATE SKIP LOCKED)";
const CLEAN_HEADS: &str = "DELETE FROM edge_session_head WHERE name IN \
    (SELECT name FROM edge_session_head WHERE expires <= $1 ORDER BY expires LIMIT $2 \
    FOR UPDATE SKIP LOCKED)";
const COUNTS: &str = "SELECT ARRAY[count(*), count(*) FILTER (WHERE expires <= $1), \
    coalesce(sum(bytes), 0)::bigint, (SELECT count(*) FROM edge_session_head), \
    count(*) FILTER (WHERE expires > $1 AND expires <= $2), \
    count(*) FILTER (WHERE expires > $2 AND expires <= $3), \
    count(*) FILTER (WHERE expires > $3 AND expires <= $4), \
    count(*) FILTER (WHERE expires > $4 AND expires <= $5), \
    count(*) FILTER (WHERE expires > $5)] FROM edge_session_record";
const LARGEST: &str = "SELECT bytes::bigint FROM edge_session_record ORDER BY bytes DESC LIMIT 10";
const PAGE_OF_RECORDS: &str = "SELECT name, kind, record, expires FROM edge_session_record \
    WHERE name > $1 ORDER BY name LIMIT $2";
const PAGE_OF_HEADS: &str = "SELECT name, record, cookie, expires FROM edge_session_head \
    WHERE name > $1 ORDER BY name LIMIT $2";
