use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::LazyLock;

use redis::{Script, Value, cmd, pipe};
use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Newest, Proposal, Record, RecordMeta, Saved, SessionStore,
    StoreError, StoredRecord,
};

use super::framed::{self, read, read_any, seconds_kept};
use super::{BadAddress, Cursor, Entry, Kept, KeptHead, KeptRecord, Page, Promises, Statistics};

mod address;
mod link;

pub(crate) use address::Address;
pub(crate) use link::Links;

/// Records and heads in Redis or Valkey: one server, the one that sentinels name, or a cluster. A
/// save is one script, so nobody comes between. All of a session is in one slot.
pub struct RedisStore {
    links: Links,
    prefix: Box<str>,
    is_cluster: bool,
    evicts: AtomicBool,
    is_synced: AtomicBool,
}

impl RedisStore {
    /// The store at `redis://user:password@host:port/0?prefix=shop`, `redis-sentinel://host,host/service/0`
    /// or `redis-cluster://host,host`. Nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        let Address { source, prefix } = address.parse()?;
        Ok(Self {
            is_cluster: source.is_cluster(),
            links: Links::new(source),
            prefix,
            evicts: AtomicBool::new(true),
            is_synced: AtomicBool::new(false),
        })
    }

    /// What the keys of a session's records begin with; the braces keep its slot.
    fn records(&self, name: &StoreName) -> String {
        format!("{}r:{{{}}}", self.prefix, name.place())
    }

    fn record_key(&self, name: &StoreName) -> String {
        let (prefix, text) = (self.records(name), name.to_text());
        format!("{prefix}{}", &text[text.len() / 2..])
    }

    fn head_key(&self, name: &StoreName) -> String {
        let text = name.to_text();
        let (place, rest) = text.split_at(text.len() / 2);
        format!("{}h:{{{place}}}{rest}", self.prefix)
    }
}

/// What the scripts answer: a word, and what belongs to it.
type Told = Vec<Option<Vec<u8>>>;

impl SessionStore for RedisStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let value: Option<Vec<u8>> = self
            .links
            .ask(cmd("GET").arg(self.record_key(name)))
            .await?;
        Ok(value.and_then(|value| read(value, now)))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut put = PUT.prepare_invoke();
        put.key(self.record_key(name))
            .arg(framed::write(meta.kind, record, meta.expires))
            .arg(milliseconds(meta.expires, now));
        match self.links.run(&put).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.links.ask(cmd("DEL").arg(self.record_key(name))).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let place = proposal.head.as_ref().map(|head| head.session);
        let place = place.or(proposal.record.as_ref().map(|new| new.name));
        let is_here = |name: &StoreName| {
            !self.is_cluster || place.is_some_and(|place| place.place() == name.place())
        };
        let mut commit = COMMIT.prepare_invoke();
        commit.arg(now.seconds());
        match &proposal.head {
            Some(head) => {
                let to = head.to.as_ref();
                commit
                    .key(self.head_key(&head.session))
                    .arg("1")
                    .arg(head.from.map(|from| from.to_text()).unwrap_or_default())
                    .arg(to.map(|to| to.record.to_text()).unwrap_or_default())
                    .arg(to.map(|to| &*to.cookie).unwrap_or_default())
                    .arg(head.expires.seconds())
                    .arg(milliseconds(head.expires, now))
                    .arg(self.records(&head.session));
            }
            None => drop(commit.arg(&[""; 7][..])),
        }
        match &proposal.record {
            Some(new) => {
                commit
                    .key(self.record_key(&new.name))
                    .arg("1")
                    .arg(framed::write(new.meta.kind, &new.record, new.meta.expires))
                    .arg(milliseconds(new.meta.expires, now));
            }
            None => drop(commit.arg(&[""; 3][..])),
        }
        for name in proposal.unless_ended.iter().filter(|name| is_here(name)) {
            commit.key(self.record_key(name));
        }
        let told: Told = if place.is_none() && self.is_cluster {
            vec![Some(b"saved".to_vec())]
        } else {
            self.links.run(&commit).await?
        };
        let mut told = told.into_iter();
        match told.next().flatten().as_deref() {
            Some(b"saved") => {}
            Some(b"conflict") => return Err(StoreError::Conflict),
            Some(b"ended") => return Ok(Committed::Ended),
            _ => return Ok(Committed::Other(newest(told, now)?)),
        }
        let mut listed = Vec::with_capacity(proposal.unless_ended.len());
        for name in &proposal.unless_ended {
            // What is in another slot is asked when the save is done: what ended before it is seen.
            listed.push(match is_here(name) {
                true => told.next().flatten().and_then(|value| read(value, now)),
                false => self.get(name, now).await?,
            });
        }
        Ok(Committed::Saved(Saved {
            listed,
            is_compared: true,
        }))
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let mut head = HEAD.prepare_invoke();
        head.key(self.head_key(session))
            .arg(now.seconds())
            .arg(self.records(session));
        let told: Told = self.links.run(&head).await?;
        let mut told = told.into_iter();
        Ok(match told.next().flatten().as_deref() {
            Some(b"absent") => HeadState::Absent,
            Some(b"ended") => HeadState::Ended,
            _ => HeadState::At(newest(told, now)?),
        })
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let mut end = END.prepare_invoke();
        end.key(self.head_key(session))
            .arg(now.seconds())
            .arg(expires.seconds())
            .arg(milliseconds(expires, now))
            .arg(self.records(session));
        let told: Told = self.links.run(&end).await?;
        let mut told = told.into_iter();
        match told.next().flatten().as_deref() {
            Some(b"absent") => Ok(None),
            _ => Ok(Some(newest(told, now)?.head)),
        }
    }
}

