use core::fmt;
use core::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Uri;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// Where traces are sent, as `OTEL_EXPORTER_OTLP_ENDPOINT` says it: `http://127.0.0.1:4318`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Collector(String);

impl Collector {
    /// Where it takes traces.
    pub(super) fn address(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Collector {
    type Error = BadCollector;

    fn try_from(text: String) -> Result<Self, BadCollector> {
        let address: Uri = text.parse().map_err(|_| BadCollector)?;
        let is_plain = address.scheme_str() == Some("http") && address.query().is_none();
        if !is_plain
            || address
                .authority()
                .is_none_or(|at| at.as_str().contains('@'))
        {
            return Err(BadCollector);
        }
        Ok(Self(format!("{}/v1/traces", text.trim_end_matches('/'))))
    }
}

/// An address that is none of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCollector;

impl fmt::Display for BadCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "traces is the address of a collector that takes OTLP over plain HTTP, as http://127.0.0.1:4318: \
             one on this machine, which can have TLS to another",
        )
    }
}

impl core::error::Error for BadCollector {}

/// Asks over HTTP/1.1, where the server's own sockets are: whoever exports has a thread without any.
#[derive(Debug)]
pub(super) struct Client {
    runtime: Handle,
}

impl Client {
    pub(super) const fn new(runtime: Handle) -> Self {
        Self { runtime }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = async { tokio::time::timeout(TIME, send(request)).await? };
        self.runtime.spawn(sent).await?
    }
}

/// One connection a batch: there is one every few seconds.
async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut head, body) = request.into_parts();
    let at = head.uri.authority().ok_or(BadCollector)?.clone();
    let host = at.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, at.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    head.headers
        .insert(HOST, HeaderValue::try_from(at.as_str())?);
    head.uri = Uri::builder()
        .path_and_query(head.uri.path().to_owned())
        .build()?;
    let answer = sender
        .send_request(Request::from_parts(head, Full::new(body)))
        .await?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}

/// How long a collector may take for a batch.
const TIME: Duration = super::TIME;
/// It says which spans it did not take.
const MAX_ANSWER: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_asked_over_plain_http() {
        for (good, at) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector/", "http://collector/v1/traces"),
            ("http://a:1/otel", "http://a:1/otel/v1/traces"),
        ] {
            let collector = Collector::try_from(good.to_owned()).unwrap();
            assert_eq!(collector.address(), at);
        }
        for bad in [
            "",
            "127.0.0.1:4318",
            "https://a:4318",
            "http://a@b",
            "http://a?b",
            "grpc://a",
        ] {
            assert_eq!(
                Collector::try_from(bad.to_owned()),
                Err(BadCollector),
                "{bad}"
            );
        }
    }
}
