//! Traces, as OpenTelemetry has them: a span a request and one a call to a store, for a collector that speaks OTLP.
//!
//! What a span says is from this program alone: no name of a record, no address, nothing of a session.

use core::time::Duration;

use hyper::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{FilterExt as _, FilterFn, filter_fn};
use tracing_subscriber::layer::{Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

mod collector;
mod exporter;

pub use collector::{BadCollector, Collector};

use collector::Client;
use exporter::Patient;

/// Of all spans here, and of nothing that is logged.
const TARGET: &str = "edge_session_server::traces";
/// How long a collector may take.
const TIME: Duration = Duration::from_secs(5);
/// How long the last spans may take once the server is to stop.
const STOP_TIME: Duration = Duration::from_secs(2);
/// What the collector knows this program as, unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = "edge-session-server";

/// What sends spans away.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to a collector, from a thread of its own. Whether it is there is seen later.
    ///
    /// # Errors
    /// What the variables of OpenTelemetry say that cannot be done.
    pub fn open(
        collector: &Collector,
        runtime: Handle,
    ) -> Result<Self, opentelemetry_otlp::ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(runtime))
            .with_endpoint(collector.address())
            .with_timeout(TIME)
            .build()?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Patient::new(exporter))
            .with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    /// What takes spans from whoever makes them.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let is_span = filter_fn(|about| about.target() == TARGET);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
            .with_filter(is_span)
    }

    /// Sends what is left. Waits, so not for a thread that others need.
    pub fn end(self) {
        // What is lost by it is the last moment's traces.
        let _ = self.0.shutdown_with_timeout(STOP_TIME);
    }
}

/// Log lines have nothing of spans in them.
pub fn without_spans<S: 'static, F: Filter<S>>(lines: F) -> impl Filter<S> {
    let is_line: FilterFn<fn(&tracing::Metadata<'_>) -> bool> =
        FilterFn::new(|about| about.target() != TARGET);
    lines.and(is_line)
}

/// The span of a request that has shown a key, within the trace that it comes with.
#[must_use]
pub fn of_request(method: &str, route: &'static str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        let came = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // It can be refused only once the span has begun to be used.
        let _ = span.set_parent(came);
    }
    span
}

/// The request is answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a call to a store, where it belongs to a request.
#[must_use]
pub fn of_call(store: &'static str, call: &'static str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        target: TARGET,
        "call",
        otel.name = format_args!("{store} {call}"),
        otel.kind = "client",
        otel.status_code = Empty,
        edge_session.store = store,
        edge_session.call = call,
        edge_session.outcome = Empty,
    )
}

/// What came of a call.
pub fn told(span: &Span, outcome: &'static str, is_error: bool) {
    span.record("edge_session.outcome", outcome);
    if is_error {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of what a request leaves to be done behind its answer: in its trace, and without keeping its own span open.
#[must_use]
pub fn behind() -> Span {
    let current = Span::current();
    if current.is_none() {
        return current;
    }
    let span = tracing::info_span!(target: TARGET, parent: None, "background");
    // As above.
    let _ = span.set_parent(current.context());
    span
}
