use session_codec::Timestamp;
use session_store::{
    About, Head, Kept, Kind, Record, RecordName, SessionStore, StoreError, Swapped,
};
use worker::{
    Headers, Method, ObjectNamespace, Request, RequestInit, Response,
    js_sys::{Reflect, Uint8Array},
};

use super::{
    platform_error::failed,
    text::{or_malformed, record_name},
};
use crate::settings::Tier;
use crate::shard::{ASK, Ask, EXPIRES, Moved};

/// Records and heads in Durable Objects ([`SessionShard`](crate::shard::SessionShard)): strongly
/// consistent, with compare-and-swap.
pub(crate) struct ObjectRecords(ObjectNamespace);

impl ObjectRecords {
    pub(crate) const fn new(namespace: ObjectNamespace) -> Self {
        Self(namespace)
    }

    async fn ask(
        &self,
        name: &RecordName,
        ask: &Ask,
        record: Option<&Record>,
    ) -> Result<Response, StoreError> {
        let request = request(ask, record).map_err(failed)?;
        // The first character: 64 objects.
        let shard = self.0.get_by_name(&name.as_str()[..1]).map_err(failed)?;
        shard.fetch_with_request(request).await.map_err(asked)
    }
}

/// An object that has more to do than it can says so, and each further request makes it worse: it is not
/// asked again.
fn asked(error: worker::Error) -> StoreError {
    let is_overloaded = match &error {
        worker::Error::UnknownJsError { original, .. } => {
            Reflect::get(original, &"overloaded".into())
                .is_ok_and(|overloaded| overloaded.is_truthy())
        }
        _ => false,
    };
    match is_overloaded {
        true => StoreError::Refused {
            reason: "the object is overloaded".into(),
        },
        false => failed(error),
    }
}

fn request(ask: &Ask, record: Option<&Record>) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set(ASK, &serde_json::to_string(ask)?)?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    init.with_method(Method::Post);
    if let Some(record) = record {
        init.with_method(Method::Put);
        init.with_body(Some(Uint8Array::from(record.octets()).into()));
    }
    Request::new_with_init("https://shard/", &init)
}

impl SessionStore for ObjectRecords {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let ask = Ask::Get {
            name: name.to_string(),
            now: now.seconds(),
        };
        let mut response = self.ask(name, &ask, None).await?;
        match response.status_code() {
            200 => {
                let expires = response.headers().get(EXPIRES).map_err(failed)?;
                let expires = expires.and_then(|expires| expires.parse().ok());
                let expires = expires.ok_or_else(|| unexpected(200))?;
                let octets = response.bytes().await.map_err(failed)?;
                let kept = |record| Kept {
                    record,
                    expires: Timestamp::from_seconds(expires),
                };
                Ok(or_malformed(Tier::Object, Record::new(octets).ok()).map(kept))
            }
            404 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ask = Ask::Put {
            name: name.to_string(),
            replaces: about.kind == Kind::Revocation,
            expires: about.expires.seconds(),
            now: now.seconds(),
        };
        match self.ask(name, &ask, Some(record)).await?.status_code() {
            204 => Ok(()),
            409 => Err(StoreError::Conflict),
            status => Err(unexpected(status)),
        }
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let ask = Ask::Delete {
            name: name.to_string(),
        };
        self.ask(name, &ask, None).await.and_then(nothing)
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let ask = Ask::Swap {
            name: session.to_string(),
            from: from.map(ToString::to_string),
            to: to.map(|head| (head.record.to_string(), head.cookie.to_string())),
            expires: expires.seconds(),
            now: now.seconds(),
        };
        let mut response = self.ask(session, &ask, None).await?;
        if response.status_code() != 200 {
            return Err(unexpected(response.status_code()));
        }
        match response.json().await.map_err(failed)? {
            Moved::Done => Ok(Swapped::Done),
            Moved::Ended => Ok(Swapped::Ended),
            Moved::Other { record, cookie } => Ok(Swapped::Other(Head {
                record: record_name(&record).ok_or_else(|| unexpected(200))?,
                cookie: cookie.into(),
            })),
        }
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ask = Ask::End {
            name: session.to_string(),
            expires: expires.seconds(),
            now: now.seconds(),
        };
        self.ask(session, &ask, None).await.and_then(nothing)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in and_then"
)]
fn nothing(response: Response) -> Result<(), StoreError> {
    match response.status_code() {
        204 => Ok(()),
        status => Err(unexpected(status)),
    }
}

fn unexpected(status: u16) -> StoreError {
    StoreError::Unavailable {
        reason: format!("the object answered {status}").into(),
    }
}
