use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use session_codec::{OwnerName, StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Newest, Proposal, Record, RecordMeta, Saved, SessionStore,
    StoreError, StoredRecord,
};
use worker::{D1Database, D1Result, D1SessionConstraint, wasm_bindgen::JsValue};

use super::{
    database::{Database, Row, rows_of, unexpected},
    text::{or_malformed, seconds},
};
use crate::tier::Tier;

/// Records and heads in D1 (`worker/migrations`).
///
/// Reads take the nearest replica. Records are immutable and a ticket says that its record must
/// exist, so a replica that lags can show absence only; then whoever holds the ticket asks the
/// primary. A bookmark in the cookie would tell the same for 28 bytes more.
pub(crate) struct D1Records(Database);

/// The record in a row; `None` if it is damaged.
fn record_of(mut row: Row) -> Result<Option<StoredRecord>, StoreError> {
    let record = row.text("record")?.ok_or_else(|| unexpected("record"))?;
    let expires = row.integer("expires")?;
    let expires = expires.ok_or_else(|| unexpected("expires"))?;
    Ok(or_malformed(Tier::D1, record_in(&record, expires)))
}

fn record_in(record: &str, expires: i64) -> Option<StoredRecord> {
    let bytes = STANDARD_NO_PAD.decode(record).ok()?;
    Some(StoredRecord {
        record: Record::new(bytes).ok()?,
        expires: Timestamp::from_seconds(expires),
    })
}

/// The head in a row, whose record stands in this column; `None` is a tombstone.
fn head_of(row: &mut Row, record: &str) -> Result<Option<Head>, StoreError> {
    let Some((record, cookie)) = row.text(record)?.zip(row.text("cookie")?) else {
        return Ok(None);
    };
    Ok(Some(Head {
        record: record.parse().map_err(|_| damaged_head())?,
        cookie: cookie.into(),
    }))
}

/// The head in a row of [`NEWEST`], and the record that it names, if that is there.
fn newest_of(mut row: Row) -> Result<HeadState, StoreError> {
    let Some(head) = head_of(&mut row, "head")? else {
        return Ok(HeadState::Ended);
    };
    let kept = row.text("record")?.zip(row.integer("expires")?);
    let record = kept.and_then(|(record, expires)| {
        let record = record_in(&record, expires);
        or_malformed(Tier::D1, record)
    });
    Ok(HeadState::At(Newest { head, record }))
}

impl D1Records {
    pub(crate) const fn new(database: D1Database) -> Self {
        Self(Database::new(database))
    }

    /// Deletes rows that have expired, a bounded number; gives how many.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (records, heads) = (SWEEP_RECORDS, SWEEP_HEADS);
        Ok(self.0.sweep(records, now).await? + self.0.sweep(heads, now).await?)
    }

    /// Live session records of an owner, the newest first, at most `most`.
    pub(crate) async fn owned_by(
        &self,
        owner: &OwnerName,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<(StoreName, StoredRecord)>, StoreError> {
        let values = [owner.to_text().into(), seconds(now), most.into()];
        let rows = self.0.write(OWNED, &values).await?;
        let mut owned = Vec::new();
        for mut row in rows {
            let name = row.text("name")?.and_then(|name| name.parse().ok());
            owned.extend(name.zip(record_of(row)?));
        }
        Ok(owned)
    }

    /// What [`Self::get`] reads, from where the session of D1 says.
    async fn read(
        &self,
        constraint: D1SessionConstraint,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let values = [name.to_text().into(), seconds(now)];
        let rows = self.0.read(constraint, GET, &values).await?;
        first_record(rows)
    }
}

/// The rows of one statement of a batch.
fn rows(result: Option<&D1Result>) -> Result<Vec<Row>, StoreError> {
    let missing = || StoreError::Unavailable {
        reason: "D1 answered fewer statements than it was asked".into(),
    };
    rows_of(result.ok_or_else(missing)?)
}

