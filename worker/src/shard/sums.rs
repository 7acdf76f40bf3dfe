//! The sums of all isolates, in an object of their own: of each minute of the last hour, and of all
//! time before.
//!
//! As everywhere in an object, nothing is awaited within a step. A batch that comes again under its
//! number changes nothing, so each is counted once. A batch writes two rows.

use serde::{Deserialize, Serialize};
use session_gateway::counters::{Series, handover::Batch};
use worker::{SqlStorage, SqlStorageValue};

use super::whole;

/// The object that keeps them: no name of a record is so short.
pub(crate) const PLACE: &str = "metrics";

/// Minutes that are kept one by one.
const MINUTES: i64 = 60;
/// The row of what came before them.
const BEFORE: i64 = -1;
/// Seconds for which it is remembered what an isolate handed on last: it may come again as long.
const ISOLATE_SECONDS: i64 = 24 * 3600;
/// An isolate hands on every ten seconds while it is asked anything.
const ACTIVE_SECONDS: i64 = 120;

pub(super) const TABLES: &str = "CREATE TABLE IF NOT EXISTS sum (minute INTEGER PRIMARY KEY, series TEXT NOT NULL); \
    CREATE TABLE IF NOT EXISTS isolate \
    (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, seen INTEGER NOT NULL);";

/// What the object shows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// The text of [`Series`]: everything that was ever handed on.
    pub(crate) all: String,
    /// The same of the last hour.
    pub(crate) hour: String,
    /// Isolates that have handed on of late, and in a day.
    pub(crate) active: i64,
    pub(crate) isolates: i64,
    /// Seconds since something was handed on.
    pub(crate) age: Option<i64>,
}

/// What was counted in a minute.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Minute {
    /// Minutes since 1970.
    pub(crate) minute: i64,
    /// The text of [`Series`].
    pub(crate) series: String,
}

/// Takes a batch, unless it was taken before.
pub(super) fn take(sql: &SqlStorage, batch: &Batch, now: i64) -> worker::Result<()> {
    let minute = now.div_euclid(60);
    let sequence = i64::try_from(batch.sequence).unwrap_or(i64::MAX);
    let query = "INSERT INTO isolate (name, sequence, seen) VALUES (?, ?, ?) \
        ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen \
        WHERE excluded.sequence > sequence RETURNING seen";
    let values = vec![batch.isolate.as_str().into(), whole(sequence), whole(now)];
    if rows(sql, query, values)?.is_empty() {
        return Ok(());
    }
    let mut series = match row(sql, minute)? {
        Some(text) => Series::from(text.as_str()),
        None => {
            fold(sql, minute, now)?;
            Series::default()
        }
    };
    series.add_text(&batch.text);
    put(sql, minute, &series)
}

/// A minute has begun: what is older than an hour becomes part of all that came before.
fn fold(sql: &SqlStorage, minute: i64, now: i64) -> worker::Result<()> {
    let oldest = whole(minute - MINUTES + 1);
    let query = "SELECT series FROM sum WHERE minute >= 0 AND minute < ?";
    let folded = rows(sql, query, vec![oldest.clone()])?;
    if !folded.is_empty() {
        let before = row(sql, BEFORE)?.unwrap_or_default();
        let mut before = Series::from(before.as_str());
        folded
            .iter()
            .filter_map(|row| text(row))
            .for_each(|text| before.add_text(text));
        put(sql, BEFORE, &before)?;
        sql.exec(
            "DELETE FROM sum WHERE minute >= 0 AND minute < ?",
            vec![oldest],
        )?;
    }
    let query = "DELETE FROM isolate WHERE seen < ?";
    sql.exec(query, vec![whole(now - ISOLATE_SECONDS)])?;
    Ok(())
}

/// What there is.
pub(super) fn show(sql: &SqlStorage, now: i64) -> worker::Result<Sums> {
    let first = now.div_euclid(60) - MINUTES + 1;
    let (mut all, mut hour) = (Series::default(), Series::default());
    for row in rows(sql, "SELECT series, minute FROM sum", Vec::new())? {
        let Some(text) = text(&row) else { continue };
        all.add_text(text);
        if number(row.get(1)).is_some_and(|minute| minute >= first) {
            hour.add_text(text);
        }
    }
    let query = "SELECT count(*), sum(seen >= ?), max(seen) FROM isolate";
    let isolates = rows(sql, query, vec![whole(now - ACTIVE_SECONDS)])?;
    let of = |n| isolates.first().and_then(|row| number(row.get(n)));
    Ok(Sums {
        all: all.to_string(),
        hour: hour.to_string(),
        active: of(1).unwrap_or(0),
        isolates: of(0).unwrap_or(0),
        age: of(2).map(|seen| (now - seen).max(0)),
    })
}

/// The minutes of the last hour in which something was handed on, the earliest first.
pub(super) fn hour(sql: &SqlStorage, now: i64) -> worker::Result<Vec<Minute>> {
    let first = now.div_euclid(60) - MINUTES + 1;
    let query = "SELECT series, minute FROM sum WHERE minute >= ? ORDER BY minute";
    let rows = rows(sql, query, vec![whole(first)])?;
    let minutes = rows.iter().filter_map(|row| {
        Some(Minute {
            minute: number(row.get(1))?,
            series: text(row)?.to_owned(),
        })
    });
    Ok(minutes.collect())
}

fn row(sql: &SqlStorage, minute: i64) -> worker::Result<Option<String>> {
    let query = "SELECT series FROM sum WHERE minute = ?";
    let found = rows(sql, query, vec![whole(minute)])?;
    Ok(found.first().and_then(|row| text(row)).map(str::to_owned))
}

fn put(sql: &SqlStorage, minute: i64, series: &Series) -> worker::Result<()> {
    let query = "INSERT OR REPLACE INTO sum (minute, series) VALUES (?, ?)";
    let values = vec![whole(minute), series.to_string().into()];
    sql.exec(query, values).map(drop)
}

fn rows(
    sql: &SqlStorage,
    query: &str,
    values: Vec<SqlStorageValue>,
) -> worker::Result<Vec<Vec<SqlStorageValue>>> {
    sql.exec(query, values)?.raw().collect()
}

fn text(row: &[SqlStorageValue]) -> Option<&str> {
    match row.first() {
        Some(SqlStorageValue::String(text)) => Some(text),
        _ => None,
    }
}

fn number(value: Option<&SqlStorageValue>) -> Option<i64> {
    match value {
        Some(SqlStorageValue::Integer(number)) => Some(*number),
        _ => None,
    }
}
