use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use futures_util::join;
use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Kind, Newest, Proposal, Record, RecordMeta, Saved, SessionStore,
    StoreError, StoredRecord, together,
};
use worker::{
    Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response,
    js_sys::{Reflect, Uint8Array},
};

use super::{platform_error::failed, text::or_malformed};
use crate::shard::{
    ASK, EXPIRES, REPLY, ShardHead, ShardListed, ShardMove, ShardRecord, ShardReply, ShardRequest,
};
use crate::tier::Tier;

/// Records and heads in Durable Objects ([`SessionShard`](crate::shard::SessionShard)): strongly
/// consistent, with compare-and-swap.
pub(crate) struct ObjectRecords(ObjectNamespace);

impl ObjectRecords {
    pub(crate) const fn new(namespace: ObjectNamespace) -> Self {
        Self(namespace)
    }

    async fn ask(
        &self,
        name: &StoreName,
        ask: &ShardRequest,
        record: Option<&Record>,
    ) -> Result<Response, StoreError> {
        // An object for each session, and for each user.
        ask_in(&self.0, &name.place(), ask, record.map(Record::bytes)).await
    }
}

/// Asks the object of this name.
pub(crate) async fn ask_object(
    env: &Env,
    name: &str,
    ask: &ShardRequest,
    body: Option<&[u8]>,
) -> Result<Response, StoreError> {
    let namespace = env.durable_object(Tier::Object.binding()).map_err(failed)?;
    ask_in(&namespace, name, ask, body).await
}

async fn ask_in(
    namespace: &ObjectNamespace,
    name: &str,
    ask: &ShardRequest,
    body: Option<&[u8]>,
) -> Result<Response, StoreError> {
    let request = request(ask, body).map_err(failed)?;
    let shard = namespace.get_by_name(name).map_err(failed)?;
    shard.fetch_with_request(request).await.map_err(asked)
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

fn request(ask: &ShardRequest, body: Option<&[u8]>) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set(ASK, &serde_json::to_string(ask)?)?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    init.with_method(Method::Post);
    if let Some(body) = body {
        init.with_method(Method::Put);
        init.with_body(Some(Uint8Array::from(body).into()));
    }
    Request::new_with_init("https://shard/", &init)
}

