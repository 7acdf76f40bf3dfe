use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt, join};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use session_codec::{OriginMac, OwnerName, StoreName, Timestamp};
use session_store::{
    Committed, Framed, Head, HeadState, Kind, Newest, Proposal, Record, RecordMeta, Saved,
    SessionStore, StoreError, StoredRecord, together,
};
use subtle::ConstantTimeEq;
use worker::{
    AbortController, CacheMode, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
    Response, ResponseBody, js_sys::Uint8Array,
};

use super::{
    platform_error::failed,
    text::{live, or_malformed},
};
use crate::{clock, tier::Tier};

/// The first line of what a request's MAC covers. Another protocol gets another one.
const REQUEST: &str = "edge-session-store/1 request";
/// The first line of what an answer's MAC covers.
const ANSWER: &str = "edge-session-store/1 answer";
/// Bytes of an answer that are read: the longest record in its frame and in base64url, and a head
/// that names it.
const MAX_ANSWER: usize = Framed::MAX_BYTES.div_ceil(3) * 4 + 16 * 1024;

/// Where an origin keeps records, and the key that both sides prove to have.
#[derive(Clone)]
pub(crate) struct OriginAddress {
    /// Scheme, host, port and path, without a slash at the end.
    pub(crate) url: String,
    /// The path of it, which the MAC covers.
    pub(crate) path: String,
    pub(crate) mac: OriginMac,
    /// Whether it is told whose a session is.
    pub(crate) tells_user: bool,
    /// The trace that what is asked belongs to.
    pub(crate) trace: Option<Box<str>>,
}

/// Records and heads in a server of the site's own, by HTTP: docs/ORIGIN-STORE.md.
///
/// Requests and answers carry a MAC, so neither side talks to a stranger; redirects are not
/// followed, answers not read beyond the longest record, and the connection is closed when
/// nobody waits any more.
pub(crate) struct OriginRecords(Box<OriginAddress>);

/// An answer whose MAC is right.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What its body says; `None` if it is something else. By way of a text, as all JSON is read here: the
    /// reader is compiled once.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(str::from_utf8(&self.body).ok()?).ok()
    }

    /// What is wrong with it.
    pub(crate) fn unexpected(&self, reason: &str) -> StoreError {
        unavailable(&format!("the origin store: {reason}: {}", self.status))
    }
}

/// What a server says of a head.
#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Saved {
        listed: Vec<Option<String>>,
        compared: bool,
    },
    Other(ToldHead),
    Ended,
    Absent,
}

#[derive(Deserialize)]
struct ToldHead {
    record: String,
    cookie: Box<str>,
    /// Of the record, in its frame, if it is there.
    #[serde(default)]
    frame: Option<String>,
}

impl ToldHead {
    fn read(self, now: Timestamp) -> Result<Newest, StoreError> {
        let head = Head {
            record: self.record.parse().map_err(|_| unavailable("not a name"))?,
            cookie: self.cookie,
        };
        let record = unframed(self.frame, now);
        Ok(Newest { head, record })
    }
}

impl Outcome {
    fn shown(self, now: Timestamp) -> Result<HeadState, StoreError> {
        match self {
            Self::Absent => Ok(HeadState::Absent),
            Self::Ended => Ok(HeadState::Ended),
            Self::Other(told) => told.read(now).map(HeadState::At),
            Self::Saved { .. } => Err(unavailable("an outcome of something else")),
        }
    }
}

impl OriginRecords {
    pub(crate) fn new(address: OriginAddress) -> Self {
        Self(Box::new(address))
    }

