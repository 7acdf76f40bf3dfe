//! `/_session/stats`: what lies in the store, for whoever shows the token, in bounded time.
//!
//! Names of records are keyed hashes, and Django's session keys are random, so both lie evenly
//! between all names there can be. Of a large table the first rows by name are as good as any: how
//! much of all names they take says how many rows there are.

use serde_json::{Value, json};
use session_codec::Timestamp;
use session_store::StoreError;
use worker::{Bucket, D1Result, KvStore};

use crate::store::{Database, Row, failed, rows_of};

/// Rows that are looked at.
const SAMPLE: u32 = 10_000;

/// Objects that R2 lists at once.
const PAGE: u32 = 1000;

/// Characters by which a place between all names is known.
const TELLING: usize = 8;

/// The letters of names of records, in the order of texts.
const BASE64URL: &[u8] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/// Those of Django's session keys.
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

// Four characters of base64 stand for three bytes. Bounds of the ages: an hour, a day, a week, a
// month.
const TOTALS: &str = "SELECT count(*) AS rows, max(name) AS last, \
    coalesce(sum(kind = 'session'), 0) AS records, \
    coalesce(sum(kind = 'session' AND expires <= ?1), 0) AS expired, \
    count(DISTINCT CASE kind WHEN 'session' THEN user_id END) AS users, \
    sum(CASE kind WHEN 'session' THEN length(record) END) * 3 / 4 AS bytes, \
    coalesce(sum(age < 3600), 0) AS hour, \
    coalesce(sum(age >= 3600 AND age < 86400), 0) AS day, \
    coalesce(sum(age >= 86400 AND age < 604800), 0) AS week, \
    coalesce(sum(age >= 604800 AND age < 2592000), 0) AS month, \
    coalesce(sum(age >= 2592000), 0) AS older FROM \
    (SELECT name, kind, expires, user_id, record, \
    CASE WHEN kind = 'session' AND expires > ?1 THEN ?1 - created END AS age \
    FROM session_record ORDER BY name LIMIT ?2)";
const LARGEST: &str = "SELECT name, length(record) * 3 / 4 AS bytes, expires FROM \
    (SELECT * FROM session_record ORDER BY name LIMIT ?2) \
    WHERE kind = 'session' AND expires > ?1 ORDER BY length(record) DESC LIMIT 10";

const ROW_TOTALS: &str = "SELECT count(*) AS rows, max(session_key) AS last, count(*) AS records, \
    coalesce(sum(expire_date <= datetime(?1, 'unixepoch')), 0) AS expired, 0 AS users, \
    sum(length(session_data)) AS bytes, 0 AS hour, 0 AS day, 0 AS week, 0 AS month, 0 AS older \
    FROM (SELECT * FROM django_session ORDER BY session_key LIMIT ?2)";
// Keys are credentials, so the largest have no name.
const LARGEST_ROWS: &str = "SELECT NULL AS name, length(session_data) AS bytes, \
    CAST(strftime('%s', expire_date) AS INTEGER) AS expires FROM \
    (SELECT * FROM django_session ORDER BY session_key LIMIT ?2) \
    WHERE expire_date > datetime(?1, 'unixepoch') ORDER BY length(session_data) DESC LIMIT 10";

/// Of Django's own table, which knows neither users nor beginnings.
pub(crate) async fn of_rows(database: &Database, now: Timestamp) -> Result<Value, StoreError> {
    let (mut stats, _) = read(database, ROW_TOTALS, LARGEST_ROWS, BASE36, now).await?;
    if let Some(stats) = stats.as_object_mut() {
        stats.remove("users");
        stats.remove("ages");
    }
    Ok(stats)
}

/// Of records.
pub(crate) async fn of_records(database: &Database, now: Timestamp) -> Result<Value, StoreError> {
    let (mut stats, totals) = read(database, TOTALS, LARGEST, BASE64URL, now).await?;
    let Some((totals, share)) = totals else {
        return Ok(stats);
    };
    let mut ages = Vec::new();
    for (hours, column) in [
        (Some(1), "hour"),
        (Some(24), "day"),
        (Some(168), "week"),
        (Some(720), "month"),
        (None, "older"),
    ] {
        let records = totals.number(column)?;
        if records > 0.0 {
            ages.push(json!({ "up_to_hours": hours, "records": whole(records / share) }));
        }
    }
    stats["ages"] = ages.into();
    Ok(stats)
}

