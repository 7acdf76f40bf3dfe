//! One of the Durable Objects that hold records and heads.
//!
//! **Concurrency.** The platform gives an object one thread and hands it requests one at a time
//! wherever it does not wait. Every operation here is SQL on the object's own storage, which is
//! synchronous, and nothing is awaited between the first statement of an operation and its last:
//! so each operation is one step that no other request comes between, and compare-and-swap needs
//! no lock. Its writes are confirmed together, before the answer leaves (output gate). A request
//! that is repeated because its answer was lost finds its own effect and says so.
//!
//! Objects are chosen by the first character of a record's name, so that there are 64, each with
//! its share of all sessions; a name decides its object for ever.

use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Method, Request, Response, SqlStorage, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

/// Rows that one alarm deletes; the rest waits for the next, so that requests come between.
const SWEEP_ROWS: i64 = 500;
/// Milliseconds to the next alarm while more is to be deleted.
const SWEEP_AGAIN_MILLIS: i64 = 1000;
/// Alarms are not set further ahead than a day: what is longer is looked at again then.
const LATEST_ALARM_MILLIS: i64 = 24 * 3600 * 1000;

const TABLES: &str = "CREATE TABLE IF NOT EXISTS record \
    (name TEXT PRIMARY KEY, record BLOB NOT NULL, expires INTEGER NOT NULL); \
    CREATE INDEX IF NOT EXISTS record_expires ON record (expires); \
    CREATE TABLE IF NOT EXISTS head \
    (name TEXT PRIMARY KEY, record TEXT, cookie TEXT, expires INTEGER NOT NULL); \
    CREATE INDEX IF NOT EXISTS head_expires ON head (expires);";

/// What a request asks a shard for; the record itself is the body.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// The live record: 200 with its octets, or 404.
    Get { name: String, now: i64 },
    /// Keep the body: 204, or 409 if another record has the name and is not to be replaced.
    Put {
        name: String,
        replaces: bool,
        expires: i64,
        now: i64,
    },
    /// Forget a record: 204.
    Delete { name: String },
    /// Move a head: 200 with a [`Moved`].
    Swap {
        name: String,
        from: Option<String>,
        to: Option<(String, String)>,
        expires: i64,
        now: i64,
    },
    /// Put up a tombstone: 204.
    End {
        name: String,
        expires: i64,
        now: i64,
    },
}

/// How a swap went.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moved {
    Done,
    Other { record: String, cookie: String },
    Ended,
}

/// The header that carries an [`Ask`] as JSON.
pub(crate) const ASK: &str = "x-ask";
/// The header of an answer that says when the record in it expires, in Unix seconds.
pub(crate) const EXPIRES: &str = "x-expires";

/// A Durable Object with a share of all records.
#[durable_object]
#[derive(Debug)]
pub struct SessionShard {
    state: State,
}

impl DurableObject for SessionShard {
    fn new(state: State, _: Env) -> Self {
        let shard = Self { state };
        // Fails only where the class has no SQLite storage, and then every request says so.
        if let Err(error) = shard.sql().exec(TABLES, None) {
            crate::log::warn("shard-tables", &serde_json::json!(error.to_string()));
        }
        shard
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let ask = request.headers().get(ASK)?.unwrap_or_default();
        let Ok(ask) = serde_json::from_str(&ask) else {
            return Response::error("not understood", 400);
        };
        // The body first: from here on nothing is awaited until the operation is done.
        let body = match request.method() {
            Method::Put => request.bytes().await?,
            _ => Vec::new(),
        };
        let (response, expires) = match ask {
            Ask::Get { name, now } => return self.get(name, now),
            Ask::Put {
                name,
                replaces,
                expires,
                now,
            } => {
                let kept = self.put(name, body, replaces, expires)?;
                (kept, Some((expires, now)))
            }
            Ask::Delete { name } => (self.delete(name)?, None),
            Ask::Swap {
                name,
                from,
                to,
                expires,
                now,
            } => {
                let moved = self.swap(name, from, to, (expires, now))?;
                (Response::from_json(&moved)?, Some((expires, now)))
            }
            Ask::End { name, expires, now } => (self.end(name, expires)?, Some((expires, now))),
        };
        if let Some((expires, now)) = expires {
            self.wake(expires.saturating_sub(now)).await?;
        }
        Ok(response)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let now = worker::Date::now().as_millis() / 1000;
        let now = SqlStorageValue::Integer(i64::try_from(now).unwrap_or(i64::MAX));
        let mut more = false;
        let mut next: Option<i64> = None;
        for (sweep, earliest) in [
            (SWEEP_RECORDS, "SELECT min(expires) FROM record"),
            (SWEEP_HEADS, "SELECT min(expires) FROM head"),
        ] {
            let values = vec![now.clone(), SqlStorageValue::Integer(SWEEP_ROWS)];
            let deleted = self.sql().exec(sweep, values)?.rows_written();
            more |= i64::try_from(deleted).unwrap_or(0) >= SWEEP_ROWS;
            if let Some(SqlStorageValue::Integer(expires)) = self.first(earliest, vec![])?.first() {
                next = Some(next.map_or(*expires, |next| next.min(*expires)));
            }
        }
        if more {
            self.state.storage().set_alarm(SWEEP_AGAIN_MILLIS).await?;
        } else if let (Some(next), SqlStorageValue::Integer(now)) = (next, now) {
            self.state
                .storage()
                .set_alarm(delay(next.saturating_sub(now)))
                .await?;
        }
        Response::empty()
    }
}

