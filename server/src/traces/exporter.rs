use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Says that a collector does not take traces, and not more often than is of use.
#[derive(Debug)]
pub(super) struct Patient<E> {
    inner: E,
    said: Mutex<Option<Instant>>,
}

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(60);

impl<E> Patient<E> {
    pub(super) const fn new(inner: E) -> Self {
        Self {
            inner,
            said: Mutex::new(None),
        }
    }

    fn may_say(&self) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|said| said.elapsed() >= PAUSE);
        if is_due {
            *said = Some(Instant::now());
        }
        is_due
    }
}

impl<E: SpanExporter> SpanExporter for Patient<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.inner.export(batch).await;
        if let Err(error) = &exported
            && self.may_say()
        {
            tracing::warn!(%error, "traces_not_taken");
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