/// What a statement that asks for one record gives.
fn first_record(rows: Vec<Row>) -> Result<Option<StoredRecord>, StoreError> {
    let row = rows.into_iter().next();
    row.map_or(Ok(None), record_of)
}

const GET: &str = "SELECT record, expires FROM session_record WHERE name = ?1 AND expires > ?2";
const OWNED: &str = "SELECT name, record, expires FROM session_record \
    WHERE user_id = ?1 AND kind = 'session' AND expires > ?2 ORDER BY last_seen DESC LIMIT ?3";

/// A repeated put sets the expiry, a revocation replaces; other bytes under the name change nothing
/// and return nothing.
macro_rules! on_conflict {
    () => {
        "ON CONFLICT (name) DO UPDATE SET record = excluded.record, expires = excluded.expires, \
        last_seen = excluded.last_seen \
        WHERE record = excluded.record OR excluded.kind = 'revocation' RETURNING name"
    };
}

const PUT: &str = concat!(
    "INSERT INTO session_record \
    (name, kind, record, user_id, created, last_seen, expires, ip, user_agent) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ",
    on_conflict!()
);
/// The same, if the head is where the statement before has moved it to.
const PUT_IF_MOVED: &str = concat!(
    "INSERT INTO session_record \
    (name, kind, record, user_id, created, last_seen, expires, ip, user_agent) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM session_head \
    WHERE name = ?10 AND record = ?11 AND cookie = ?12) ",
    on_conflict!()
);
const DELETE: &str = "DELETE FROM session_record WHERE name = ?1";
// All of a session's names begin alike.
const DELETE_PLACE: &str = "DELETE FROM session_record \
    WHERE name >= ?1 AND name < ?1 || '~' AND kind = 'session'";
const HEAD: &str = "SELECT record, cookie FROM session_head WHERE name = ?1 AND expires > ?2";
// With the record that it names, so that nobody has to come again for it; not where it is the
// caller's own.
const NEWEST: &str = "SELECT head.record AS head, head.cookie, kept.record, kept.expires \
    FROM session_head AS head LEFT JOIN session_record AS kept \
    ON kept.name = head.record AND kept.expires > ?2 \
    WHERE head.name = ?1 AND head.expires > ?2 \
    AND NOT (head.record IS NOT NULL AND head.record IS ?3 AND head.cookie IS ?4)";
// One statement, so nobody comes between: absent, expired, where the caller says, or there already.
const SWAP: &str = "INSERT INTO session_head (name, record, cookie, expires) \
    VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (name) DO UPDATE \
    SET record = excluded.record, cookie = excluded.cookie, expires = excluded.expires \
    WHERE session_head.expires <= ?5 OR session_head.record = ?6 \
    OR (session_head.record = excluded.record AND session_head.cookie = excluded.cookie)";
const FORGET: &str = "DELETE FROM session_head \
    WHERE name = ?1 AND (expires <= ?2 OR record = ?3)";
const END: &str = "INSERT INTO session_head (name, record, cookie, expires) \
    VALUES (?1, NULL, NULL, ?2) \
    ON CONFLICT (name) DO UPDATE SET record = NULL, cookie = NULL, expires = excluded.expires";
const SWEEP_RECORDS: &str = "DELETE FROM session_record WHERE name IN \
    (SELECT name FROM session_record WHERE expires <= ?1 LIMIT ?2) RETURNING name";
const SWEEP_HEADS: &str = "DELETE FROM session_head WHERE name IN \
    (SELECT name FROM session_head WHERE expires <= ?1 LIMIT ?2) RETURNING name";