    /// Asks, and believes only who has the key. The proof covers the path, but for its query.
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
            trace,
            ..
        } = &*self.0;
        let time = clock::now().seconds();
        let proven = path.split('?').next().unwrap_or(path);
        let proof = request_mac(mac, method.as_ref(), &format!("{base}{proven}"), time, body);
        let proof_of = (time, &*proof);
        let request = request(
            &format!("{url}{path}"),
            method,
            proof_of,
            trace.as_deref(),
            body,
        );
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

    async fn record(&self, path: &str, now: Timestamp) -> Result<Option<StoredRecord>, StoreError> {
        let answer = self.ask(Method::Get, path, &[]).await?;
        match answer.status {
            200 => Ok(live(Tier::Origin, answer.body, now)),
            404 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    /// Asks meta a head: `None` if the server keeps none.
    async fn head(
        &self,
        session: &StoreName,
        ask: &serde_json::Value,
    ) -> Result<Option<Outcome>, StoreError> {
        let body = ask.to_string();
        let path = format!("/heads/{session}");
        let answer = self.ask(Method::Put, &path, body.as_bytes()).await?;
        match answer.status {
            200 => {
                let outcome = answer.json();
                outcome
                    .map(Some)
                    .ok_or_else(|| unavailable("not an outcome"))
            }
            404 | 405 | 501 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    /// Commits what moves no head, or where none are kept: everything at the same time.
    async fn commit_apart(
        &self,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let put = async {
            match &proposal.record {
                Some(new) => self.put(&new.name, &new.record, &new.meta, now).await,
                None => Ok(()),
            }
        };
        let names = proposal.unless_ended.iter();
        let listed = together(names.map(|name| self.get_fresh(name, now)));
        let (put, listed) = join!(put, listed);
        put?;
        Ok(Committed::Saved(Saved {
            listed: listed.into_iter().collect::<Result<_, _>>()?,
            is_compared: false,
        }))
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
    trace: Option<&str>,
    body: &[u8],
) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("x-store-time", &time.to_string())?;
    headers.set("x-store-mac", mac)?;
    if let Some(trace) = trace {
        headers.set("traceparent", trace)?;
    }
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
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.record(&record_path(name), now).await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let path = format!("{}?fresh", record_path(name));
        self.record(&path, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let framed = Framed::write(record, meta.expires);
        let path = match meta.kind {
            Kind::Session => record_path(name),
            Kind::Revocation => format!("/revocations/{name}"),
        };
        match self.ask(Method::Put, &path, &framed).await?.status {
            200 | 204 => Ok(()),
            409 => Err(StoreError::Conflict),
            status => Err(unexpected(status)),
        }
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let path = record_path(name);
        match self.ask(Method::Delete, &path, &[]).await?.status {
            200 | 204 | 404 => Ok(()),
            status => Err(unexpected(status)),
        }
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let Some(change) = &proposal.head else {
            return self.commit_apart(proposal, now).await;
        };
        let record = proposal.record.as_ref().map(|new| {
            let frame = Framed::write(&new.record, new.meta.expires);
            json!({ "name": new.name.to_text(), "frame": URL_SAFE_NO_PAD.encode(frame) })
        });
        let to = change.to.as_ref();
        let names = proposal.unless_ended.iter().map(StoreName::to_text);
        let mut ask = json!({
            "ask": "commit",
            "record": record,
            "from": change.from.as_ref().map(StoreName::to_text),
            "to": to.map(|to| json!({ "record": to.record.to_text(), "cookie": to.cookie })),
            "expires": change.expires.seconds(),
            "listed": names.collect::<Vec<_>>(),
            "now": now.seconds(),
        });
        if let Some(new) = &proposal.record
            && let Some(about) = about(&new.meta, self.0.tells_user)
        {
            ask["about"] = about;
        }
        match self.head(&change.session, &ask).await? {
            None => self.commit_apart(proposal, now).await,
            Some(Outcome::Saved { listed, compared }) => {
                if listed.len() != proposal.unless_ended.len() {
                    return Err(unavailable("not as many listed as asked about"));
                }
                let listed = listed.into_iter().map(|frame| unframed(frame, now));
                Ok(Committed::Saved(Saved {
                    listed: listed.collect(),
                    is_compared: compared,
                }))
            }
            Some(Outcome::Other(told)) => Ok(Committed::Other(told.read(now)?)),
            Some(Outcome::Ended) => Ok(Committed::Ended),
            Some(Outcome::Absent) => Err(unavailable("no outcome of a commit")),
        }
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let ask = json!({ "ask": "show", "now": now.seconds() });
        match self.head(session, &ask).await? {
            None => Ok(HeadState::NotKept),
            Some(outcome) => outcome.shown(now),
        }
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let ask = json!({ "ask": "end", "expires": expires.seconds(), "now": now.seconds() });
        match self.head(session, &ask).await? {
            None => Ok(None),
            Some(outcome) => Ok(match outcome.shown(now)? {
                HeadState::At(newest) => Some(newest.head),
                HeadState::Absent | HeadState::Ended | HeadState::NotKept => None,
            }),
        }
    }
}

/// What the settings let a server know of a session, if anything.
fn about(meta: &RecordMeta, tells_user: bool) -> Option<serde_json::Value> {
    let user = meta.owner.as_ref().filter(|_| tells_user);
    let told = [
        ("user", user.map(OwnerName::to_text)),
        ("ip", meta.ip.as_deref().map(str::to_owned)),
        ("user_agent", meta.user_agent.as_deref().map(str::to_owned)),
    ];
    let told = told
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    let told: serde_json::Map<_, _> = told.collect();
    (!told.is_empty()).then(|| told.into())
}

/// The record in a frame that came in base64url.
fn unframed(frame: Option<String>, now: Timestamp) -> Option<StoredRecord> {
    let bytes = URL_SAFE_NO_PAD.decode(frame?).ok();
    live(Tier::Origin, or_malformed(Tier::Origin, bytes)?, now)
}

fn record_path(name: &StoreName) -> String {
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
            tells_user: false,
            trace: None,
        })
    }

    /// The same, for what belongs to a trace.
    pub(crate) fn within(&self, trace: Option<&str>) -> Self {
        Self {
            trace: trace.map(Into::into),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use session_codec::Secret;

    use super::*;

    fn mac() -> OriginMac {
        OriginMac::new(&Secret::from_bytes(core::array::from_fn(|i| i as u8)))
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
    fn a_server_is_told_of_a_session_what_the_settings_say() {
        let meta = RecordMeta {
            owner: Some(OwnerName::new([7; 24])),
            ip: Some("192.0.2.1".into()),
            ..RecordMeta::session_until(Timestamp::from_seconds(1))
        };
        let user = OwnerName::new([7; 24]).to_text();
        assert_eq!(
            about(&meta, true),
            Some(json!({ "user": user, "ip": "192.0.2.1" }))
        );
        assert_eq!(about(&meta, false), Some(json!({ "ip": "192.0.2.1" })));
        let bare = RecordMeta { ip: None, ..meta };
        assert_eq!(about(&bare, false), None);
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
