use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, Kind, NewRecord, Newest, Proposal, Record, RecordMeta,
    Saved, SessionStore, StoreError, StoredRecord,
};

use super::framed::{self, read, seconds_kept};
use super::{BadAddress, Cursor, Kept, Page, Promises, Statistics};

mod server;

pub(crate) use server::{Item, Server, Written};

/// Records and heads in one Memcached or several. All of a session is at one server, which its name
/// chooses by rendezvous: another server in the list moves no more than its share.
///
/// A record and its head are two items. The record is written first, and taken back if the head
/// did not move; whoever comes between sees a record that nothing names.
pub struct MemcachedStore {
    servers: Vec<Server>,
    prefix: Box<str>,
}

impl MemcachedStore {
    /// The store at `memcached://host:port,host:port?prefix=shop`. Nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(address: &str, connections: usize) -> Result<Self, BadAddress> {
        let (_, rest) = address.split_once("://").ok_or_else(malformed)?;
        let (hosts, query) = rest
            .split_once('?')
            .unwrap_or((rest, "prefix=edge-session"));
        let prefix = query.strip_prefix("prefix=").ok_or_else(malformed)?;
        let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.:".contains(&letter);
        if prefix.len() > 100 || !prefix.bytes().all(is_plain) {
            return Err(malformed());
        }
        let hosts = hosts.trim_end_matches('/').split(',');
        let servers: Vec<_> = hosts
            .filter(|host| !host.is_empty())
            .map(|host| Server::new(host, connections))
            .collect();
        if servers.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            servers,
            prefix: format!("{prefix}:").into(),
        })
    }

    /// The server of all names of this place.
    fn server(&self, name: &StoreName) -> &Server {
        let place = name.place();
        let best = self
            .servers
            .iter()
            .max_by_key(|server| server.weight(&place));
        // There is one at least.
        best.unwrap_or(&self.servers[0])
    }

    fn record_key(&self, name: &StoreName) -> String {
        format!("{}r:{name}", self.prefix)
    }

    fn head_key(&self, name: &StoreName) -> String {
        format!("{}h:{name}", self.prefix)
    }

    /// Keeps a record; tells whether it is there since now.
    async fn keep(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<IsNew, StoreError> {
        let (server, key) = (self.server(name), self.record_key(name));
        let value = framed::write(meta.kind, record, meta.expires);
        let until = until(meta.expires, now);
        if meta.kind == Kind::Revocation {
            server.set(&key, &value, until).await?;
            return Ok(IsNew(false));
        }
        for _ in 0..ATTEMPTS {
            if server.add(&key, &value, until).await? == Written::Done {
                return Ok(IsNew(true));
            }
            let Some(kept) = server.get(&key).await? else {
                continue;
            };
            // What it is and its expiry stand before the record.
            if kept.value.get(9..) != value.get(9..) {
                return Err(StoreError::Conflict);
            }
            if server.swap(&key, &value, until, kept.version).await? == Written::Done {
                return Ok(IsNew(false));
            }
        }
        Err(contended())
    }

    /// Moves a head, or says why not.
    async fn moved(
        &self,
        change: &HeadMove,
        now: Timestamp,
    ) -> Result<Option<Committed>, StoreError> {
        let (server, key) = (self.server(&change.session), self.head_key(&change.session));
        for _ in 0..ATTEMPTS {
            let kept = server.get(&key).await?;
            let there = kept
                .as_ref()
                .map_or(HeadState::Absent, |kept| state(&kept.value, now));
            match there {
                HeadState::Ended => return Ok(Some(Committed::Ended)),
                HeadState::At(there) if !change.moves(&there.head) => {
                    let record = self.get(&there.head.record, now).await?;
                    return Ok(Some(Committed::Other(Newest { record, ..there })));
                }
                HeadState::At(_) | HeadState::Absent | HeadState::NotKept => {}
            }
            let value = change
                .to
                .as_ref()
                .map(|to| head_value(Some(to), change.expires));
            let until = until(change.expires, now);
            if server
                .replace(&key, value.as_deref(), until, kept.as_ref())
                .await?
                == Written::Done
            {
                return Ok(None);
            }
        }
        Err(contended())
    }
}

/// Whether a record was not there before.
struct IsNew(bool);

