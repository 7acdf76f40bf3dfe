use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use session_codec::{OriginMac, Timestamp};
use session_store::{
    About, Framed, Head, Kept, Kind, Record, RecordName, SessionStore, StoreError, Swapped,
};
use subtle::ConstantTimeEq;
use worker::{
    AbortController, CacheMode, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
    Response, ResponseBody, js_sys::Uint8Array,
};

use super::{
    platform_error::failed,
    text::{live, record_name},
};
use crate::{clock, settings::Tier};

/// The first line of what a request's MAC covers. Another protocol gets another one.
const REQUEST: &str = "edge-session-store/1 request";
/// The first line of what an answer's MAC covers.
const ANSWER: &str = "edge-session-store/1 answer";
/// Octets of an answer that are read: the longest record in its frame.
const MAX_ANSWER: usize = Framed::MAX_OCTETS;

/// Where an origin keeps records, and the key that both sides prove to have.
#[derive(Clone)]
pub(crate) struct OriginAddress {
    /// Scheme, host, port and path, without a slash at the end.
    pub(crate) url: String,
    /// The path of it, which the MAC covers.
    pub(crate) path: String,
    pub(crate) mac: OriginMac,
}

/// Records and heads in a server of the site's own, by HTTP: docs/ORIGIN-STORE.md.
///
/// Requests and answers carry a MAC, so neither side talks to a stranger; redirects are not
/// followed, answers not read beyond the longest record, and the connection is closed when
/// nobody waits any more.
pub(crate) struct OriginRecords(OriginAddress);

/// An answer whose MAC is right.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What is wrong with it.
    pub(crate) fn unexpected(&self, reason: &str) -> StoreError {
        unavailable(&format!("the origin store: {reason}: {}", self.status))
    }
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Done,
    Other { record: String, cookie: Box<str> },
    Ended,
}

impl OriginRecords {
    pub(crate) const fn new(address: OriginAddress) -> Self {
        Self(address)
    }

    /// Asks, and believes only who has the key.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<Answer, StoreError> {
        let OriginAddress {
            url,
            path: base,
            mac,
        } = &self.0;
        let time = clock::now().seconds();
        let proof = request_mac(mac, method.as_ref(), &format!("{base}{path}"), time, body);
        let request = request(&format!("{url}{path}"), method, (time, &proof), body);
        // Aborts when this future is dropped: when the time is up, say.
        let guard = Guard(AbortController::default());
        let fetch = Fetch::Request(request.map_err(failed)?);
        let response = fetch.send_with_signal(&guard.0.signal()).await;
        let mut response = response.map_err(failed)?;
        let status = response.status_code();
        if (300..400).contains(&status) {
            return Err(unavailable("redirect"));
        }
        let given = response.headers().get("x-store-mac");
        let given = given
            .ok()
            .flatten()
            .ok_or_else(|| unavailable("answer without a MAC"))?;
        let body = read(&mut response).await?;
        let expected = answer_mac(mac, &proof, status, &body);
        if !bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            return Err(unavailable("answer with a wrong MAC"));
        }
        Ok(Answer { status, body })
    }

    /// Asks about a head: `None` if the server keeps none.
    async fn head(
        &self,
        session: &RecordName,
        ask: &serde_json::Value,
    ) -> Result<Option<Outcome>, StoreError> {
        let body = ask.to_string();
        let path = format!("/heads/{session}");
        let answer = self.ask(Method::Put, &path, body.as_bytes()).await?;
        match answer.status {
            200 => {
                let outcome = serde_json::from_slice(&answer.body);
                outcome.map(Some).map_err(|_| unavailable("not an outcome"))
            }
            404 | 405 | 501 => Ok(None),
            status => Err(unexpected(status)),
        }
    }
}

struct Guard(AbortController);

impl Drop for Guard {
    fn drop(&mut self) {
        core::mem::take(&mut self.0).abort();
    }
}

/// `base64url(HMAC(key, "edge-session-store/1 request" LF method LF path LF time LF body))`
fn request_mac(mac: &OriginMac, method: &str, path: &str, time: i64, body: &[u8]) -> String {
    let head = format!("{REQUEST}\n{method}\n{path}\n{time}\n");
    mac.text(&[head.as_bytes(), body].concat())
}

/// `base64url(HMAC(key, "edge-session-store/1 answer" LF request's MAC LF status LF body))`
fn answer_mac(mac: &OriginMac, request: &str, status: u16, body: &[u8]) -> String {
    let head = format!("{ANSWER}\n{request}\n{status}\n");
    mac.text(&[head.as_bytes(), body].concat())
}

fn request(
    url: &str,
    method: Method,
    (time, mac): (i64, &str),
    body: &[u8],
) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("x-store-time", &time.to_string())?;
    headers.set("x-store-mac", mac)?;
    let mut init = RequestInit::new();
    if method == Method::Put {
        headers.set("content-type", "application/octet-stream")?;
        init.with_body(Some(Uint8Array::from(body).into()));
    }
    init.with_method(method);
    init.with_headers(headers);
    init.with_redirect(RequestRedirect::Manual);
    // An answer of the zone's cache has another question's MAC: refused, and so an outage.
    init.with_cache(CacheMode::NoStore);
    Request::new_with_init(url, &init)
}

