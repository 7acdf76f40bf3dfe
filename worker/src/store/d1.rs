use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde::Deserialize;
use session_codec::Timestamp;
use session_store::{About, Head, Kept, Record, RecordName, SessionStore, StoreError, Swapped};
use worker::{D1Database, D1SessionConstraint, wasm_bindgen::JsValue};

use super::{
    database::{Database, NameRow},
    text::{or_malformed, record_name, seconds},
};
use crate::settings::Tier;

/// Records and heads in D1 (`worker/migrations`).
///
/// Reads take the nearest replica. Records are immutable and a ticket says that its record must
/// exist, so a replica that lags can show absence only; then the primary is asked. A bookmark in
/// the cookie would tell the same for 28 octets more.
pub(crate) struct D1Records(Database);

#[derive(Deserialize)]
struct RecordRow {
    record: String,
    expires: i64,
}

impl RecordRow {
    /// `None` if it is damaged.
    fn read(self) -> Option<Kept> {
        let octets = STANDARD_NO_PAD.decode(self.record).ok()?;
        let record = Record::new(octets).ok()?;
        let expires = Timestamp::from_seconds(self.expires);
        Some(Kept { record, expires })
    }
}

#[derive(Deserialize)]
struct OwnedRow {
    name: String,
    #[serde(flatten)]
    row: RecordRow,
}

#[derive(Deserialize)]
struct HeadRow {
    record: Option<String>,
    cookie: Option<String>,
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
        owner: &RecordName,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<(RecordName, Kept)>, StoreError> {
        let values = [owner.as_str().into(), seconds(now), most.into()];
        let rows: Vec<OwnedRow> = self.0.write(OWNED, &values).await?;
        let read = |row: OwnedRow| Some((record_name(&row.name)?, row.row.read()?));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// What [`Self::get`] reads, from where the session of D1 says.
    async fn read(
        &self,
        constraint: D1SessionConstraint,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        let values = [name.as_str().into(), seconds(now)];
        let rows: Vec<RecordRow> = self.0.read(constraint, GET, &values).await?;
        let row = rows.into_iter().next();
        Ok(row.and_then(|row| or_malformed(Tier::D1, row.read())))
    }

    async fn head(&self, session: &RecordName, now: Timestamp) -> Result<Vec<HeadRow>, StoreError> {
        let values = [session.as_str().into(), seconds(now)];
        self.0.write(HEAD, &values).await
    }
}

const GET: &str = "SELECT record, expires FROM session_record WHERE name = ?1 AND expires > ?2";
const OWNED: &str = "SELECT name, record, expires FROM session_record \
    WHERE user_id = ?1 AND kind = 'session' AND expires > ?2 ORDER BY last_seen DESC LIMIT ?3";
// A repeated put sets the expiry, a revocation replaces; other octets under the name change nothing
// and return nothing.
const PUT: &str = "INSERT INTO session_record \
    (name, kind, record, user_id, created, last_seen, expires, ip, user_agent) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
    ON CONFLICT (name) DO UPDATE SET record = excluded.record, expires = excluded.expires, \
    last_seen = excluded.last_seen \
    WHERE record = excluded.record OR excluded.kind = 'revocation' RETURNING name";
const DELETE: &str = "DELETE FROM session_record WHERE name = ?1";
const HEAD: &str = "SELECT record, cookie FROM session_head WHERE name = ?1 AND expires > ?2";
// One statement, so nobody comes between: absent, expired, where the caller says, or there already.
const SWAP: &str = "INSERT INTO session_head (name, record, cookie, expires) \
    VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (name) DO UPDATE \
    SET record = excluded.record, cookie = excluded.cookie, expires = excluded.expires \
    WHERE session_head.expires <= ?5 OR session_head.record = ?6 \
    OR (session_head.record = excluded.record AND session_head.cookie = excluded.cookie) \
    RETURNING name";
const FORGET: &str = "DELETE FROM session_head \
    WHERE name = ?1 AND (expires <= ?2 OR record = ?3) RETURNING name";
const END: &str = "INSERT INTO session_head (name, record, cookie, expires) \
    VALUES (?1, NULL, NULL, ?2) \
    ON CONFLICT (name) DO UPDATE SET record = NULL, cookie = NULL, expires = excluded.expires";
const SWEEP_RECORDS: &str = "DELETE FROM session_record WHERE name IN \
    (SELECT name FROM session_record WHERE expires <= ?1 LIMIT ?2) RETURNING name";
const SWEEP_HEADS: &str = "DELETE FROM session_head WHERE name IN \
    (SELECT name FROM session_head WHERE expires <= ?1 LIMIT ?2) RETURNING name";

impl SessionStore for D1Records {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let near = self.read(D1SessionConstraint::FirstUnconstrained, name, now);
        match near.await? {
            Some(record) => Ok(Some(record)),
            None => self.get_fresh(name, now).await,
        }
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        self.read(D1SessionConstraint::FirstPrimary, name, now)
            .await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = |text: Option<&str>| text.map_or(JsValue::NULL, JsValue::from_str);
        let owner = about.owner.map(RecordName::new);
        let values = [
            name.as_str().into(),
            about.kind.label().into(),
            STANDARD_NO_PAD.encode(record.octets()).into(),
            text(owner.as_ref().map(RecordName::as_str)),
            about.created.map_or(JsValue::NULL, seconds),
            seconds(now),
            seconds(about.expires),
            text(about.ip.as_deref()),
            text(about.user_agent.as_deref()),
        ];
        let written: Vec<NameRow> = self.0.write(PUT, &values).await?;
        if written.is_empty() {
            return Err(StoreError::Conflict);
        }
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let _: Vec<NameRow> = self.0.write(DELETE, &[name.as_str().into()]).await?;
        Ok(())
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let name = || JsValue::from_str(session.as_str());
        let from = from.map_or(JsValue::NULL, |from| from.as_str().into());
        let moved: Vec<NameRow> = match to {
            Some(head) => {
                let values = [
                    name(),
                    head.record.as_str().into(),
                    (*head.cookie).into(),
                    seconds(expires),
                    seconds(now),
                    from,
                ];
                self.0.write(SWAP, &values).await?
            }
            None => self.0.write(FORGET, &[name(), seconds(now), from]).await?,
        };
        if !moved.is_empty() {
            return Ok(Swapped::Done);
        }
        let Some(row) = self.head(session, now).await?.into_iter().next() else {
            return match to {
                // There was none to forget, or it was forgotten before.
                None => Ok(Swapped::Done),
                // It went between two statements: the caller may repeat.
                Some(_) => Err(StoreError::Conflict),
            };
        };
        match (row.record, row.cookie) {
            (Some(record), Some(cookie)) => Ok(Swapped::Other(Head {
                record: record_name(&record).ok_or_else(damaged_head)?,
                cookie: cookie.into(),
            })),
            _ => Ok(Swapped::Ended),
        }
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let values = [session.as_str().into(), seconds(expires)];
        let _: Vec<NameRow> = self.0.write(END, &values).await?;
        Ok(())
    }
}

fn damaged_head() -> StoreError {
    StoreError::Unavailable {
        reason: "a head that nobody here wrote".into(),
    }
}
