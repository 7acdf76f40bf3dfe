use core::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::SentinelClient;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture,
    RedisResult, ScriptInvocation, ServerErrorKind, Value,
};
use session_store::StoreError;
use tokio::sync::Mutex;

/// How long a connection or an answer is waited for: less than whoever asks waits.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(1_400);

/// Where connections come from.
pub(crate) enum Source {
    One(Box<redis::Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

impl Source {
    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    async fn connect(&mut self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        Ok(match self {
            Self::One(client) => Link::One(
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?,
            ),
            Self::Sentinel(client) => {
                Link::One(client.get_async_connection_with_config(&config).await?)
            }
            Self::Cluster(client) => Link::Cluster(client.get_async_connection().await?),
        })
    }
}

/// A connection that many calls use at once.
#[derive(Clone)]
pub(crate) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(link) => link.req_packed_command(command),
            Self::Cluster(link) => link.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(link) => link.req_packed_commands(pipeline, offset, count),
            Self::Cluster(link) => link.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}

/// The connection, made when it is first needed and again when it is of no use any more.
pub(crate) struct Links(Mutex<State>);

struct State {
    source: Source,
    link: Option<Link>,
    /// How many there have been: of calls that fail together the first one alone gives it up.
    made: u64,
}

impl Links {
    pub(crate) fn new(source: Source) -> Self {
        Self(Mutex::new(State {
            source,
            link: None,
            made: 0,
        }))
    }

    /// Asks over the connection there is. Where that was closed, or leads to who is no longer the
    /// first, once more over a new one: whatever is asked here may be repeated.
    async fn with<'a, T>(
        &self,
        ask: impl Fn(Link) -> BoxFuture<'a, RedisResult<T>> + Sync,
    ) -> Result<T, StoreError> {
        let mut is_again = false;
        loop {
            let (link, made) = self.link().await.map_err(|error| failed(&error))?;
            let error = match ask(link).await {
                Ok(told) => return Ok(told),
                Err(error) => error,
            };
            if is_useless(&error) {
                self.give_up(made).await;
            }
            if is_again || !is_useless(&error) || error.is_timeout() {
                return Err(failed(&error));
            }
            is_again = true;
        }
    }

    pub(crate) async fn ask<T: FromRedisValue + Send>(
        &self,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.with(|mut link| async move { command.query_async(&mut link).await }.boxed())
            .await
    }

    pub(crate) async fn ask_all<T: FromRedisValue + Send>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.with(|mut link| async move { commands.query_async(&mut link).await }.boxed())
            .await
    }

    pub(crate) async fn run<T: FromRedisValue + Send>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.with(|mut link| async move { script.invoke_async(&mut link).await }.boxed())
            .await
    }

    async fn link(&self) -> RedisResult<(Link, u64)> {
        let state = &mut *self.0.lock().await;
        let link = match &state.link {
            Some(link) => link.clone(),
            None => {
                let connect = state.source.connect();
                let link = match tokio::time::timeout(TIMEOUT, connect).await {
                    Ok(link) => link?,
                    Err(_) => return Err(late()),
                };
                state.made += 1;
                state.link.insert(link).clone()
            }
        };
        Ok((link, state.made))
    }

    async fn give_up(&self, made: u64) {
        let state = &mut *self.0.lock().await;
        if state.made == made {
            state.link = None;
        }
    }
}

fn late() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Whether another connection is needed: this one is closed, hangs, or leads to who is no longer the first.
fn is_useless(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// What Redis said, as whoever asked a store needs to know it.
fn failed(error: &RedisError) -> StoreError {
    if error.is_timeout() {
        return StoreError::TimedOut;
    }
    let reason = error.to_string().into();
    let is_refusal = match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => true,
        // Memory or disk full, rights, a password.
        _ => matches!(
            error.code(),
            Some(
                "OOM" | "MISCONF" | "NOPERM" | "NOAUTH" | "WRONGPASS" | "NOREPLICAS" | "CROSSSLOT"
            )
        ),
    };
    match is_refusal {
        true => StoreError::Refused { reason },
        false => StoreError::Unavailable { reason },
    }
}
