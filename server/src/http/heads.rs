use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use session_codec::{OwnerName, StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, NewRecord, Newest, Proposal, RecordMeta, Saved,
    SessionStore, StoreError, StoredRecord,
};

use super::answer::Answer;
use super::records::{frame, framed};

/// Names that one save may ask about: a Worker asks about three at most.
const MAX_LISTED: usize = 16;

/// Characters of a column.
const MAX_COLUMN: usize = 256;

#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "lowercase")]
enum Ask {
    Commit {
        #[serde(default)]
        record: Option<AskedRecord>,
        #[serde(default)]
        from: Option<String>,
        #[serde(default)]
        to: Option<AskedHead>,
        expires: i64,
        #[serde(default)]
        listed: Vec<String>,
        #[serde(default)]
        about: Box<AskedAbout>,
        now: i64,
    },
    Show {
        now: i64,
    },
    End {
        expires: i64,
        now: i64,
    },
}

#[derive(Deserialize)]
struct AskedRecord {
    name: String,
    frame: String,
}

/// What the Worker's settings let it tell of the session.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedAbout {
    user: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Deserialize)]
struct AskedHead {
    record: String,
    cookie: Box<str>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum Outcome {
    Saved {
        compared: bool,
        listed: Vec<Option<String>>,
    },
    Other {
        record: String,
        cookie: Box<str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        frame: Option<Option<String>>,
    },
    Ended,
    Absent,
}

/// Why there is no outcome.
enum No {
    Malformed,
    NotKept,
    Store(StoreError),
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) async fn answer(
    store: &impl SessionStore,
    keeps_heads: bool,
    session: &StoreName,
    body: &[u8],
) -> Answer {
    let Ok(ask) = serde_json::from_slice(body) else {
        return Answer::of(StatusCode::BAD_REQUEST);
    };
    match outcome(store, keeps_heads, session, ask).await {
        Ok(outcome) => match serde_json::to_vec(&outcome) {
            Ok(content) => Answer::json(content),
            Err(_) => Answer::of(StatusCode::INTERNAL_SERVER_ERROR),
        },
        Err(No::Malformed) => Answer::of(StatusCode::BAD_REQUEST),
        Err(No::NotKept) => Answer::of(StatusCode::NOT_FOUND),
        Err(No::Store(error)) => Answer::failed(&error),
    }
}

async fn outcome(
    store: &impl SessionStore,
    keeps_heads: bool,
    session: &StoreName,
    ask: Ask,
) -> Result<Outcome, No> {
    let at = Timestamp::from_seconds;
    match ask {
        Ask::Commit {
            record,
            from,
            to,
            expires,
            listed,
            about,
            now,
        } => {
            if listed.len() > MAX_LISTED {
                return Err(No::Malformed);
            }
            let proposal = Proposal {
                record: record
                    .map(|record| new_record(record, &about))
                    .transpose()?,
                head: Some(HeadMove {
                    session: *session,
                    from: from.as_deref().map(name).transpose()?,
                    to: to.map(new_head).transpose()?,
                    expires: at(expires),
                }),
                unless_ended: listed
                    .iter()
                    .map(|text| name(text))
                    .collect::<Result<_, _>>()?,
            };
            Ok(match store.commit(&proposal, at(now)).await? {
                Committed::Saved(Saved {
                    listed,
                    is_compared,
                }) => Outcome::Saved {
                    compared: is_compared,
                    listed: listed.iter().map(|kept| text(kept.as_ref())).collect(),
                },
                Committed::Other(newest) => shown(newest),
                Committed::Ended => Outcome::Ended,
            })
        }
        Ask::Show { now } => match store.head(session, at(now)).await? {
            HeadState::Absent => Ok(Outcome::Absent),
            HeadState::At(newest) => Ok(shown(newest)),
            HeadState::Ended => Ok(Outcome::Ended),
            HeadState::NotKept => Err(No::NotKept),
        },
        Ask::End { .. } if !keeps_heads => Err(No::NotKept),
        Ask::End { expires, now } => {
            let there = store.end(session, at(expires), at(now)).await?;
            Ok(
                there.map_or(Outcome::Absent, |Head { record, cookie }| Outcome::Other {
                    record: record.to_text(),
                    cookie,
                    frame: None,
                }),
            )
        }
    }
}

fn name(text: &str) -> Result<StoreName, No> {
    text.parse().map_err(|_| No::Malformed)
}

fn new_record(asked: AskedRecord, about: &AskedAbout) -> Result<NewRecord, No> {
    let frame = BASE64.decode(asked.frame).map_err(|_| No::Malformed)?;
    let StoredRecord { record, expires } = framed(frame).ok_or(No::Malformed)?;
    Ok(NewRecord {
        name: name(&asked.name)?,
        record,
        meta: RecordMeta {
            owner: about.user.as_deref().map(owner).transpose()?,
            ip: about.ip.as_deref().map(column),
            user_agent: about.user_agent.as_deref().map(column),
            ..RecordMeta::session_until(expires)
        },
    })
}

fn owner(text: &str) -> Result<OwnerName, No> {
    // It is as long as a name, and is none.
    name(text).map(|hash| OwnerName::new(*hash.bytes()))
}

/// What a column may have: no database takes everything that JSON can say.
fn column(text: &str) -> Box<str> {
    let letters = text.chars().filter(|letter| !letter.is_control());
    letters.take(MAX_COLUMN).collect()
}

fn new_head(asked: AskedHead) -> Result<Head, No> {
    Ok(Head {
        record: name(&asked.record)?,
        cookie: asked.cookie,
    })
}

fn shown(Newest { head, record }: Newest) -> Outcome {
    Outcome::Other {
        record: head.record.to_text(),
        cookie: head.cookie,
        frame: Some(text(record.as_ref())),
    }
}

/// A frame in base64url.
fn text(kept: Option<&StoredRecord>) -> Option<String> {
    kept.map(|kept| BASE64.encode(frame(kept)))
}
