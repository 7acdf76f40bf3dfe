//! What is kept of sessions for people to look at, where the settings name a column.

use rusqlite::{Connection, Params, Row, params};
use session_codec::{StoreName, Timestamp};

use super::rows::name_of;
use crate::stores::columns::{About, Told};
use crate::stores::sql::{Recent, page_of_recent};
use crate::stores::{Cursor, Page, Statistics};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS edge_session_about (
        name BLOB NOT NULL PRIMARY KEY, user_id TEXT, ip TEXT, user_agent TEXT, created INTEGER,
        last_seen INTEGER, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS edge_session_about_user_id ON edge_session_about (user_id, last_seen);
    CREATE INDEX IF NOT EXISTS edge_session_about_last_seen ON edge_session_about (last_seen, created, expires);
    CREATE INDEX IF NOT EXISTS edge_session_about_expires ON edge_session_about (expires);";

pub(super) fn tell(file: &Connection, told: &Told<'_>) -> rusqlite::Result<()> {
    match told {
        Told::About(about) => put(file, about),
        Told::Forgotten { session } => forget(file, session),
        Told::Seen {
            session,
            last_seen,
            expires,
        } => {
            let mut asked = file.prepare_cached(
                "UPDATE edge_session_about SET last_seen = ?2, expires = ?3 WHERE name = ?1",
            )?;
            let values = params![session.bytes(), last_seen, expires];
            asked.execute(values).map(drop)
        }
    }
}

fn put(file: &Connection, about: &About<'_>) -> rusqlite::Result<()> {
    let mut asked = file.prepare_cached(
        "INSERT INTO edge_session_about (name, user_id, ip, user_agent, created, last_seen, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (name) DO UPDATE SET user_id = excluded.user_id, ip = excluded.ip,
             user_agent = excluded.user_agent, last_seen = excluded.last_seen, expires = excluded.expires,
             created = iif(excluded.created IS NULL, NULL, coalesce(created, excluded.created))",
    )?;
    let values = params![
        about.session.bytes(),
        about.user_id,
        about.ip,
        about.user_agent,
        about.created,
        about.last_seen,
        about.expires
    ];
    asked.execute(values).map(drop)
}

pub(super) fn forget(file: &Connection, session: &StoreName) -> rusqlite::Result<()> {
    let mut asked = file.prepare_cached("DELETE FROM edge_session_about WHERE name = ?1")?;
    asked.execute([session.bytes()]).map(drop)
}

pub(super) fn clean(file: &Connection, now: Timestamp, at_most: u64) -> rusqlite::Result<u64> {
    let mut asked = file.prepare_cached(
        "DELETE FROM edge_session_about WHERE name IN
         (SELECT name FROM edge_session_about WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?;
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    Ok(asked.execute(params![now.seconds(), at_most])? as u64)
}

/// By the index alone.
pub(super) fn by_age(file: &Connection, now: Timestamp) -> rusqlite::Result<[u64; 5]> {
    let mut asked = file.prepare_cached(
        "SELECT count(*) FROM edge_session_about INDEXED BY edge_session_about_last_seen
         WHERE created > ?1 AND created <= ?2 AND expires > ?3",
    )?;
    let mut counts = [0; 5];
    let mut until = i64::MAX;
    for (class, count) in counts.iter_mut().enumerate() {
        let from = Statistics::TIME_LEFT.get(class);
        let from = from.map_or(i64::MIN, |seconds| now.seconds().saturating_sub(*seconds));
        let number: i64 = asked.query_row(params![from, until, now.seconds()], |row| row.get(0))?;
        *count = number.max(0).cast_unsigned();
        until = from;
    }
    Ok(counts)
}

pub(super) fn recent(
    file: &Connection,
    after: Option<&Cursor>,
    at_most: u32,
) -> rusqlite::Result<Page> {
    let (last_seen, name) = Recent::place(after);
    let sql = format!(
        "{RECENT} WHERE about.last_seen <= ?1 AND (about.last_seen < ?1 OR about.name < unhex(?2))
         ORDER BY about.last_seen DESC, about.name DESC LIMIT ?3"
    );
    listed(file, &sql, params![last_seen, name, at_most], at_most)
}

pub(super) fn of_user(file: &Connection, user: &str, at_most: u32) -> rusqlite::Result<Page> {
    let sql = format!("{RECENT} WHERE about.user_id = ?1 ORDER BY about.last_seen DESC LIMIT ?2");
    let page = listed(file, &sql, params![user, at_most], at_most)?;
    Ok(Page { next: None, ..page })
}

fn listed(
    file: &Connection,
    sql: &str,
    values: impl Params,
    at_most: u32,
) -> rusqlite::Result<Page> {
    let mut asked = file.prepare_cached(sql)?;
    let rows = asked.query_map(values, row)?;
    let rows = rows.collect::<rusqlite::Result<Vec<Recent>>>()?;
    Ok(page_of_recent(rows, at_most))
}

fn row(row: &Row<'_>) -> rusqlite::Result<Recent> {
    let name: Option<Vec<u8>> = row.get(2)?;
    let name = name.map(|name| name_of(&name, 2)).transpose()?;
    Ok(Recent {
        last_seen: row.get::<_, Option<i64>>(0)?.unwrap_or(0),
        session: row.get(1)?,
        name: name.map(|name| name.to_text()),
        record: row.get(3)?,
        expires: row.get(4)?,
    })
}

// A session whose record is gone is told all the same: a listing goes on behind it.
const RECENT: &str =
    "SELECT about.last_seen, lower(hex(about.name)), kept.name, kept.record, kept.expires
    FROM edge_session_about AS about
    LEFT JOIN edge_session_head AS head ON head.name = about.name
    LEFT JOIN edge_session_record AS kept ON kept.name = head.record";