impl SessionStore for MemcachedStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let kept = self.server(name).get(&self.record_key(name)).await?;
        Ok(kept.and_then(|kept| read(kept.value, now)))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.keep(name, record, meta, now).await.map(drop)
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.server(name).delete(&self.record_key(name)).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let mut is_new = false;
        if let Some(NewRecord { name, record, meta }) = &proposal.record {
            IsNew(is_new) = self.keep(name, record, meta, now).await?;
        }
        if let Some(change) = &proposal.head
            && let Some(refusal) = self.moved(change, now).await?
        {
            if let Some(new) = proposal.record.as_ref().filter(|_| is_new) {
                self.delete(&new.name).await?;
            }
            return Ok(refusal);
        }
        let mut listed = Vec::with_capacity(proposal.unless_ended.len());
        for name in &proposal.unless_ended {
            listed.push(self.get(name, now).await?);
        }
        Ok(Committed::Saved(Saved {
            listed,
            is_compared: true,
        }))
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let kept = self.server(session).get(&self.head_key(session)).await?;
        let there = kept.map_or(HeadState::Absent, |kept| state(&kept.value, now));
        Ok(match there {
            HeadState::At(there) => HeadState::At(Newest {
                record: self.get(&there.head.record, now).await?,
                ..there
            }),
            there => there,
        })
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let (server, key) = (self.server(session), self.head_key(session));
        let tombstone = head_value(None, expires);
        for _ in 0..ATTEMPTS {
            let kept = server.get(&key).await?;
            let until = until(expires, now);
            if server
                .replace(&key, Some(&tombstone), until, kept.as_ref())
                .await?
                == Written::Done
            {
                return Ok(match kept.map(|kept| state(&kept.value, now)) {
                    Some(HeadState::At(there)) => Some(there.head),
                    _ => None,
                });
            }
        }
        Err(contended())
    }
}

impl Kept for MemcachedStore {
    fn promises(&self) -> Promises {
        Promises {
            keeps_heads: true,
            is_atomic: false,
            is_durable: false,
            never_evicts: false,
            can_be_listed: false,
        }
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        // The longest record there may be; nobody asks for this key.
        let (key, longest) = (
            format!("{}longest", self.prefix),
            vec![0; framed::MAX_BYTES],
        );
        for server in &self.servers {
            match server.set(&key, &longest, SOON).await {
                Err(StoreError::Refused { reason }) => {
                    let (at, most) = (server.address(), framed::MAX_BYTES);
                    let cure =
                        format!("{at} does not take {most} bytes ({reason}): start it with -I 2m");
                    return Err(StoreError::Refused {
                        reason: cure.into(),
                    });
                }
                kept => kept?,
            }
            server.delete(&key).await?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        for server in &self.servers {
            server.check().await?;
        }
        Ok(())
    }

    async fn clean(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn statistics(&self, _: Timestamp) -> Result<Statistics, StoreError> {
        Err(unlisted())
    }

    async fn page(&self, _: Option<&Cursor>, _: u32) -> Result<Page, StoreError> {
        Err(unlisted())
    }
}

/// A head is `expires record cookie`, a tombstone `expires`.
fn head_value(head: Option<&Head>, expires: Timestamp) -> Vec<u8> {
    let expires = expires.seconds();
    match head {
        Some(Head { record, cookie }) => format!("{expires} {record} {cookie}"),
        None => expires.to_string(),
    }
    .into_bytes()
}

/// What is not one of ours is absent.
fn state(value: &[u8], now: Timestamp) -> HeadState {
    let read = || {
        let text = core::str::from_utf8(value).ok()?;
        let mut parts = text.splitn(3, ' ');
        let expires = parts.next()?.parse().ok()?;
        if Timestamp::from_seconds(expires) <= now {
            return None;
        }
        Some(match parts.next().zip(parts.next()) {
            None => HeadState::Ended,
            Some((record, cookie)) => HeadState::At(Newest {
                head: Head {
                    record: record.parse().ok()?,
                    cookie: cookie.into(),
                },
                record: None,
            }),
        })
    };
    read().unwrap_or(HeadState::Absent)
}

/// When it may forget an item by itself, in seconds since 1970: fewer than thirty days would count from now.
fn until(expires: Timestamp, now: Timestamp) -> i64 {
    now.seconds().saturating_add(seconds_kept(expires, now))
}

fn contended() -> StoreError {
    StoreError::Unavailable {
        reason: "others changed the same name again and again".into(),
    }
}

fn unlisted() -> StoreError {
    StoreError::Refused {
        reason: "Memcached cannot be listed, so it cannot be counted or moved".into(),
    }
}

fn malformed() -> BadAddress {
    BadAddress::Malformed(
        "an address of Memcached is memcached://host:port,host:port?prefix=name, with a prefix of A-Z a-z 0-9 - _ . :"
            .into(),
    )
}

/// How often a change is tried that somebody else is faster with.
const ATTEMPTS: u32 = 16;
/// Seconds that the trial of [`Kept::prepare`] is kept at most.
const SOON: i64 = 10;