impl SessionStore for D1Records {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.read(D1SessionConstraint::FirstUnconstrained, name, now)
            .await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.read(D1SessionConstraint::FirstPrimary, name, now)
            .await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let values = put_values(name, record, meta, now);
        let written = self.0.write(PUT, &values).await?;
        if written.is_empty() {
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let deleted = self.0.write(DELETE, &[name.to_text().into()]).await;
        deleted.map(drop)
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let mut batch = Batch::default();
        let head = proposal.head.as_ref();
        let asks = head.map(|change| {
            let name = || JsValue::from(change.session.to_text());
            let from = nullable(change.from.map(|from| from.to_text()));
            let to = change.to.as_ref();
            let record = nullable(to.map(|to| to.record.to_text()));
            let cookie = text(to.map(|to| &*to.cookie));
            match to {
                Some(_) => {
                    let (record, cookie) = (record.clone(), cookie.clone());
                    let expires = seconds(change.expires);
                    batch.add(
                        SWAP,
                        vec![name(), record, cookie, expires, seconds(now), from],
                    );
                }
                None => {
                    batch.add(FORGET, vec![name(), seconds(now), from]);
                }
            }
            batch.add(NEWEST, vec![name(), seconds(now), record, cookie])
        });
        let puts = proposal.record.as_ref().map(|new| {
            let mut values = put_values(&new.name, &new.record, &new.meta, now);
            match head.and_then(|change| Some((change, change.to.as_ref()?))) {
                Some((change, to)) => {
                    let names = [change.session, to.record];
                    values.extend(names.map(|name| name.to_text().into()));
                    values.push(JsValue::from_str(&to.cookie));
                    batch.add(PUT_IF_MOVED, values)
                }
                None => batch.add(PUT, values),
            }
        });
        let listed = proposal.unless_ended.iter();
        let listed: Vec<_> = listed
            .map(|name| batch.add(GET, vec![name.to_text().into(), seconds(now)]))
            .collect();
        let results = self.0.batch(&batch.0).await?;
        if let Some(index) = asks
            && let Some(row) = rows(results.get(index))?.into_iter().next()
        {
            return Ok(match newest_of(row)? {
                HeadState::At(newest) => Committed::Other(newest),
                _ => Committed::Ended,
            });
        }
        if let Some(index) = puts
            && rows(results.get(index))?.is_empty()
        {
            return Err(StoreError::Conflict);
        }
        let listed = listed.into_iter();
        let listed = listed.map(|index| first_record(rows(results.get(index))?));
        Ok(Committed::Saved(Saved {
            listed: listed.collect::<Result<_, StoreError>>()?,
            is_compared: true,
        }))
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let (nothing, name) = (JsValue::NULL, session.to_text().into());
        let values = [name, seconds(now), nothing.clone(), nothing];
        let rows = self.0.write(NEWEST, &values).await?;
        let row = rows.into_iter().next();
        row.map_or(Ok(HeadState::Absent), newest_of)
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let name = || JsValue::from(session.to_text());
        let mut batch = Batch::default();
        let shown = batch.add(HEAD, vec![name(), seconds(now)]);
        batch.add(END, vec![name(), seconds(expires)]);
        // Nobody needs them any more, whether or not anybody knows of them.
        batch.add(DELETE_PLACE, vec![session.place().into()]);
        let results = self.0.batch(&batch.0).await?;
        let row = rows(results.get(shown))?.into_iter().next();
        row.map_or(Ok(None), |mut row| head_of(&mut row, "record"))
    }
}

/// Statements that are run as one.
#[derive(Default)]
struct Batch(Vec<(&'static str, Vec<JsValue>)>);

impl Batch {
    /// Gives the place of its answer.
    fn add(&mut self, statement: &'static str, values: Vec<JsValue>) -> usize {
        self.0.push((statement, values));
        self.0.len() - 1
    }
}

fn put_values(
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
    now: Timestamp,
) -> Vec<JsValue> {
    vec![
        name.to_text().into(),
        meta.kind.label().into(),
        STANDARD_NO_PAD.encode(record.bytes()).into(),
        nullable(meta.owner.map(|owner| owner.to_text())),
        meta.created.map_or(JsValue::NULL, seconds),
        seconds(now),
        seconds(meta.expires),
        text(meta.ip.as_deref()),
        text(meta.user_agent.as_deref()),
    ]
}

fn nullable(text: Option<String>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from)
}

fn text(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from_str)
}

fn damaged_head() -> StoreError {
    StoreError::Unavailable {
        reason: "a head that nobody here wrote".into(),
    }
}
