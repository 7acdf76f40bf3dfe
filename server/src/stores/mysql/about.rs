//! What is kept of sessions for people to look at, where the settings name a column.

use session_codec::{StoreName, Timestamp};
use session_store::StoreError;
use sqlx::mysql::MySqlConnection;
use sqlx::{query, query_as};

use crate::stores::columns::{About, Told};
use crate::stores::sql::{Recent, RecentRow, count, failed, page_of_recent};
use crate::stores::{Cursor, Page, Statistics};

pub(super) const SCHEMA: &str = include_str!("columns.sql");

pub(super) async fn check(link: &mut MySqlConnection) -> Result<(), StoreError> {
    let asked = query("SELECT 1 FROM edge_session_about LIMIT 1");
    asked.execute(link).await.map(drop).map_err(failed)
}

/// In the transaction of a save.
pub(super) async fn tell(link: &mut MySqlConnection, told: &Told<'_>) -> Result<(), StoreError> {
    match told {
        Told::About(about) => put(link, about).await,
        Told::Forgotten { session } => forget(link, session).await,
        Told::Seen {
            session,
            last_seen,
            expires,
        } => {
            let seen = query(SEEN).bind(*last_seen).bind(*expires);
            let seen = seen.bind(session.to_text()).execute(link);
            seen.await.map(drop).map_err(failed)
        }
    }
}

async fn put(link: &mut MySqlConnection, about: &About<'_>) -> Result<(), StoreError> {
    let put = query(PUT)
        .bind(about.session.to_text())
        .bind(about.user_id.as_deref())
        .bind(about.ip)
        .bind(about.user_agent)
        .bind(about.created)
        .bind(about.last_seen)
        .bind(about.expires);
    put.execute(link).await.map(drop).map_err(failed)
}

pub(super) async fn forget(
    link: &mut MySqlConnection,
    session: &StoreName,
) -> Result<(), StoreError> {
    let deletion = query("DELETE FROM edge_session_about WHERE name = ?").bind(session.to_text());
    deletion.execute(link).await.map(drop).map_err(failed)
}

pub(super) async fn clean(
    link: &mut MySqlConnection,
    now: Timestamp,
    at_most: i64,
) -> Result<u64, StoreError> {
    let deletion = query(CLEAN).bind(now.seconds()).bind(at_most);
    let done = deletion.execute(link).await.map_err(failed)?;
    Ok(done.rows_affected())
}

pub(super) async fn by_age(
    link: &mut MySqlConnection,
    now: Timestamp,
) -> Result<[u64; 5], StoreError> {
    let [hour, day, week, month] =
        Statistics::TIME_LEFT.map(|age| now.seconds().saturating_sub(age));
    let mut counts = query_as(BY_AGE);
    for limit in [hour, hour, day, day, week, week, month, month] {
        counts = counts.bind(limit);
    }
    let counts = counts.bind(now.seconds()).fetch_one(link);
    let (a, b, c, d, e) = counts.await.map_err(failed)?;
    Ok([a, b, c, d, e].map(count))
}

pub(super) async fn recent(
    link: &mut MySqlConnection,
    after: Option<&Cursor>,
    at_most: u32,
) -> Result<Page, StoreError> {
    let (last_seen, session) = Recent::place(after);
    let rows: Vec<RecentRow> = query_as(RECENT)
        .bind(last_seen)
        .bind(last_seen)
        .bind(session)
        .bind(at_most)
        .fetch_all(link)
        .await
        .map_err(failed)?;
    Ok(page_of_recent(rows, at_most))
}

pub(super) async fn of_user(
    link: &mut MySqlConnection,
    user: &str,
    at_most: u32,
) -> Result<Page, StoreError> {
    let rows = query_as(OF_USER).bind(user).bind(at_most);
    let rows: Vec<RecentRow> = rows.fetch_all(link).await.map_err(failed)?;
    let page = page_of_recent(rows, at_most);
    Ok(Page { next: None, ..page })
}

const SEEN: &str = "UPDATE edge_session_about SET last_seen = ?, expires = ? WHERE name = ?";
const PUT: &str = "INSERT INTO edge_session_about \
    (name, user_id, ip, user_agent, created, last_seen, expires) VALUES (?, ?, ?, ?, ?, ?, ?) \
    ON DUPLICATE KEY UPDATE user_id = VALUES(user_id), ip = VALUES(ip), \
    user_agent = VALUES(user_agent), last_seen = VALUES(last_seen), expires = VALUES(expires), \
    created = IF(VALUES(created) IS NULL, NULL, COALESCE(created, VALUES(created)))";
const CLEAN: &str = "DELETE FROM edge_session_about WHERE expires <= ? ORDER BY expires LIMIT ?";
const BY_AGE: &str = "SELECT CAST(COALESCE(SUM(created > ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(created <= ? AND created > ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(created <= ? AND created > ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(created <= ? AND created > ?), 0) AS SIGNED), \
    CAST(COALESCE(SUM(created <= ?), 0) AS SIGNED) FROM edge_session_about WHERE expires > ?";
const RECENT: &str = "SELECT about.last_seen, about.name, kept.name, kept.record, kept.expires \
    FROM edge_session_about AS about \
    LEFT JOIN edge_session_head AS head ON head.name = about.name \
    LEFT JOIN edge_session_record AS kept ON kept.name = head.record \
    WHERE about.last_seen <= ? AND (about.last_seen < ? OR about.name < ?) \
    ORDER BY about.last_seen DESC, about.name DESC LIMIT ?";
const OF_USER: &str = "SELECT about.last_seen, about.name, kept.name, kept.record, kept.expires \
    FROM edge_session_about AS about \
    LEFT JOIN edge_session_head AS head ON head.name = about.name \
    LEFT JOIN edge_session_record AS kept ON kept.name = head.record \
    WHERE about.user_id = ? ORDER BY about.last_seen DESC LIMIT ?";
