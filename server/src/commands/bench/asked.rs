use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{COOKIE, HOST};
use serde_json::json;
use session_codec::{StoreName, Timestamp};

use crate::clock::now;
use crate::commands::Failed;
use crate::http::of_request;
use crate::settings::Key;

/// What requests are made of.
pub(super) struct Asked {
    pub(super) key: Option<Key>,
    /// Which of several records a session has.
    pub(super) series: u32,
    pub(super) path: String,
    pub(super) address: String,
    pub(super) cookie: String,
    pub(super) expires: Timestamp,
    pub(super) frame: Vec<u8>,
}

impl Asked {
    pub(super) fn read(&self, name: &StoreName) -> Result<Request<Full<Bytes>>, Failed> {
        self.request("GET", &format!("/records/{name}"), Vec::new())
    }

    pub(super) fn put(&self, name: &StoreName) -> Result<Request<Full<Bytes>>, Failed> {
        self.request("PUT", &format!("/records/{name}"), self.frame.clone())
    }

    pub(super) fn commit(
        &self,
        session: &StoreName,
        from: &StoreName,
        to: &StoreName,
    ) -> Result<Request<Full<Bytes>>, Failed> {
        let body = json!({
            "ask": "commit",
            "record": { "name": to.to_text(), "frame": BASE64.encode(&self.frame) },
            "from": from.to_text(),
            "to": { "record": to.to_text(), "cookie": "c".repeat(400) },
            "expires": self.expires.seconds(),
            "listed": [],
            "now": now().seconds(),
        });
        self.request(
            "PUT",
            &format!("/heads/{session}"),
            body.to_string().into_bytes(),
        )
    }

    pub(super) fn page(&self) -> Result<Request<Full<Bytes>>, Failed> {
        self.request("GET", "", Vec::new())
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, Failed> {
        let path = format!("{}{path}", self.path);
        let mut request = Request::builder()
            .method(method)
            .header(HOST, &self.address);
        if let Some(key) = &self.key {
            let time = now().seconds().to_string();
            let mac = of_request(key, method, &path, &time, &body);
            request = request
                .header("x-store-time", time)
                .header("x-store-mac", mac);
        }
        if !self.cookie.is_empty() {
            request = request.header(COOKIE, &self.cookie);
        }
        let path = if path.is_empty() { "/" } else { path.as_str() };
        Ok(request.uri(path).body(Full::from(body))?)
    }
}