const SWEEP_RECORDS: &str =
    "DELETE FROM record WHERE name IN (SELECT name FROM record WHERE expires <= ? LIMIT ?)";
const SWEEP_HEADS: &str =
    "DELETE FROM head WHERE name IN (SELECT name FROM head WHERE expires <= ? LIMIT ?)";

impl SessionShard {
    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }

    /// The first row of a query; empty without one.
    fn first(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> worker::Result<Vec<SqlStorageValue>> {
        let mut rows = self.sql().exec(query, values)?.raw();
        rows.next().unwrap_or_else(|| Ok(Vec::new()))
    }

    fn get(&self, name: String, now: i64) -> worker::Result<Response> {
        let query = "SELECT record, expires FROM record WHERE name = ? AND expires > ?";
        let row = self.first(query, vec![name.into(), whole(now)])?;
        match <[_; 2]>::try_from(row) {
            Ok(
                [
                    SqlStorageValue::Blob(record),
                    SqlStorageValue::Integer(expires),
                ],
            ) => {
                let mut response = Response::from_bytes(record)?;
                let headers = response.headers_mut();
                headers.set(EXPIRES, &expires.to_string())?;
                Ok(response)
            }
            _ => Response::error("absent", 404),
        }
    }

    fn put(
        &self,
        name: String,
        record: Vec<u8>,
        replaces: bool,
        expires: i64,
    ) -> worker::Result<Response> {
        let query = "INSERT INTO record (name, record, expires) VALUES (?, ?, ?) \
            ON CONFLICT (name) DO UPDATE SET record = excluded.record, expires = excluded.expires \
            WHERE record.record = excluded.record OR ? RETURNING name";
        let record = SqlStorageValue::Blob(record);
        let values = vec![name.into(), record, whole(expires), whole(replaces.into())];
        match self.first(query, values)?.is_empty() {
            true => Response::error("another record has this name", 409),
            false => done(),
        }
    }

    fn delete(&self, name: String) -> worker::Result<Response> {
        self.sql()
            .exec("DELETE FROM record WHERE name = ?", vec![name.into()])?;
        done()
    }

    fn swap(
        &self,
        name: String,
        from: Option<String>,
        to: Option<(String, String)>,
        (expires, now): (i64, i64),
    ) -> worker::Result<Moved> {
        let query = "SELECT record, cookie FROM head WHERE name = ? AND expires > ?";
        let row = self.first(query, vec![name.clone().into(), whole(now)])?;
        match <[SqlStorageValue; 2]>::try_from(row) {
            Ok(
                [
                    SqlStorageValue::String(record),
                    SqlStorageValue::String(cookie),
                ],
            ) => {
                let is_there = to
                    .as_ref()
                    .is_some_and(|to| to.0 == record && to.1 == cookie);
                if from.as_ref() != Some(&record) && !is_there {
                    return Ok(Moved::Other { record, cookie });
                }
            }
            Ok(_) => return Ok(Moved::Ended),
            Err(_) => {}
        }
        match to {
            Some((record, cookie)) => {
                let query = "INSERT OR REPLACE INTO head (name, record, cookie, expires) VALUES (?, ?, ?, ?)";
                let values = vec![name.into(), record.into(), cookie.into(), whole(expires)];
                self.sql().exec(query, values)?;
            }
            None => {
                self.sql()
                    .exec("DELETE FROM head WHERE name = ?", vec![name.into()])?;
            }
        }
        Ok(Moved::Done)
    }

    fn end(&self, name: String, expires: i64) -> worker::Result<Response> {
        let query =
            "INSERT OR REPLACE INTO head (name, record, cookie, expires) VALUES (?, NULL, NULL, ?)";
        self.sql().exec(query, vec![name.into(), whole(expires)])?;
        done()
    }

    /// Sees to it that an alarm comes when a row expires in so many seconds, or before.
    async fn wake(&self, seconds: i64) -> worker::Result<()> {
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() {
            storage.set_alarm(delay(seconds)).await?;
        }
        Ok(())
    }
}

fn delay(seconds: i64) -> i64 {
    seconds
        .saturating_mul(1000)
        .clamp(SWEEP_AGAIN_MILLIS, LATEST_ALARM_MILLIS)
}

/// A whole number as JavaScript keeps it.
fn whole(number: i64) -> SqlStorageValue {
    const MOST: i64 = (1 << 53) - 1;
    SqlStorageValue::Integer(number.clamp(-MOST, MOST))
}

fn done() -> worker::Result<Response> {
    Ok(Response::empty()?.with_status(204))
}
