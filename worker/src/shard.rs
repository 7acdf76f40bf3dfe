//! The Durable Objects that hold records and heads.
//!
//! **Concurrency.** The platform gives an object one thread and hands it requests one at a time
//! wherever it does not wait. Every operation here is SQL on the object's own storage, which is
//! synchronous, and nothing is awaited between the first statement of an operation and its last:
//! so each operation is one step that no other request comes between, and compare-and-swap needs
//! no lock. Its writes are confirmed together, before the answer leaves (output gate). A request
//! that is repeated because its answer was lost finds its own effect and says so.
//!
//! Each session has an object of its own, chosen by where the names of the session begin: its
//! records, its head and its end lie together, near whom they belong to. What is told of a user has
//! its object likewise, and so have the sums of what isolates count ([`sums`]). One that nobody has
//! written to keeps nothing, and one whose rows have all expired forgets even its tables.

mod sums;

use core::cell::Cell;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use session_codec::StoreName;
use session_gateway::counters::handover::Batch;
pub(crate) use sums::{Minute, PLACE, Sums};
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
    (name TEXT PRIMARY KEY, record BLOB NOT NULL, expires INTEGER NOT NULL, is_end INTEGER NOT NULL); \
    CREATE INDEX IF NOT EXISTS record_expires ON record (expires); \
    CREATE TABLE IF NOT EXISTS head \
    (name TEXT PRIMARY KEY, record TEXT, cookie TEXT, expires INTEGER NOT NULL); \
    CREATE INDEX IF NOT EXISTS head_expires ON head (expires);";

/// What a request asks a shard for; the record itself is the body.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShardRequest {
    /// The live record: 200 with its bytes, or 404.
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
    /// Keep the body, move a head and look names up, all or nothing: 200 with a [`ShardReply`], and
    /// the record of the head that was faster, or 409.
    Commit {
        record: Option<ShardRecord>,
        head: Option<ShardMove>,
        listed: Vec<String>,
        now: i64,
    },
    /// The head: 200 with a [`ShardReply`] and its record.
    Head { name: String, now: i64 },
    /// Put up a tombstone, and forget the session's records: 200 with a [`ShardReply`] of what was
    /// there.
    End {
        name: String,
        expires: i64,
        now: i64,
    },
    /// Add what an isolate counted, whose text is the body: 204.
    Count { isolate: String, sequence: u64 },
    /// What was counted: 200 with [`Sums`] as JSON.
    Sums,
    /// What was counted in the last hour: 200 with each [`Minute`] as JSON.
    Hour,
}

/// A record to keep; its bytes are the body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShardRecord {
    pub(crate) name: String,
    pub(crate) expires: i64,
}

/// How a head is to move.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShardMove {
    pub(crate) name: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<ShardHead>,
    pub(crate) expires: i64,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardHead {
    pub(crate) record: String,
    pub(crate) cookie: String,
}

/// What became of it, in the header [`REPLY`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShardReply {
    /// Kept; and what is listed.
    Saved(Vec<Option<ShardListed>>),
    /// There is another head; the body is its record, which expires then, if there is one.
    Other {
        head: ShardHead,
        expires: Option<i64>,
    },
    Ended,
    /// There is no head.
    Absent,
}

/// A short record, in base64.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShardListed {
    pub(crate) record: String,
    pub(crate) expires: i64,
}

/// The header that carries an [`ShardRequest`] as JSON.
pub(crate) const ASK: &str = "x-ask";
/// The header that carries a [`ShardReply`] as JSON.
pub(crate) const REPLY: &str = "x-reply";
/// The header of an answer that says when the record in it expires, in Unix seconds.
pub(crate) const EXPIRES: &str = "x-expires";

/// A Durable Object with what belongs to one session.
#[durable_object]
#[derive(Debug)]
pub struct SessionShard {
    state: State,
    has_tables: Cell<bool>,
    has_sums: Cell<bool>,
}