/// A head and its record, as the scripts give them.
fn newest(
    told: impl IntoIterator<Item = Option<Vec<u8>>>,
    now: Timestamp,
) -> Result<Newest, StoreError> {
    let mut told = told.into_iter();
    let mut text = || String::from_utf8(told.next().flatten()?).ok();
    let head = text()
        .zip(text())
        .and_then(|(record, cookie)| head(&record, &cookie));
    let head = head.ok_or_else(|| StoreError::Unavailable {
        reason: "a head is damaged".into(),
    })?;
    let record = told.next().flatten().and_then(|value| read(value, now));
    Ok(Newest { head, record })
}

fn head(record: &str, cookie: &str) -> Option<Head> {
    Some(Head {
        record: record.parse().ok()?,
        cookie: cookie.into(),
    })
}

fn milliseconds(expires: Timestamp, now: Timestamp) -> i64 {
    seconds_kept(expires, now).saturating_mul(1_000)
}

impl Kept for RedisStore {
    fn promises(&self) -> Promises {
        Promises {
            keeps_heads: true,
            is_atomic: true,
            is_durable: self.is_synced.load(Ordering::Relaxed),
            never_evicts: !self.evicts.load(Ordering::Relaxed),
            can_be_listed: !self.is_cluster,
        }
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.check().await?;
        // Whether it may be asked is the server's to say; what is not told is not promised.
        let evicts = self.setting("maxmemory-policy").await.as_deref() != Some("noeviction");
        let synced = self.setting("appendfsync").await.as_deref() == Some("always")
            && self.setting("appendonly").await.as_deref() == Some("yes");
        self.evicts.store(evicts, Ordering::Relaxed);
        self.is_synced.store(synced, Ordering::Relaxed);
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.links.ask(&cmd("PING")).await
    }

