use alloc::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use serde_json::json;

use super::answer;
use crate::front::Front;
use crate::measures::Measures;

/// What people of the house are told, at an address of its own: `/metrics` and `/health`.
pub struct Operator {
    front: Arc<Front>,
    measures: Arc<Measures>,
}

impl Operator {
    /// Tells of these.
    #[must_use]
    pub const fn new(front: Arc<Front>, measures: Arc<Measures>) -> Self {
        Self { front, measures }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match request.uri().path() {
            "/metrics" => {
                let text = self.measures.text();
                told(
                    200,
                    text,
                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                )
            }
            "/health" => self.health().await,
            _ => answer::bare(404, "there are /health and /metrics\n"),
        }
    }

    async fn health(&self) -> Response<Full<Bytes>> {
        let promises = self.front.promises();
        let (store, cache) = self.front.check().await;
        let word = |checked: &Result<(), _>| match checked {
            Ok(()) => "well".to_owned(),
            Err(error) => format!("{error}"),
        };
        let report = json!({
            "store": word(&store),
            "cache": cache.as_ref().map(word),
            "promises": {
                "keeps_heads": promises.keeps_heads,
                "is_atomic": promises.is_atomic,
                "is_durable": promises.is_durable,
                "never_evicts": promises.never_evicts,
            },
        });
        let status = if store.is_ok() { 200 } else { 503 };
        told(status, format!("{report}\n"), "application/json")
    }
}

fn told(status: u16, text: String, kind: &'static str) -> Response<Full<Bytes>> {
    let mut response = answer::bare(status, text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
