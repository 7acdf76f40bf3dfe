//! What is kept of sessions for people to look at, where the settings name a column.

use session_codec::Timestamp;
use session_store::StoreError;
use sqlx::postgres::PgConnection;
use sqlx::{query, query_as, query_scalar};

use crate::stores::sql::{Recent, RecentRow, count, failed, page_of_recent};
use crate::stores::{Cursor, Page, Statistics};

pub(super) const VERSION: i32 = 1;
pub(super) const SCHEMA: &str = include_str!("columns.sql");
pub(super) const TELL_VERSION: &str = "SELECT edge_session_about_version()";
pub(super) const COMMIT: &str = "SELECT outcome, head, cookie, record, expires FROM \
    edge_session_commit_about($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
pub(super) const END: &str = "SELECT head, cookie FROM edge_session_end_about($1, $2, $3)";

pub(super) async fn clean(
    link: &mut PgConnection,
    now: Timestamp,
    at_most: i64,
) -> Result<u64, StoreError> {
    let deletion = query(CLEAN).bind(now.seconds()).bind(at_most);
    let done = deletion.execute(link).await.map_err(failed)?;
    Ok(done.rows_affected())
}

pub(super) async fn by_age(
    link: &mut PgConnection,
    now: Timestamp,
) -> Result<[u64; 5], StoreError> {
    let mut counts = query_scalar::<_, Vec<i64>>(BY_AGE).bind(now.seconds());
    for age in Statistics::TIME_LEFT {
        counts = counts.bind(now.seconds().saturating_sub(age));
    }
    let counts = counts.fetch_one(link).await.map_err(failed)?;
    let counts: [i64; 5] = counts.try_into().unwrap_or_default();
    Ok(counts.map(count))
}

pub(super) async fn recent(
    link: &mut PgConnection,
    after: Option<&Cursor>,
    at_most: u32,
) -> Result<Page, StoreError> {
    let (last_seen, session) = Recent::place(after);
    let rows: Vec<RecentRow> = query_as(RECENT)
        .bind(last_seen)
        .bind(session)
        .bind(i64::from(at_most))
        .fetch_all(link)
        .await
        .map_err(failed)?;
    Ok(page_of_recent(rows, at_most))
}

pub(super) async fn of_user(
    link: &mut PgConnection,
    user: &str,
    at_most: u32,
) -> Result<Page, StoreError> {
    let rows = query_as(OF_USER).bind(user).bind(i64::from(at_most));
    let rows: Vec<RecentRow> = rows.fetch_all(link).await.map_err(failed)?;
    let page = page_of_recent(rows, at_most);
    Ok(Page { next: None, ..page })
}

const CLEAN: &str = "DELETE FROM edge_session_about WHERE name IN \
    (SELECT name FROM edge_session_about WHERE expires <= $1 ORDER BY expires LIMIT $2 \
    FOR UPDATE SKIP LOCKED)";
const BY_AGE: &str = "SELECT ARRAY[count(*) FILTER (WHERE created > $2), \
    count(*) FILTER (WHERE created <= $2 AND created > $3), \
    count(*) FILTER (WHERE created <= $3 AND created > $4), \
    count(*) FILTER (WHERE created <= $4 AND created > $5), \
    count(*) FILTER (WHERE created <= $5)] FROM edge_session_about WHERE expires > $1";
const RECENT: &str = "SELECT about.last_seen, about.name, kept.name, kept.record, kept.expires \
    FROM edge_session_about AS about \
    LEFT JOIN edge_session_head AS head ON head.name = about.name \
    LEFT JOIN edge_session_record AS kept ON kept.name = head.record \
    WHERE (about.last_seen, about.name) < ($1, $2) \
    ORDER BY about.last_seen DESC, about.name DESC LIMIT $3";
const OF_USER: &str = "SELECT about.last_seen, about.name, kept.name, kept.record, kept.expires \
    FROM edge_session_about AS about \
    LEFT JOIN edge_session_head AS head ON head.name = about.name \
    LEFT JOIN edge_session_record AS kept ON kept.name = head.record \
    WHERE about.user_id = $1 ORDER BY about.last_seen DESC LIMIT $2";