async fn read(
    database: &Database,
    totals: &str,
    largest: &str,
    letters: &[u8],
    now: Timestamp,
) -> Result<(Value, Option<(Row, f64)>), StoreError> {
    let values = [crate::store::seconds(now), SAMPLE.into()];
    let asked = [(totals, values.to_vec()), (largest, values.to_vec())];
    let answers = database.batch(&asked).await?;
    let [totals, largest] = answers.as_slice() else {
        return Ok((json!({}), None));
    };
    let rows_read = rows_read(totals) + rows_read(largest);
    let Some(mut totals) = rows_of(totals)?.into_iter().next() else {
        return Ok((json!({}), None));
    };
    let share = match totals.text("last")? {
        Some(last) if totals.number("rows")? >= f64::from(SAMPLE) => {
            place(&last, letters).max(1e-9)
        }
        _ => 1.0,
    };
    let mut shown = Vec::new();
    for mut row in rows_of(largest)? {
        let (bytes, expires) = (row.integer("bytes")?, row.integer("expires")?);
        shown.push(match row.text("name")? {
            Some(name) => json!({ "name": name, "bytes": bytes, "expires": expires }),
            None => json!({ "bytes": bytes, "expires": expires }),
        });
    }
    let stats = json!({
        "records": whole(totals.number("records")? / share),
        "expired": whole(totals.number("expired")? / share),
        // Who has several sessions may be in a part of the table more than once.
        "users": (share >= 1.0).then_some(whole(totals.number("users")?)),
        "bytes": whole(totals.number("bytes")? / share),
        // Part of the table that was looked at: of less than all, the rest is reckoned from it.
        "share": share,
        // D1 is paid by them.
        "rows_read": rows_read,
        "largest": shown,
        "ages": [],
    });
    Ok((stats, Some((totals, share))))
}

/// Rows that D1 has read for a statement.
fn rows_read(answer: &D1Result) -> usize {
    let meta = answer.meta().ok().flatten();
    meta.and_then(|meta| meta.rows_read).unwrap_or_default()
}

/// Of KV, which tells names and no more: ends of sessions are among the records.
pub(crate) async fn of_kv(store: &KvStore) -> Result<Value, StoreError> {
    let page = store.list().execute().await.map_err(failed)?;
    let names = page.keys.iter().map(|key| key.name.as_str());
    let share = share(names.clone().next_back().filter(|_| !page.list_complete));
    Ok(json!({ "entries": whole(count(names) / share), "share": share }))
}

/// Of R2, which tells sizes as well.
pub(crate) async fn of_bucket(bucket: &Bucket) -> Result<Value, StoreError> {
    let page = bucket.list().limit(PAGE).execute().await.map_err(failed)?;
    let mut objects: Vec<(String, u64)> = page
        .objects()
        .iter()
        .map(|object| (object.key(), object.size()))
        .collect();
    // A key is its name in hashed directories.
    let last = objects.last().map(|(key, _)| key.replace('/', ""));
    let last = last.map(|key| key.get(4..).unwrap_or_default().to_owned());
    let share = share(last.as_deref().filter(|_| page.truncated()));
    let bytes: u64 = objects.iter().map(|(_, bytes)| bytes).sum();
    objects.sort_by_key(|(_, bytes)| core::cmp::Reverse(*bytes));
    #[expect(
        clippy::cast_precision_loss,
        reason = "a page of objects is below 2^52 bytes"
    )]
    let bytes = bytes as f64;
    Ok(json!({
        "entries": whole(count(objects.iter()) / share),
        "bytes": whole(bytes / share),
        "share": share,
        "largest": objects.iter().take(10)
            .map(|(key, bytes)| json!({ "name": key, "bytes": bytes }))
            .collect::<Vec<_>>(),
    }))
}

/// The part of all names up to the last one of a page; `None`: there is no other page.
fn share(last: Option<&str>) -> f64 {
    last.map_or(1.0, |last| place(last, BASE64URL).max(1e-9))
}

fn count(items: impl Iterator) -> f64 {
    f64::from(u32::try_from(items.count()).unwrap_or(u32::MAX))
}

/// Where a name lies between all names, from 0 to 1.
fn place(name: &str, letters: &[u8]) -> f64 {
    let base = f64::from(u8::try_from(letters.len()).unwrap_or(u8::MAX));
    let mut unit = 1.0;
    let mut place = 0.0;
    for letter in name.bytes().take(TELLING) {
        unit /= base;
        let index = letters.iter().position(|known| *known == letter);
        let index = u8::try_from(index.unwrap_or_default()).unwrap_or(u8::MAX);
        place += unit * f64::from(index);
    }
    place + unit
}

/// A number of rows or bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows and bytes are neither negative nor beyond 2^53"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_place_between_all() {
        assert!(BASE64URL.is_sorted() && BASE36.is_sorted());
        assert!(place("--------", BASE64URL) < 1e-9);
        assert!(place("zzzzzzzzzzz", BASE64URL) > 0.999_999);
        assert!((place("U-------", BASE64URL) - 0.5).abs() < 0.02);
        assert!((place("i0000000", BASE36) - 0.5).abs() < 1e-6);
    }
}