/// The body, whatever the server says of its length.
async fn read(response: &mut Response) -> Result<Vec<u8>, StoreError> {
    let mut body = Vec::new();
    if matches!(response.body(), ResponseBody::Empty) {
        return Ok(body);
    }
    let mut chunks = response.stream().map_err(failed)?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(failed)?;
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(unavailable("answer longer than any record"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl SessionStore for OriginRecords {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let path = record_path(name);
        let answer = self.ask(Method::Get, &path, &[]).await?;
        match answer.status {
            200 => Ok(live(Tier::Origin, answer.body, now)),
            404 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let framed = Framed::write(record, about.expires);
        let path = match about.kind {
            Kind::Session => record_path(name),
            Kind::Revocation => format!("/revocations/{name}"),
        };
        match self.ask(Method::Put, &path, &framed).await?.status {
            200 | 204 => Ok(()),
            409 => Err(StoreError::Conflict),
            status => Err(unexpected(status)),
        }
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let path = record_path(name);
        match self.ask(Method::Delete, &path, &[]).await?.status {
            200 | 204 | 404 => Ok(()),
            status => Err(unexpected(status)),
        }
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let to = to.map(|head| json!({ "record": head.record.as_str(), "cookie": head.cookie }));
        let ask = json!({
            "ask": "swap",
            "from": from.map(RecordName::as_str),
            "to": to,
            "expires": expires.seconds(),
            "now": now.seconds(),
        });
        Ok(match self.head(session, &ask).await? {
            None => Swapped::Unkept,
            Some(Outcome::Done) => Swapped::Done,
            Some(Outcome::Ended) => Swapped::Ended,
            Some(Outcome::Other { record, cookie }) => Swapped::Other(Head {
                record: record_name(&record).ok_or_else(|| unavailable("not a name"))?,
                cookie,
            }),
        })
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ask = json!({ "ask": "end", "expires": expires.seconds(), "now": now.seconds() });
        self.head(session, &ask).await.map(|_| ())
    }
}

fn record_path(name: &RecordName) -> String {
    format!("/records/{name}")
}

fn unavailable(reason: &str) -> StoreError {
    StoreError::Unavailable {
        reason: reason.into(),
    }
}

fn unexpected(status: u16) -> StoreError {
    unavailable(&format!("the origin store answered {status}"))
}

impl OriginAddress {
    /// Reads where the store is.
    ///
    /// # Errors
    /// What is wrong with the address. Plain HTTP is for this machine only: the records are
    /// ciphertext, but whoever is in between could keep them back.
    pub(crate) fn new(text: &str, mac: OriginMac) -> Result<Self, String> {
        let url: http::Uri = text
            .parse()
            .map_err(|_| "not a URL such as https://shop.example/session-store".to_owned())?;
        let is_local = matches!(url.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if is_local => {}
            _ => return Err("neither https:// nor http:// on this machine".to_owned()),
        }
        if url.query().is_some() || text.contains(['#', '@']) {
            return Err("more than scheme, host, port and path".to_owned());
        }
        Ok(Self {
            url: text.trim_end_matches('/').to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
            mac,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use session_codec::Secret;

    use super::*;

    fn mac() -> OriginMac {
        OriginMac::new(&Secret::from_octets(core::array::from_fn(|i| i as u8)))
    }

    /// The worked example of docs/ORIGIN-STORE.md.
    #[test]
    fn macs_are_as_documented() {
        let path = "/session-store/records/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let request = request_mac(&mac(), "PUT", path, 1_800_000_000, b"\0\0\0\0kJ\xd2\x10abc");
        let answer = answer_mac(&mac(), &request, 204, b"");
        let documented = include_str!("../../../docs/ORIGIN-STORE.md");
        assert!(documented.contains(&request), "{request}");
        assert!(documented.contains(&answer), "{answer}");
    }

    #[test]
    fn every_part_of_a_message_counts() {
        let macs = [
            request_mac(&mac(), "GET", "/a", 1, b""),
            request_mac(&mac(), "PUT", "/a", 1, b""),
            request_mac(&mac(), "GET", "/b", 1, b""),
            request_mac(&mac(), "GET", "/a", 2, b""),
            request_mac(&mac(), "GET", "/a", 1, b"x"),
            answer_mac(&mac(), "GET", 200, b""),
            answer_mac(&mac(), "GET", 404, b""),
            answer_mac(&mac(), "get", 200, b""),
            answer_mac(&mac(), "GET", 200, b"x"),
        ];
        for (index, one) in macs.iter().enumerate() {
            assert!(!macs[..index].contains(one), "{index}");
        }
        assert_eq!(
            URL_SAFE_NO_PAD.decode(&macs[0]).map(|mac| mac.len()),
            Ok(32)
        );
    }

    #[test]
    fn the_address_is_https_or_on_this_machine() {
        for (good, path) in [
            ("https://shop.example", ""),
            ("https://shop.example/a/b/", "/a/b"),
            ("http://127.0.0.1:8000/store", "/store"),
        ] {
            assert!(
                OriginAddress::new(good, mac()).is_ok_and(|it| it.path == path),
                "{good}"
            );
        }
        for bad in [
            "",
            "shop.example",
            "http://shop.example",
            "https://a@b",
            "https://x?y",
            "ftp://x",
        ] {
            assert!(OriginAddress::new(bad, mac()).is_err(), "{bad}");
        }
    }
}