    async fn clean(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn statistics(&self, now: Timestamp) -> Result<Statistics, StoreError> {
        let mut statistics = Statistics::default();
        let mut cursor = String::from("0");
        loop {
            let (next, keys) = self.scan(&cursor, 1_000).await?;
            self.count(keys, now, &mut statistics).await?;
            if next == "0" {
                return Ok(statistics);
            }
            cursor = next;
        }
    }

    async fn page(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        let cursor = after.map_or("0", |Cursor(text)| text);
        let (next, keys) = self.scan(cursor, at_most).await?;
        let values: Vec<Option<Vec<u8>>> = match keys.is_empty() {
            true => Vec::new(),
            false => self.links.ask(cmd("MGET").arg(&keys)).await?,
        };
        let entries = keys.iter().zip(values);
        Ok(Page {
            entries: entries
                .filter_map(|(key, value)| self.entry(key, value?))
                .collect(),
            next: (next != "0").then_some(Cursor(next)),
        })
    }
}

impl RedisStore {
    /// A setting of the server's, if it tells them.
    async fn setting(&self, name: &str) -> Option<String> {
        let asked: Result<Vec<String>, _> =
            self.links.ask(cmd("CONFIG").arg("GET").arg(name)).await;
        asked.ok().and_then(|told| told.into_iter().nth(1))
    }

    /// A batch of our keys, and where the next one begins.
    async fn scan(&self, cursor: &str, count: u32) -> Result<(String, Vec<String>), StoreError> {
        if self.is_cluster {
            return Err(StoreError::Refused {
                reason:
                    "a cluster cannot be listed as a whole: name each of its nodes with redis://"
                        .into(),
            });
        }
        let pattern = format!("{}[rh]:{{*", escaped(&self.prefix));
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(pattern);
        self.links.ask(scan.arg("COUNT").arg(count)).await
    }

    /// Counts without reading a record: the first bytes have the expiry.
    async fn count(
        &self,
        keys: Vec<String>,
        now: Timestamp,
        statistics: &mut Statistics,
    ) -> Result<(), StoreError> {
        let (records, heads): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| self.is_record(key));
        statistics.heads += heads.len() as u64;
        let mut asked = pipe();
        for key in &records {
            asked
                .cmd("STRLEN")
                .arg(key)
                .cmd("GETRANGE")
                .arg(key)
                .arg(0)
                .arg(8);
        }
        if records.is_empty() {
            return Ok(());
        }
        let told: Vec<Value> = self.links.ask_all(&asked).await?;
        for pair in told.chunks_exact(2) {
            if let [Value::Int(bytes), Value::BulkString(start)] = pair
                && let Some((_, stored)) = read_any(start.clone())
            {
                let bytes = u64::try_from(bytes - 9).unwrap_or(0);
                statistics.count(bytes, stored.expires, now);
            }
        }
        Ok(())
    }

    fn is_record(&self, key: &str) -> bool {
        key.strip_prefix(&*self.prefix)
            .is_some_and(|rest| rest.starts_with("r:"))
    }

    fn entry(&self, key: &str, value: Vec<u8>) -> Option<Entry> {
        let text = key.strip_prefix(&*self.prefix)?.get(2..)?;
        let name = text.replace(['{', '}'], "").parse().ok()?;
        if self.is_record(key) {
            let (kind, stored) = read_any(value)?;
            return Some(Entry::Record(KeptRecord { name, kind, stored }));
        }
        let text = String::from_utf8(value).ok()?;
        let mut parts = text.splitn(3, ' ');
        let expires = Timestamp::from_seconds(parts.next()?.parse().ok()?);
        Some(Entry::Head(KeptHead {
            session: name,
            head: match parts.next().zip(parts.next()) {
                Some((record, cookie)) => Some(head(record, cookie)?),
                None => None,
            },
            expires,
        }))
    }
}

/// A text that stands for itself in a pattern.
fn escaped(prefix: &str) -> String {
    let special = |letter: char| matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^' | '-');
    let mut text = String::with_capacity(prefix.len());
    for letter in prefix.chars() {
        if special(letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

static PUT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/put.lua")));
static COMMIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/commit.lua")));
static HEAD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/head.lua")));
static END: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/end.lua")));
