//! Requests of a Worker: docs/ORIGIN-STORE.md.

use alloc::sync::Arc;
use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use session_codec::Timestamp;
use session_store::Framed;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::clock::now;
use crate::django::DjangoSessions;
use crate::front::Front;
use crate::measures::Measures;
use crate::settings::Key;
use crate::traces;

mod answer;
mod django_sessions;
mod heads;
mod listener;
mod operator;
mod path;
mod proof;
mod records;

pub use listener::{Listener, NotListening};
pub use operator::Operator;
pub(crate) use proof::earliest;
pub use proof::of_request;

use answer::Answer;
use path::Path;
use proof::Proof;

/// The longest body: the longest frame in base64url, and a head.
const MAX_BODY: usize = Framed::MAX_BYTES.div_ceil(3) * 4 + 16 * 1024;
/// Bodies longer than this are read by few at once: whoever sends them may be anybody until all is there.
const LONG_BODY: u64 = 64 * 1024;
const LONG_AT_ONCE: usize = 64;
/// How long a body may take to arrive: a Worker waits for less.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Answers those who show a key.
pub struct Service {
    front: Arc<Front>,
    /// Where the site keeps its own sessions, if the Worker may ask for them.
    django: Option<DjangoSessions>,
    keys: Vec<Key>,
    measures: Arc<Measures>,
    /// Places for long bodies.
    long: Semaphore,
}

impl Service {
    /// Answers out of `front` and `django` whoever has one of `keys`.
    #[must_use]
    pub fn new(
        front: Arc<Front>,
        django: Option<DjangoSessions>,
        keys: Vec<Key>,
        measures: Arc<Measures>,
    ) -> Self {
        Self {
            front,
            django,
            keys,
            measures,
            long: Semaphore::new(LONG_AT_ONCE),
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let is_health =
            request.method() == Method::GET && request.uri().path().ends_with("/health");
        let (kind, response) = if is_health {
            ("health", self.health())
        } else {
            self.proven(request).await
        };
        let status = response.status().as_u16();
        self.measures.request(kind, status, begun.elapsed());
        response
    }

    /// For balancers: no more than that it is well or not.
    fn health(&self) -> Response<Full<Bytes>> {
        let is_well = self.measures.is_well.get() == 1;
        let status = if is_well { 200 } else { 503 };
        answer::bare(status, if is_well { "well\n" } else { "unwell\n" })
    }

    /// The body, unless it is longer than any may be.
    async fn read(&self, body: Incoming) -> Option<Bytes> {
        // Until it is there: what it is about is decided by the proof.
        let _place = match body.size_hint().upper() {
            Some(0..=LONG_BODY) => None,
            _ => Some(self.long.acquire().await),
        };
        let read = Limited::new(body, MAX_BODY).collect().await;
        read.ok().map(Collected::to_bytes)
    }

    async fn proven(&self, request: Request<Incoming>) -> (&'static str, Response<Full<Bytes>>) {
        let now = now();
        let (head, body) = request.into_parts();
        // Before anything is read: most of what strangers send has no proof at all.
        let Some(proof) = Proof::of(&head, now) else {
            return ("stranger", stranger());
        };
        let Ok(Some(body)) = tokio::time::timeout(BODY_TIME, self.read(body)).await else {
            return ("stranger", stranger());
        };
        let Some(key) = proof.key(&self.keys, &body) else {
            return ("stranger", stranger());
        };
        let path = Path::of(head.uri.path());
        let span = traces::of_request(head.method.as_str(), path.route(), &head.headers);
        let answer = self.told(&path, &head, proof.time(), &body);
        let answer = answer.instrument(span.clone()).await;
        let response = answer.proven(key, proof.mac());
        traces::answered(&span, response.status().as_u16());
        (path.kind(), response)
    }

    /// What a proven request is told.
    async fn told(&self, path: &Path, head: &Parts, now: Timestamp, body: &[u8]) -> Answer {
        let is_fresh = head.uri.query() == Some(FRESH);
        match path {
            Path::Record(name) => {
                let asked = records::Asked {
                    name,
                    now,
                    is_fresh,
                };
                records::answer(&*self.front, &head.method, asked, body).await
            }
            Path::Revocation(name) => {
                records::revoke(&*self.front, &head.method, name, now, body).await
            }
            Path::Head(name) if head.method == Method::PUT => {
                heads::answer(&*self.front, self.front.promises().keeps_heads, name, body).await
            }
            Path::Head(_) => Answer::of(StatusCode::METHOD_NOT_ALLOWED),
            Path::DjangoSession(key) => match &self.django {
                Some(sessions) => {
                    django_sessions::answer(sessions, &head.method, key, now, body).await
                }
                None => Answer::of(StatusCode::NOT_FOUND),
            },
            Path::Other => Answer::of(StatusCode::NOT_FOUND),
        }
    }
}

/// The query of a request that no cache may answer. The proof does not cover it: whoever took it away
/// would get an answer of the last minutes, and could keep all of them back anyway.
const FRESH: &str = "fresh";

/// Without a proof: whoever asks has shown no key.
fn stranger() -> Response<Full<Bytes>> {
    answer::closing(answer::bare(403, ""))
}
