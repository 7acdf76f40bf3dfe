use redis::{Script, cmd};
use session_codec::Timestamp;
use session_store::StoreError;
use std::sync::LazyLock;

use super::SessionKey;
use super::settings::BadDjango;
use crate::stores::memcached::{Item, Server, Written};
use crate::stores::redis::{Address, Links};

/// A cache of Django's, in Redis or in one Memcached.
pub(super) struct Cache {
    kind: Kind,
    prefix: Prefix,
}

enum Kind {
    Redis(Links),
    Memcached(Server),
}

/// What Django puts in front of a session's key: `KEY_PREFIX:VERSION:` and the backend's own.
pub(super) struct Prefix(pub(super) String);

/// A value, and what has to be told when it is replaced.
pub(super) struct Cached {
    pub(super) value: Vec<u8>,
    /// Seconds that it is still kept; `None` is for good.
    pub(super) left: Option<i64>,
    version: u64,
    flags: u32,
}

impl Cache {
    pub(super) fn new(address: &str, connections: u32, prefix: Prefix) -> Result<Self, BadDjango> {
        let kind = match address.split_once("://") {
            Some(("memcached", server)) if !server.contains([',', '?']) => Kind::Memcached(
                Server::new(server.trim_end_matches('/'), connections as usize),
            ),
            Some(("memcached", _)) => {
                let wrong = "of several Memcached this server does not know which one Django asks: name one, memcached://host:11211";
                return Err(BadDjango(wrong.to_owned()));
            }
            _ if address.contains('?') => {
                let wrong = "a cache of Django's has key_prefix, its address no ?prefix";
                return Err(BadDjango(wrong.to_owned()));
            }
            _ => {
                let address: Address = address
                    .parse()
                    .map_err(|error| BadDjango(format!("{address}: {error}")))?;
                Kind::Redis(Links::new(address.source))
            }
        };
        Ok(Self { kind, prefix })
    }

    fn key(&self, key: &SessionKey) -> String {
        format!("{}{}", self.prefix.0, key.as_str())
    }

    pub(super) async fn get(&self, key: &SessionKey) -> Result<Option<Cached>, StoreError> {
        let key = self.key(key);
        match &self.kind {
            Kind::Redis(links) => {
                let mut asked = redis::pipe();
                asked.add_command(cmd("GET").arg(&key).clone());
                asked.add_command(cmd("TTL").arg(&key).clone());
                let (value, left): (Option<Vec<u8>>, i64) = links.ask_all(&asked).await?;
                Ok(value.map(|value| Cached {
                    value,
                    left: (left >= 0).then_some(left),
                    version: 0,
                    flags: 0,
                }))
            }
            Kind::Memcached(server) => Ok(server.get(&key).await?.map(
                |Item {
                     value,
                     version,
                     flags,
                     left,
                 }| Cached {
                    value,
                    left: left.filter(|left| *left >= 0),
                    version,
                    flags,
                },
            )),
        }
    }

    /// Puts a value in the place of one that was seen; whether that was still there. It ends when that one would have.
    pub(super) async fn swap(
        &self,
        key: &SessionKey,
        seen: &Cached,
        value: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = self.key(key);
        match &self.kind {
            Kind::Redis(links) => {
                let mut swap = SWAP.prepare_invoke();
                swap.key(key).arg(&seen.value).arg(value);
                let is_done: u8 = links.run(&swap).await?;
                Ok(is_done == 1)
            }
            Kind::Memcached(server) => {
                let until = seen
                    .left
                    .map_or(0, |left| now.seconds().saturating_add(left.max(1)));
                let swapped = server.swap_with(&key, value, until, seen.version, seen.flags);
                Ok(swapped.await? == Written::Done)
            }
        }
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = self.key(key);
        match &self.kind {
            Kind::Redis(links) => links.ask(cmd("DEL").arg(key)).await,
            Kind::Memcached(server) => server.delete(&key).await,
        }
    }
}

static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
        redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return 1",
    )
});
