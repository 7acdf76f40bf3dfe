use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use session_codec::Timestamp;

use super::answer::Answer;
use crate::django::{DjangoSessions, Replaced, SessionKey};

/// What a session is to become.
#[derive(Deserialize)]
struct Change {
    from: String,
    to: String,
}

pub(super) async fn answer(
    sessions: &DjangoSessions,
    method: &Method,
    key: &SessionKey,
    now: Timestamp,
    body: &[u8],
) -> Answer {
    match *method {
        Method::GET => match sessions.find(key, now).await {
            Ok(Some(row)) => {
                let told = json!({ "data": row.data, "expires": row.expires });
                Answer::json(told.to_string().into_bytes())
            }
            Ok(None) => Answer::of(StatusCode::NOT_FOUND),
            Err(error) => Answer::failed(&error),
        },
        Method::PUT => {
            let Ok(Change { from, to }) = serde_json::from_slice(body) else {
                return Answer::of(StatusCode::BAD_REQUEST);
            };
            match sessions.replace(key, &from, &to, now).await {
                Ok(Replaced::Done) => Answer::done(),
                Ok(Replaced::Changed) => Answer::of(StatusCode::CONFLICT),
                Ok(Replaced::Gone) => Answer::of(StatusCode::NOT_FOUND),
                Ok(Replaced::Unfit) => Answer::of(StatusCode::BAD_REQUEST),
                Err(error) => Answer::failed(&error),
            }
        }
        Method::DELETE => match sessions.delete(key).await {
            Ok(()) => Answer::done(),
            Err(error) => Answer::failed(&error),
        },
        _ => Answer::of(StatusCode::METHOD_NOT_ALLOWED),
    }
}
