use hyper::{Method, StatusCode};
use session_codec::{StoreName, Timestamp};
use session_store::{Framed, Kind, RecordMeta, SessionStore, StoredRecord};

use super::answer::Answer;
use super::earliest;

/// What is asked of a record, and when.
pub(super) struct Asked<'a> {
    pub(super) name: &'a StoreName,
    pub(super) now: Timestamp,
    /// Past every cache.
    pub(super) is_fresh: bool,
}

pub(super) async fn answer(
    store: &impl SessionStore,
    method: &Method,
    asked: Asked<'_>,
    body: &[u8],
) -> Answer {
    let Asked {
        name,
        now,
        is_fresh,
    } = asked;
    match *method {
        Method::GET => {
            // Nothing is gone that is still there by another clock; whoever asks looks when it expires.
            let now = earliest(now);
            let got = if is_fresh {
                store.get_fresh(name, now).await
            } else {
                store.get(name, now).await
            };
            match got {
                Ok(Some(kept)) => Answer::frame(frame(&kept)),
                Ok(None) => Answer::of(StatusCode::NOT_FOUND),
                Err(error) => Answer::failed(&error),
            }
        }
        Method::PUT => put(store, name, Kind::Session, now, body).await,
        Method::DELETE => match store.delete(name).await {
            Ok(()) => Answer::done(),
            Err(error) => Answer::failed(&error),
        },
        _ => Answer::of(StatusCode::METHOD_NOT_ALLOWED),
    }
}

pub(super) async fn revoke(
    store: &impl SessionStore,
    method: &Method,
    name: &StoreName,
    now: Timestamp,
    body: &[u8],
) -> Answer {
    match *method {
        Method::PUT => put(store, name, Kind::Revocation, now, body).await,
        _ => Answer::of(StatusCode::METHOD_NOT_ALLOWED),
    }
}

async fn put(
    store: &impl SessionStore,
    name: &StoreName,
    kind: Kind,
    now: Timestamp,
    body: &[u8],
) -> Answer {
    if body.len() > Framed::MAX_BYTES {
        return Answer::of(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let Some(StoredRecord { record, expires }) = framed(body.to_vec()) else {
        return Answer::of(StatusCode::BAD_REQUEST);
    };
    let meta = RecordMeta {
        kind,
        ..RecordMeta::session_until(expires)
    };
    match store.put(name, &record, &meta, now).await {
        Ok(()) => Answer::done(),
        Err(error) => Answer::failed(&error),
    }
}

/// The record of a frame, expired or not: who puts it knows why.
pub(super) fn framed(frame: Vec<u8>) -> Option<StoredRecord> {
    Framed::read(frame, Timestamp::from_millis(i64::MIN)).live()
}

pub(super) fn frame(kept: &StoredRecord) -> Vec<u8> {
    Framed::write(&kept.record, kept.expires)
}
