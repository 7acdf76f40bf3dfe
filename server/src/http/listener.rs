use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use std::io;
use std::path::Path;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use listenfd::ListenFd;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::answer::closing;
use crate::settings::Listen;

/// How long a client may take for a request's head, and stay connected without one.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// How long a client may take to agree on TLS.
const TLS_TIME: Duration = Duration::from_secs(5);
/// How long connections are kept for requests that are under way to a server that is to stop.
const LINGER: Duration = Duration::from_millis(500);
/// How long requests under way may take once the server is to stop.
const STOP_TIME: Duration = Duration::from_secs(15);
/// Heads of requests are short: two fields, and what proxies add.
const MAX_FIELDS: usize = 64;
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Where requests come in.
pub struct Listener {
    socket: Socket,
    tls: Option<TlsAcceptor>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Who came in.
enum Client {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Listens, unless it is nowhere.
    ///
    /// # Errors
    /// Why it cannot, with the cure.
    pub async fn bind(at: &Listen, tls: Option<TlsAcceptor>) -> Result<Option<Self>, NotListening> {
        let wrong = |error: io::Error| {
            let cure = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "; something else listens there: stop it, or set another address"
                }
                io::ErrorKind::PermissionDenied => {
                    "; this user may not: take a port above 1023, or a folder of its own"
                }
                io::ErrorKind::NotFound => "; the folder of the socket must exist",
                _ => "",
            };
            NotListening(format!("cannot listen at {at}: {error}{cure}"))
        };
        let socket = match at {
            Listen::Nowhere => return Ok(None),
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Socket::Tcp),
            Listen::Unix(path) => bind_unix(path).await.map(Socket::Unix),
            Listen::Systemd => handed_over(),
        };
        let socket = socket.map_err(wrong)?;
        Ok(Some(Self { socket, tls }))
    }

    /// Where it listens.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.socket {
            Socket::Tcp(socket) => {
                let scheme = if self.tls.is_some() { "https" } else { "http" };
                let address = socket.local_addr();
                address.map_or_else(
                    |error| error.to_string(),
                    |address| format!("{scheme}://{address}"),
                )
            }
            Socket::Unix(socket) => {
                let address = socket.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                format!("unix:{}", path.unwrap_or(Path::new("?")).display())
            }
        }
    }

    /// Serves at most `at_most` clients at once until `stop` comes; then lets those under way finish.
    pub async fn serve<S, A>(
        self,
        answer: S,
        at_most: u32,
        clients: Gauge,
        stop: impl Future<Output = ()>,
    ) where
        S: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
        A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(at_most as usize));
        let graceful = GracefulShutdown::new();
        let is_stopping = Arc::new(AtomicBool::new(false));
        let mut stop = core::pin::pin!(stop);
        loop {
            let come = async {
                // Whoever comes when all places are taken waits in the system's queue.
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.accept().await)
            };
            let (place, client) = tokio::select! {
                come = come => come,
                () = &mut stop => break,
            };
            let client = match client {
                Ok(client) => client,
                Err(error) => {
                    // Out of file handles, say: the next moment may have some.
                    tracing::warn!(%error, "accept_failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let answer = last_when(Arc::clone(&is_stopping), answer.clone());
            let (clients, tls) = (clients.clone(), self.tls.clone());
            let watcher = graceful.watcher();
            tokio::spawn(async move {
                let _place = place;
                clients.inc();
                match (client, tls) {
                    (Client::Unix(stream), _) => talk(stream, answer, watcher).await,
                    (Client::Tcp(stream), None) => talk(stream, answer, watcher).await,
                    (Client::Tcp(stream), Some(tls)) => {
                        let agreed = tokio::time::timeout(TLS_TIME, tls.accept(stream)).await;
                        if let Ok(Ok(stream)) = agreed {
                            talk(stream, answer, watcher).await;
                        }
                    }
                }
                clients.dec();
            });
        }
        drop(self.socket);
        is_stopping.store(true, Relaxed);
        // Whoever came in a moment ago has a request under way that is not here yet.
        tokio::time::sleep(LINGER).await;
        if tokio::time::timeout(STOP_TIME, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("stopped_in_requests");
        }
    }

    async fn accept(&self) -> io::Result<Client> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // An answer is one write: nothing is gained by waiting for more of it.
                stream.set_nodelay(true)?;
                Ok(Client::Tcp(stream))
            }
            Socket::Unix(socket) => socket
                .accept()
                .await
                .map(|(stream, _)| Client::Unix(stream)),
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

/// Answers, and says that there will be no other answer on this connection once the server is to stop.
fn last_when<S, A>(
    is_stopping: Arc<AtomicBool>,
    answer: S,
) -> impl Fn(Request<Incoming>) -> Answering + Send
where
    S: Fn(Request<Incoming>) -> A + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    move |request| {
        let (is_stopping, answer) = (Arc::clone(&is_stopping), answer(request));
        Box::pin(async move {
            let answer = answer.await;
            if is_stopping.load(Relaxed) {
                closing(answer)
            } else {
                answer
            }
        })
    }
}

async fn talk<I, S, A>(stream: I, answer: S, watcher: hyper_util::server::graceful::Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>) -> A + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(MAX_FIELDS)
        .max_buf_size(MAX_HEAD_BYTES)
        .pipeline_flush(true);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    // Whoever hangs up has nothing more to be told.
    let _ = watcher.watch(connection).await;
}

/// The first socket that was handed over, a TCP one or a Unix one.
fn handed_over() -> io::Result<Socket> {
    let mut sockets = ListenFd::from_env();
    if let Ok(Some(socket)) = sockets.take_tcp_listener(0) {
        socket.set_nonblocking(true)?;
        return TcpListener::from_std(socket).map(Socket::Tcp);
    }
    if let Ok(Some(socket)) = sockets.take_unix_listener(0) {
        socket.set_nonblocking(true)?;
        return UnixListener::from_std(socket).map(Socket::Unix);
    }
    Err(io::Error::other(
        "no socket was handed over (LISTEN_FDS); start it by a systemd socket unit",
    ))
}

/// A socket that a server left behind when it was killed is in the way; one that somebody listens at is not ours.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if UnixStream::connect(path).await.is_ok() {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// Why nothing can come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotListening(String);

impl fmt::Display for NotListening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for NotListening {}
