use core::sync::atomic::{AtomicI64, Ordering::Relaxed};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use session_codec::OriginMac;
use session_store::StoreError;

use super::proof;
use crate::clock::now;

/// What a proven request is told.
pub(super) struct Answer {
    status: StatusCode,
    content: Vec<u8>,
    is_json: bool,
}

impl Answer {
    /// Nothing but a status.
    pub(super) const fn of(status: StatusCode) -> Self {
        Self {
            status,
            content: Vec::new(),
            is_json: false,
        }
    }

    pub(super) const fn frame(content: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content,
            is_json: false,
        }
    }

    pub(super) const fn json(content: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content,
            is_json: true,
        }
    }

    pub(super) const fn done() -> Self {
        Self::of(StatusCode::NO_CONTENT)
    }

    /// A store that failed is an outage, and the Worker knows what to do.
    pub(super) fn failed(error: &StoreError) -> Self {
        Self::of(match error {
            StoreError::Conflict => StatusCode::CONFLICT,
            StoreError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            StoreError::Unavailable { .. } | StoreError::TimedOut | StoreError::Refused { .. } => {
                log(error);
                StatusCode::SERVICE_UNAVAILABLE
            }
        })
    }

    /// With the proof that it is this server's answer to this request.
    pub(super) fn proven(self, key: &OriginMac, request: &str) -> Response<Full<Bytes>> {
        let mac = proof::of_answer(key, request, self.status.as_u16(), &self.content);
        let kind = if self.is_json {
            "application/json"
        } else {
            "application/octet-stream"
        };
        let mut response = Response::new(Full::from(self.content));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Ok(mac) = HeaderValue::try_from(mac) {
            headers.insert("x-store-mac", mac);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::OK {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        response
    }
}

/// Once a second: while a store is down every request fails, and how many did is counted.
fn log(error: &StoreError) {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let second = now().seconds();
    if LAST.swap(second, Relaxed) != second {
        tracing::warn!(kind = error.label(), %error, "store_failed");
    }
}

/// An answer to somebody who has shown no key.
pub(super) fn bare(status: u16, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// After which nothing more is read from this client.
pub(super) fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