impl DurableObject for SessionShard {
    fn new(state: State, _: Env) -> Self {
        Self {
            state,
            has_tables: Cell::new(false),
            has_sums: Cell::new(false),
        }
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
        match ask {
            ShardRequest::Get { name, now } => self.get(name, now),
            ShardRequest::Head { name, now } => {
                let reply = match self.head(&name, now)? {
                    None => ShardReply::Absent,
                    Some(state) => return self.shown(state, now),
                };
                replied(&reply, Vec::new())
            }
            ShardRequest::Put {
                name,
                replaces,
                expires,
                now,
            } => {
                self.make_tables()?;
                let is_kept = self.put(name, body, replaces, expires)?;
                self.wake(expires.saturating_sub(now)).await?;
                if is_kept { done() } else { conflict() }
            }
            ShardRequest::Delete { name } => {
                if self.find_tables()? {
                    let query = "DELETE FROM record WHERE name = ?";
                    self.sql().exec(query, vec![name.into()])?;
                }
                done()
            }
            ShardRequest::Commit {
                record,
                head,
                listed,
                now,
            } => {
                let expires = record.as_ref().map(|record| record.expires);
                let expires = expires.max(head.as_ref().map(|change| change.expires));
                let response = self.commit(record, body, head, listed, now)?;
                if let Some(expires) = expires {
                    self.wake(expires.saturating_sub(now)).await?;
                }
                Ok(response)
            }
            ShardRequest::End { name, expires, now } => {
                let response = self.end(name, expires, now)?;
                self.wake(expires.saturating_sub(now)).await?;
                Ok(response)
            }
            ShardRequest::Count { isolate, sequence } => {
                let Ok(text) = String::from_utf8(body) else {
                    return Response::error("not understood", 400);
                };
                let batch = Batch {
                    isolate,
                    sequence,
                    text,
                };
                sums::take(&self.sums()?, &batch, seconds_now())?;
                done()
            }
            ShardRequest::Sums => Response::from_json(&sums::show(&self.sums()?, seconds_now())?),
            ShardRequest::Hour => Response::from_json(&sums::hour(&self.sums()?, seconds_now())?),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if !self.find_tables()? {
            return Response::empty();
        }
        let now = seconds_now();
        let mut more = false;
        let mut next: Option<i64> = None;
        for (sweep, earliest) in [
            (SWEEP_RECORDS, "SELECT min(expires) FROM record"),
            (SWEEP_HEADS, "SELECT min(expires) FROM head"),
        ] {
            let values = vec![whole(now), SqlStorageValue::Integer(SWEEP_ROWS)];
            let deleted = self.sql().exec(sweep, values)?.rows_written();
            more |= i64::try_from(deleted).unwrap_or(0) >= SWEEP_ROWS;
            if let Some(SqlStorageValue::Integer(expires)) = self.first(earliest, vec![])?.first() {
                next = Some(next.map_or(*expires, |next| next.min(*expires)));
            }
        }
        let storage = self.state.storage();
        if more {
            storage.set_alarm(SWEEP_AGAIN_MILLIS).await?;
        } else if let Some(next) = next {
            storage.set_alarm(delay(next.saturating_sub(now))).await?;
        } else {
            self.has_tables.set(false);
            storage.delete_all().await?;
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

    /// The same with the tables of [`sums`], which are made once.
    fn sums(&self) -> worker::Result<SqlStorage> {
        let sql = self.sql();
        if !self.has_sums.get() {
            sql.exec(sums::TABLES, None)?;
            self.has_sums.set(true);
        }
        Ok(sql)
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

    /// Whether there is anything at all: to look does not make an object that keeps something.
    fn find_tables(&self) -> worker::Result<bool> {
        if !self.has_tables.get() {
            let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'head'";
            self.has_tables.set(!self.first(query, vec![])?.is_empty());
        }
        Ok(self.has_tables.get())
    }

    fn make_tables(&self) -> worker::Result<()> {
        if !self.has_tables.get() {
            self.sql().exec(TABLES, None)?;
            self.has_tables.set(true);
        }
        Ok(())
    }

    /// A live record and when it expires.
    fn record(&self, name: String, now: i64) -> worker::Result<Option<(Vec<u8>, i64)>> {
        if !self.find_tables()? {
            return Ok(None);
        }
        let query = "SELECT record, expires FROM record WHERE name = ? AND expires > ?";
        let row = self.first(query, vec![name.into(), whole(now)])?;
        Ok(match <[_; 2]>::try_from(row) {
            Ok(
                [
                    SqlStorageValue::Blob(record),
                    SqlStorageValue::Integer(expires),
                ],
            ) => Some((record, expires)),
            _ => None,
        })
    }

    fn get(&self, name: String, now: i64) -> worker::Result<Response> {
        match self.record(name, now)? {
            Some((record, expires)) => {
                let mut response = Response::from_bytes(record)?;
                let headers = response.headers_mut();
                headers.set(EXPIRES, &expires.to_string())?;
                Ok(response)
            }
            None => Response::error("absent", 404),
        }
    }

    /// Whether it is kept now, and no other record has its name.
    fn put(
        &self,
        name: String,
        record: Vec<u8>,
        replaces: bool,
        expires: i64,
    ) -> worker::Result<bool> {
        let query = "INSERT INTO record (name, record, expires, is_end) VALUES (?, ?, ?, ?) \
            ON CONFLICT (name) DO UPDATE SET record = excluded.record, expires = excluded.expires \
            WHERE record.record = excluded.record OR excluded.is_end RETURNING name";
        let record = SqlStorageValue::Blob(record);
        let values = vec![name.into(), record, whole(expires), whole(replaces.into())];
        Ok(!self.first(query, values)?.is_empty())
    }

    /// The head, or the tombstone that is `Some(None)`.
    fn head(&self, name: &str, now: i64) -> worker::Result<Option<Option<ShardHead>>> {
        if !self.find_tables()? {
            return Ok(None);
        }
        let query = "SELECT record, cookie FROM head WHERE name = ? AND expires > ?";
        let row = self.first(query, vec![name.into(), whole(now)])?;
        Ok(match <[SqlStorageValue; 2]>::try_from(row) {
            Ok(
                [
                    SqlStorageValue::String(record),
                    SqlStorageValue::String(cookie),
                ],
            ) => Some(Some(ShardHead { record, cookie })),
            Ok(_) => Some(None),
            Err(_) => None,
        })
    }

    /// A head with its record, or that the session ended.
    fn shown(&self, state: Option<ShardHead>, now: i64) -> worker::Result<Response> {
        let Some(head) = state else {
            return replied(&ShardReply::Ended, Vec::new());
        };
        let (record, expires) = self.record(head.record.clone(), now)?.unzip();
        let reply = ShardReply::Other { head, expires };
        replied(&reply, record.unwrap_or_default())
    }

    fn commit(
        &self,
        record: Option<ShardRecord>,
        body: Vec<u8>,
        head: Option<ShardMove>,
        listed: Vec<String>,
        now: i64,
    ) -> worker::Result<Response> {
        if let Some(change) = &head {
            match self.head(&change.name, now)? {
                Some(Some(there)) if change.from.as_ref() == Some(&there.record) => {}
                Some(Some(there)) if change.to.as_ref() == Some(&there) => {}
                Some(state) => return self.shown(state, now),
                None => {}
            }
        }
        if record.is_some() || head.is_some() {
            self.make_tables()?;
        }
        if let Some(record) = record
            && !self.put(record.name, body, false, record.expires)?
        {
            return conflict();
        }
        match head {
            None => {}
            Some(ShardMove {
                name,
                to: Some(to),
                expires,
                ..
            }) => {
                let query = "INSERT OR REPLACE INTO head (name, record, cookie, expires) VALUES (?, ?, ?, ?)";
                let values = vec![
                    name.into(),
                    to.record.into(),
                    to.cookie.into(),
                    whole(expires),
                ];
                self.sql().exec(query, values)?;
            }
            Some(ShardMove { name, to: None, .. }) => {
                self.sql()
                    .exec("DELETE FROM head WHERE name = ?", vec![name.into()])?;
            }
        }
        let listed = listed.into_iter().map(|name| {
            let kept = self.record(name, now)?;
            Ok(kept.map(|(record, expires)| ShardListed {
                record: STANDARD_NO_PAD.encode(record),
                expires,
            }))
        });
        let listed = listed.collect::<worker::Result<_>>()?;
        replied(&ShardReply::Saved(listed), Vec::new())
    }

    fn end(&self, name: String, expires: i64, now: i64) -> worker::Result<Response> {
        self.make_tables()?;
        let reply = match self.head(&name, now)? {
            Some(Some(head)) => ShardReply::Other {
                head,
                expires: None,
            },
            Some(None) => ShardReply::Ended,
            None => ShardReply::Absent,
        };
        // Nobody needs them any more, whether or not anybody knows of them.
        let place = name
            .parse()
            .map_or_else(|_| name.clone(), |name: StoreName| name.place());
        let query = "DELETE FROM record WHERE name >= ? AND name < ? || '~' AND NOT is_end";
        self.sql()
            .exec(query, vec![place.as_str().into(), place.as_str().into()])?;
        let query =
            "INSERT OR REPLACE INTO head (name, record, cookie, expires) VALUES (?, NULL, NULL, ?)";
        self.sql().exec(query, vec![name.into(), whole(expires)])?;
        replied(&reply, Vec::new())
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

fn seconds_now() -> i64 {
    let now = worker::Date::now().as_millis() / 1000;
    i64::try_from(now).unwrap_or(i64::MAX)
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

fn replied(reply: &ShardReply, body: Vec<u8>) -> worker::Result<Response> {
    let mut response = Response::from_bytes(body)?;
    let reply = serde_json::to_string(reply)?;
    response.headers_mut().set(REPLY, &reply)?;
    Ok(response)
}

fn conflict() -> worker::Result<Response> {
    Response::error("another record has this name", 409)
}

fn done() -> worker::Result<Response> {
    Ok(Response::empty()?.with_status(204))
}