impl SessionStore for ObjectRecords {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let ask = ShardRequest::Get {
            name: name.to_string(),
            now: now.seconds(),
        };
        let mut response = self.ask(name, &ask, None).await?;
        match response.status_code() {
            200 => {
                let expires = response.headers().get(EXPIRES).map_err(failed)?;
                let expires = expires.and_then(|expires| expires.parse().ok());
                let expires = expires.ok_or_else(|| unexpected(200))?;
                let bytes = response.bytes().await.map_err(failed)?;
                let kept = |record| StoredRecord {
                    record,
                    expires: Timestamp::from_seconds(expires),
                };
                Ok(or_malformed(Tier::Object, Record::new(bytes).ok()).map(kept))
            }
            404 => Ok(None),
            status => Err(unexpected(status)),
        }
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ask = ShardRequest::Put {
            name: name.to_string(),
            replaces: meta.kind == Kind::Revocation,
            expires: meta.expires.seconds(),
            now: now.seconds(),
        };
        match self.ask(name, &ask, Some(record)).await?.status_code() {
            204 => Ok(()),
            409 => Err(StoreError::Conflict),
            status => Err(unexpected(status)),
        }
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let ask = ShardRequest::Delete {
            name: name.to_string(),
        };
        self.ask(name, &ask, None).await.and_then(nothing)
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let Proposal {
            record,
            head,
            unless_ended,
        } = proposal;
        let own = head.as_ref().map(|change| &change.session);
        let Some(own) = own.or(record.as_ref().map(|new| &new.name)) else {
            let names = unless_ended.iter();
            let listed = together(names.map(|name| self.get(name, now))).await;
            return Ok(saved(listed.into_iter().collect::<Result<_, _>>()?));
        };
        if let Some(new) = record
            .as_ref()
            .filter(|new| new.name.place() != own.place())
        {
            // Two objects are no one step.
            let reason = format!("{} is in another place than its session", new.name);
            let reason = reason.into();
            return Err(StoreError::Refused { reason });
        }
        let is_here = |name: &&StoreName| name.place() == own.place();
        let ask = ShardRequest::Commit {
            record: record.as_ref().map(|new| ShardRecord {
                name: new.name.to_string(),
                expires: new.meta.expires.seconds(),
            }),
            head: head.as_ref().map(|change| ShardMove {
                name: change.session.to_string(),
                from: change.from.as_ref().map(ToString::to_string),
                to: change.to.as_ref().map(|to| ShardHead {
                    record: to.record.to_string(),
                    cookie: to.cookie.to_string(),
                }),
                expires: change.expires.seconds(),
            }),
            listed: unless_ended
                .iter()
                .filter(is_here)
                .map(ToString::to_string)
                .collect(),
            now: now.seconds(),
        };
        let record = record.as_ref().map(|new| &new.record);
        let elsewhere = unless_ended.iter().filter(|name| !is_here(name));
        let (response, elsewhere) = join!(
            self.ask(own, &ask, record),
            together(elsewhere.map(|name| self.get(name, now)))
        );
        let mut response = response?;
        if response.status_code() == 409 {
            return Err(StoreError::Conflict);
        }
        let here = match reply(&response)? {
            ShardReply::Saved(listed) => listed,
            ShardReply::Ended => return Ok(Committed::Ended),
            ShardReply::Other { head, expires } => {
                return Ok(Committed::Other(
                    newest(head, expires, &mut response).await?,
                ));
            }
            ShardReply::Absent => return Err(unexpected(200)),
        };
        let elsewhere = elsewhere.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (mut here, mut elsewhere) = (here.into_iter(), elsewhere.into_iter());
        let listed = unless_ended.iter().map(|name| match is_here(&name) {
            true => listed(here.next().flatten()),
            false => elsewhere.next().flatten(),
        });
        Ok(saved(listed.collect()))
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let ask = ShardRequest::Head {
            name: session.to_string(),
            now: now.seconds(),
        };
        let mut response = self.ask(session, &ask, None).await?;
        match reply(&response)? {
            ShardReply::Absent => Ok(HeadState::Absent),
            ShardReply::Ended => Ok(HeadState::Ended),
            ShardReply::Other { head, expires } => {
                Ok(HeadState::At(newest(head, expires, &mut response).await?))
            }
            ShardReply::Saved(_) => Err(unexpected(200)),
        }
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let ask = ShardRequest::End {
            name: session.to_string(),
            expires: expires.seconds(),
            now: now.seconds(),
        };
        let mut response = self.ask(session, &ask, None).await?;
        match reply(&response)? {
            ShardReply::Other { head, .. } => {
                Ok(Some(newest(head, None, &mut response).await?.head))
            }
            ShardReply::Absent | ShardReply::Ended => Ok(None),
            ShardReply::Saved(_) => Err(unexpected(200)),
        }
    }
}

const fn saved(listed: Vec<Option<StoredRecord>>) -> Committed {
    Committed::Saved(Saved {
        listed,
        is_compared: true,
    })
}

fn listed(listed: Option<ShardListed>) -> Option<StoredRecord> {
    let ShardListed { record, expires } = listed?;
    let bytes = STANDARD_NO_PAD.decode(record).ok();
    let record = or_malformed(
        Tier::Object,
        bytes.and_then(|bytes| Record::new(bytes).ok()),
    )?;
    let expires = Timestamp::from_seconds(expires);
    Some(StoredRecord { record, expires })
}

fn reply(response: &Response) -> Result<ShardReply, StoreError> {
    let status = response.status_code();
    let reply = response.headers().get(REPLY).map_err(failed)?;
    let reply = reply
        .filter(|_| status == 200)
        .ok_or_else(|| unexpected(status))?;
    serde_json::from_str(&reply).map_err(failed)
}

/// The head of a reply, with the record that is its body.
async fn newest(
    head: ShardHead,
    expires: Option<i64>,
    response: &mut Response,
) -> Result<Newest, StoreError> {
    let head = Head {
        record: head.record.parse().map_err(|_| unexpected(200))?,
        cookie: head.cookie.into(),
    };
    let record = match expires.map(Timestamp::from_seconds) {
        None => None,
        Some(expires) => {
            let bytes = response.bytes().await.map_err(failed)?;
            let record = or_malformed(Tier::Object, Record::new(bytes).ok());
            record.map(|record| StoredRecord { record, expires })
        }
    };
    Ok(Newest { head, record })
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

/// An answer of an object that is none, as of one of another version.
pub(crate) fn unexpected(status: u16) -> StoreError {
    StoreError::Unavailable {
        reason: format!("the object answered {status}").into(),
    }
}
