//! Traces, as a collector gets them.

use alloc::sync::Arc;
use core::convert::Infallible;
use std::sync::Mutex;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tokio::net::TcpListener;

use crate::running::{Client, Running, asking, frame, name, soon};

/// Spans leave every tenth of a second.
const SOON: [&str; 2] = ["env", "OTEL_BSP_SCHEDULE_DELAY=100"];
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Takes OTLP over HTTP.
struct Collector {
    address: String,
    taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Vec<_>>> = Arc::default();
        let batches = Arc::clone(&taken);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let batches = Arc::clone(&batches);
                let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let batches = Arc::clone(&batches);
                    async move {
                        assert_eq!(request.uri().path(), "/v1/traces");
                        assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let batch = ExportTraceServiceRequest::decode(body).unwrap();
                        batches.lock().unwrap().push(batch);
                        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { address, taken }
    }

    fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let resources = taken.iter().flat_map(|batch| &batch.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Everything that it was told, to look for what it must not be told.
    fn all(&self) -> String {
        format!("{:?}", self.taken.lock().unwrap())
    }

    /// All spans, once there are so many.
    async fn some(&self, count: usize) -> Vec<Span> {
        soon("so many spans", || async { self.spans().len() >= count }).await;
        self.spans()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|it| it.key == key);
    format!(
        "{:?}",
        found.unwrap_or_else(|| panic!("{key}: {span:?}")).value
    )
}

fn traced(method: &str, path: &str, body: &[u8], flags: &str) -> Request<Full<Bytes>> {
    let mut request = asking(method, path, body);
    let parent = format!("00-{TRACE}-{PARENT}-{flags}").parse().unwrap();
    request.headers_mut().insert("traceparent", parent);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_calls_are_spans_of_the_trace_that_it_comes_with() {
    let collector = Collector::start().await;
    let mut running = Running::folder(&format!(
        "store = \"sqlite:FOLDER/s.sqlite3\"\ncache = \"file:FOLDER/c\"\ntraces = \"{}\"",
        collector.address
    ));
    running.start_by(&SOON);
    running.line("store_open");
    let mut client = running.client().await;
    let path = format!("/records/{}", name(1, 1));
    // Nobody of ours, nothing of interest, and one whose trace is not recorded: no spans.
    assert!(client.plain("/health").await.is_some());
    assert_eq!(client.plain(&path).await.unwrap().0, 403);
    let mut client = running.client().await;
    let unrecorded = traced("GET", &path, b"", "00");
    assert_eq!(client.send(unrecorded).await.unwrap().0, 404);
    let recorded = traced("PUT", &path, &frame(1, 99), "01");
    assert_eq!(client.send(recorded).await.unwrap().0, 204);

    let spans = collector.some(4).await;
    let named = |name: &str| {
        let mut found = spans.iter().filter(|span| span.name == name);
        let first = found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {spans:?}"));
        assert!(found.next().is_none(), "{name}: {spans:?}");
        first
    };
    let request = named("PUT /records/{name}");
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert_eq!(request.kind(), SpanKind::Server);
    assert!(attribute(request, "http.response.status_code").contains("204"));
    let put = named("store put");
    assert_eq!(put.parent_span_id, request.span_id);
    assert!(attribute(put, "edge_session.outcome").contains("ok"));
    // The cache gets it behind the answer, and the request's span does not wait for that.
    let (behind, cached) = (named("background"), named("cache put"));
    assert_eq!(behind.parent_span_id, request.span_id);
    assert_eq!(cached.parent_span_id, behind.span_id);
    assert!(
        spans.iter().all(|span| hex(&span.trace_id) == TRACE),
        "{spans:?}"
    );
    assert_eq!(spans.len(), 4, "{spans:?}");

    // One without a trace begins its own; what fails is marked.
    std::fs::rename(running.path("c"), running.path("elsewhere")).unwrap();
    let absent = asking("GET", &format!("/records/{}", name(2, 1)), b"");
    assert_eq!(client.send(absent).await.unwrap().0, 404);
    running.signal("-TERM");
    assert_eq!(running.wait(), Some(0));
    let spans = collector.spans();
    let read = spans.iter().find(|span| span.name == "GET /records/{name}");
    let read = read.unwrap_or_else(|| panic!("the last spans are not sent: {spans:?}"));
    assert!(read.parent_span_id.is_empty() && hex(&read.trace_id) != TRACE);
    let cache = spans.iter().find(|span| span.name == "cache get").unwrap();
    assert_eq!(cache.status.as_ref().unwrap().code, 2);

    let all = collector.all();
    assert!(all.contains("edge-session-server"), "{all}");
    for secret in [
        name(1, 1).to_text(),
        name(2, 1).to_text(),
        "127.0.0.1".to_owned(),
    ] {
        assert!(!all.contains(&secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_costs_traces_and_one_line() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let mut running = Running::folder(&format!(
        "store = \"sqlite:FOLDER/s.sqlite3\"\ntraces = \"http://{address}\""
    ));
    running.start_by(&SOON);
    running.line("store_open");
    let mut client: Client = running.client().await;
    let path = format!("/records/{}", name(1, 1));
    let mut ask = async |method: &str, status: u16| {
        let answer = client.ask(method, &path, &frame(1, 99)).await;
        assert_eq!(answer.unwrap().0, status);
    };
    ask("PUT", 204).await;
    running.line("traces_not_taken");
    for _ in 0..5 {
        ask("GET", 200).await;
        // A batch for each.
        tokio::time::sleep(core::time::Duration::from_millis(150)).await;
    }
    running.signal("-TERM");
    assert_eq!(running.wait(), Some(0));
    let again = running.rest();
    let again = again
        .iter()
        .filter(|line| line["message"] == "traces_not_taken");
    assert_eq!(again.count(), 0);
}
