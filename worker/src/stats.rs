//! `/_session/stats`: what lies in D1, for whoever shows the token.

use serde::Deserialize;
use serde_json::{Value, json};
use session_codec::Timestamp;
use session_store::StoreError;

use crate::store::Database;

#[derive(Deserialize)]
struct Totals {
    records: u64,
    expired: u64,
    users: u64,
    octets: Option<f64>,
}

#[derive(Deserialize)]
struct Largest {
    name: String,
    octets: u64,
    expires: i64,
}

#[derive(Deserialize)]
struct Age {
    hours: i64,
    records: u64,
}

// Four characters of base64 stand for three octets.
const TOTALS: &str = "SELECT count(*) AS records, \
    coalesce(sum(expires <= ?1), 0) AS expired, count(DISTINCT user_id) AS users, \
    sum(length(record)) * 3 / 4 AS octets FROM session_record WHERE kind = 'session'";
const LARGEST: &str = "SELECT name, length(record) * 3 / 4 AS octets, expires \
    FROM session_record WHERE kind = 'session' AND expires > ?1 \
    ORDER BY length(record) DESC LIMIT 10";
// Bounds of the classes below: an hour, a day, a week, a month.
const AGES: &str = "SELECT CASE WHEN ?1 - created < 3600 THEN 1 WHEN ?1 - created < 86400 THEN 24 \
    WHEN ?1 - created < 604800 THEN 168 WHEN ?1 - created < 2592000 THEN 720 ELSE -1 END AS hours, \
    count(*) AS records FROM session_record \
    WHERE kind = 'session' AND expires > ?1 AND created IS NOT NULL GROUP BY 1 ORDER BY 1";

const ROW_TOTALS: &str = "SELECT count(*) AS records, \
    coalesce(sum(expire_date <= datetime(?1, 'unixepoch')), 0) AS expired, 0 AS users, \
    sum(length(session_data)) AS octets FROM django_session";
// Keys are credentials, so the largest have no name.
const LARGEST_ROWS: &str = "SELECT '' AS name, length(session_data) AS octets, \
    CAST(strftime('%s', expire_date) AS INTEGER) AS expires FROM django_session \
    WHERE expire_date > datetime(?1, 'unixepoch') ORDER BY length(session_data) DESC LIMIT 10";

/// The same of Django's own table, which knows neither users nor beginnings.
pub(crate) async fn of_rows(database: &Database, now: Timestamp) -> Result<Value, StoreError> {
    let totals: Vec<Totals> = database.query(ROW_TOTALS, now).await?;
    let largest: Vec<Largest> = database.query(LARGEST_ROWS, now).await?;
    let totals = totals.first();
    let largest = largest.iter();
    Ok(json!({
        "records": totals.map_or(0, |totals| totals.records),
        "expired": totals.map_or(0, |totals| totals.expired),
        "octets": totals.and_then(|totals| totals.octets).unwrap_or(0.0),
        "largest": largest
            .map(|row| json!({ "octets": row.octets, "expires": row.expires }))
            .collect::<Vec<_>>(),
    }))
}

/// Reads the whole table once: for people, not for every minute.
pub(crate) async fn of_records(database: &Database, now: Timestamp) -> Result<Value, StoreError> {
    let totals: Vec<Totals> = database.query(TOTALS, now).await?;
    let largest: Vec<Largest> = database.query(LARGEST, now).await?;
    let ages: Vec<Age> = database.query(AGES, now).await?;
    let totals = totals.first();
    let largest: Vec<_> = largest.iter().map(largest_json).collect();
    let ages: Vec<_> = ages.iter().map(age_json).collect();
    Ok(json!({
        "records": totals.map_or(0, |totals| totals.records),
        "expired": totals.map_or(0, |totals| totals.expired),
        "users": totals.map_or(0, |totals| totals.users),
        "octets": totals.and_then(|totals| totals.octets).unwrap_or(0.0),
        "largest": largest,
        "ages": ages,
    }))
}

fn largest_json(row: &Largest) -> Value {
    json!({ "name": row.name, "octets": row.octets, "expires": row.expires })
}

/// Up to how many hours ago the sessions began; `null` for longer.
fn age_json(row: &Age) -> Value {
    let hours = (row.hours > 0).then_some(row.hours);
    json!({ "up_to_hours": hours, "records": row.records })
}
