use core::time::Duration;
use std::sync::Mutex;

use async_memcached::{Client, Error, ErrorKind, MetaProtocol, Status};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use session_store::StoreError;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// One Memcached, with connections that are used again.
pub(crate) struct Server {
    address: Box<str>,
    idle: Mutex<Vec<Client>>,
    /// One for each connection there may be.
    places: Semaphore,
}

/// What is kept under a key, and which of the values it had so far.
pub(crate) struct Item {
    pub(crate) value: Vec<u8>,
    pub(crate) version: u64,
    /// What whoever wrote it said of it.
    pub(crate) flags: u32,
    /// Seconds that it is still kept; negative is for good.
    pub(crate) left: Option<i64>,
}

/// What became of a change that depends on what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Something else is there, or nothing.
    Refused,
}

impl Server {
    pub(crate) fn new(address: &str, connections: usize) -> Self {
        let has_port = address.contains(':') || address.starts_with('/');
        Self {
            address: match (has_port, address.starts_with('/')) {
                (_, true) => format!("unix://{address}").into(),
                (true, _) => format!("tcp://{address}").into(),
                (false, _) => format!("tcp://{address}:11211").into(),
            },
            idle: Mutex::new(Vec::new()),
            places: Semaphore::new(connections),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Who has the highest one for a place keeps what belongs there.
    pub(crate) fn weight(&self, place: &str) -> u64 {
        let hash = Sha256::new()
            .chain_update(self.address.as_bytes())
            .chain_update(b"\n")
            .chain_update(place.as_bytes())
            .finalize();
        hash.first_chunk()
            .map_or(0, |start| u64::from_be_bytes(*start))
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Item>, StoreError> {
        let found = self
            .with(|mut client| {
                let asked = async move {
                    let told = client
                        .meta_get(key, false, None, Some(&["v", "c", "f", "t"]))
                        .await;
                    (client, told)
                };
                asked.boxed()
            })
            .await?;
        let item = |found: async_memcached::MetaValue| {
            Some(Item {
                value: found.data.unwrap_or_default(),
                version: found.cas?,
                flags: found.flags.unwrap_or(0),
                left: found.ttl_remaining,
            })
        };
        Ok(found.and_then(item))
    }

    pub(crate) async fn set(&self, key: &str, value: &[u8], until: i64) -> Result<(), StoreError> {
        match self.write(key, value, until, &["MS"]).await? {
            Written::Done => Ok(()),
            Written::Refused => Err(unexpected("it did not keep what replaces anything")),
        }
    }

    /// Only where there is nothing.
    pub(crate) async fn add(
        &self,
        key: &str,
        value: &[u8],
        until: i64,
    ) -> Result<Written, StoreError> {
        self.write(key, value, until, &["ME"]).await
    }

    /// Only where this version is.
    pub(crate) async fn swap(
        &self,
        key: &str,
        value: &[u8],
        until: i64,
        version: u64,
    ) -> Result<Written, StoreError> {
        self.swap_with(key, value, until, version, 0).await
    }

    /// The same, with what is to be said of it.
    pub(crate) async fn swap_with(
        &self,
        key: &str,
        value: &[u8],
        until: i64,
        version: u64,
        flags: u32,
    ) -> Result<Written, StoreError> {
        let modes = [&*format!("C{version}"), &*format!("F{flags}")];
        self.write(key, value, until, &modes).await
    }

    /// In the place of what was seen, which may be nothing; `None` removes it.
    pub(crate) async fn replace(
        &self,
        key: &str,
        value: Option<&[u8]>,
        until: i64,
        seen: Option<&Item>,
    ) -> Result<Written, StoreError> {
        match (value, seen) {
            (Some(value), Some(seen)) => self.swap(key, value, until, seen.version).await,
            (Some(value), None) => self.add(key, value, until).await,
            (None, Some(seen)) => self.remove(key, Some(seen.version)).await,
            (None, None) => Ok(Written::Done),
        }
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.remove(key, None).await.map(drop)
    }

    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.with(|mut client| {
            let asked = async move {
                let told = client.version().await;
                (client, told)
            };
            asked.boxed()
        })
        .await
        .map(drop)
    }

    async fn write(
        &self,
        key: &str,
        value: &[u8],
        until: i64,
        modes: &[&str],
    ) -> Result<Written, StoreError> {
        let until = format!("T{until}");
        let flags = [&[&*until], modes].concat();
        let flags = &flags[..];
        self.with(|mut client| {
            let asked = async move {
                let told = client.meta_set(key, value, false, None, Some(flags)).await;
                (client, done(told))
            };
            asked.boxed()
        })
        .await
    }

    async fn remove(&self, key: &str, version: Option<u64>) -> Result<Written, StoreError> {
        let version = version.map(|version| format!("C{version}"));
        let flags: Vec<&str> = version.iter().map(|flag| &**flag).collect();
        let flags = &flags[..];
        self.with(|mut client| {
            let asked = async move {
                let told = client.meta_delete(key, false, None, Some(flags)).await;
                let told = match told {
                    Err(Error::Protocol(Status::NotFound)) => Ok(Written::Done),
                    told => done(told),
                };
                (client, told)
            };
            asked.boxed()
        })
        .await
    }

    /// Asks over a connection of its own. One that has been idle may have been closed meanwhile:
    /// then once more, since whatever is asked here may be repeated.
    async fn with<'a, T>(
        &self,
        ask: impl Fn(Client) -> BoxFuture<'a, (Client, Result<T, Error>)> + Sync,
    ) -> Result<T, StoreError> {
        let asked = async {
            let place = self.places.acquire().await;
            let _place = place.map_err(|_| unexpected("it is being closed"))?;
            loop {
                let idle = self.take();
                let was_idle = idle.is_some();
                let client = match idle {
                    Some(client) => client,
                    None => Client::new(&*self.address)
                        .await
                        .map_err(|error| failed(&error))?,
                };
                let (client, told) = ask(client).await;
                if !client.is_closed() {
                    self.give_back(client);
                }
                match told {
                    Err(Error::Io(_) | Error::ConnectionClosed) if was_idle => {}
                    told => return told.map_err(|error| failed(&error)),
                }
            }
        };
        timeout(TIMEOUT, asked)
            .await
            .map_err(|_| StoreError::TimedOut)?
    }

    fn take(&self) -> Option<Client> {
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.pop()
    }

    fn give_back(&self, client: Client) {
        let mut idle = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.push(client);
    }
}

/// Answers that say no are no failures.
fn done<T>(answer: Result<T, Error>) -> Result<Written, Error> {
    match answer {
        Ok(_) => Ok(Written::Done),
        Err(Error::Protocol(Status::NotStored | Status::Exists | Status::NotFound)) => {
            Ok(Written::Refused)
        }
        Err(error) => Err(error),
    }
}

fn failed(error: &Error) -> StoreError {
    let reason = error.to_string().into();
    match error {
        Error::Protocol(Status::Error(ErrorKind::Server(_) | ErrorKind::Client(_))) => {
            StoreError::Refused { reason }
        }
        _ => StoreError::Unavailable { reason },
    }
}

fn unexpected(reason: &str) -> StoreError {
    StoreError::Unavailable {
        reason: reason.into(),
    }
}

/// How long an answer is waited for, the connection included: less than whoever asks waits.
const TIMEOUT: Duration = Duration::from_millis(1_400);
