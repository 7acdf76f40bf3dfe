//! What is counted: of each store what came of its calls and how long they took, of requests the same.

use alloc::sync::Arc;
use core::time::Duration;
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use session_store::{Around, Call, Method, Outcome, SessionStore, StoreError};
use tracing::Instrument as _;

use crate::traces;

/// Seconds at which the classes of durations end. From them come p50, p95 and p99.
const CLASSES: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

type Labels = Vec<(&'static str, &'static str)>;
type Durations = Family<Labels, Histogram, fn() -> Histogram>;

/// Everything that is counted, as OpenMetrics.
pub struct Measures {
    registry: Registry,
    calls: Family<Labels, Counter>,
    call_seconds: Durations,
    requests: Family<Labels, Counter>,
    request_seconds: Durations,
    /// Writes that nobody waited for and that failed, by store.
    pub lost_writes: Family<Labels, Counter>,
    /// Records and heads that were removed because they had expired.
    pub cleaned: Counter,
    /// Clients that are connected.
    pub clients: Gauge,
    /// Whether the stores are open and answer: 1 or 0.
    pub is_well: Gauge,
}

impl Default for Measures {
    fn default() -> Self {
        Self::new()
    }
}

impl Measures {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new() -> Self {
        let durations = || Family::new_with_constructor((|| Histogram::new(CLASSES)) as fn() -> _);
        let mut all = Self {
            registry: Registry::with_prefix("edge_session_server"),
            calls: Family::default(),
            call_seconds: durations(),
            requests: Family::default(),
            request_seconds: durations(),
            lost_writes: Family::default(),
            cleaned: Counter::default(),
            clients: Gauge::default(),
            is_well: Gauge::default(),
        };
        // A number that appears when it is 1 has not risen, to whoever watches.
        for store in ["store", "cache", "also"] {
            drop(all.lost_writes.get_or_create(&vec![("store", store)]));
        }
        let it = &mut all.registry;
        it.register(
            "store_calls",
            "Calls to a store, by what came of them",
            all.calls.clone(),
        );
        it.register(
            "store_seconds",
            "How long calls to a store took",
            all.call_seconds.clone(),
        );
        it.register("requests", "Requests, by status", all.requests.clone());
        it.register(
            "request_seconds",
            "How long requests took, body included",
            all.request_seconds.clone(),
        );
        it.register(
            "lost_writes",
            "Writes in the background that failed",
            all.lost_writes.clone(),
        );
        it.register(
            "cleaned",
            "Expired records and heads that were removed",
            all.cleaned.clone(),
        );
        it.register("clients", "Clients that are connected", all.clients.clone());
        it.register(
            "well",
            "Whether the stores are open and answer",
            all.is_well.clone(),
        );
        all
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Nothing refuses to be written into a String.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// A request is answered.
    pub fn request(&self, kind: &'static str, status: u16, took: Duration) {
        let class = match status {
            200 | 204 => "ok",
            404 => "absent",
            409 => "conflict",
            403 => "stranger",
            400..500 => "malformed",
            _ => "outage",
        };
        let labels = vec![("kind", kind), ("answer", class)];
        self.requests.get_or_create(&labels).inc();
        self.request_seconds
            .get_or_create(&vec![("kind", kind)])
            .observe(took.as_secs_f64());
    }
}

/// Counts the calls to one store.
pub struct Measured {
    measures: Arc<Measures>,
    store: &'static str,
}

impl Measured {
    /// Counts under the name of a store.
    #[must_use]
    pub const fn new(measures: Arc<Measures>, store: &'static str) -> Self {
        Self { measures, store }
    }
}

impl Around for Measured {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        let (begun, method) = (Instant::now(), label(call.method()));
        let span = traces::of_call(self.store, method);
        let answer = call.make(store).instrument(span.clone()).await;
        let outcome = match &answer {
            Ok(answer) => answer.label(),
            Err(error) => error.label(),
        };
        traces::told(&span, outcome, answer.is_err());
        let labels = vec![
            ("store", self.store),
            ("call", method),
            ("outcome", outcome),
        ];
        self.measures.calls.get_or_create(&labels).inc();
        let labels = vec![("store", self.store), ("call", method)];
        let seconds = begun.elapsed().as_secs_f64();
        self.measures
            .call_seconds
            .get_or_create(&labels)
            .observe(seconds);
        answer
    }
}

const fn label(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::GetFresh => "get_fresh",
        Method::Put => "put",
        Method::Delete => "delete",
        Method::Commit => "commit",
        Method::Head => "head",
        Method::End => "end",
    }
}
