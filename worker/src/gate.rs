//! Between a session and its store: generic over the store, free of the platform.

use session_codec::{Codec, Commit, OpenSession, StoreOp, Timestamp, cookie::ResponseCookie};
use session_store::{Record, RecordName, SessionStore, StoreError};

use crate::state::with_workspace;

/// A record younger than this may simply not be visible yet where we ask; an older one is lost.
/// Twice the time KV names for its writes to be seen everywhere.
const PROPAGATION_MILLIS: i64 = 120_000;

/// Why the spilled part of an authentic session cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The store failed, or has not got it yet: ask again.
    Unavailable(&'static str),
    /// It is gone, or no longer the one the ticket names.
    Lost,
}

/// Adds the spilled keys to a session, if it has any.
pub(crate) async fn load(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
) -> Result<(), Missing> {
    let Some(name) = codec.record_name(opened) else {
        return Ok(());
    };
    let record = store.get(&RecordName::new(name), now).await;
    let reason = match record {
        Ok(Some(record)) => {
            let opening = |workspace: &mut _| codec.open_record(opened, record.octets(), workspace);
            match with_workspace(opening) {
                Ok(()) => return Ok(()),
                Err(reason) => reason.label(),
            }
        }
        Ok(None) => "absent",
        Err(error) => return Err(Missing::Unavailable(error.label())),
    };
    if now.millis_since(opened.issued()) < PROPAGATION_MILLIS {
        Err(Missing::Unavailable(reason))
    } else {
        Err(Missing::Lost)
    }
}

/// Stores what a commit needs stored, and only then hands out its cookie, with the names of the
/// records that may be deleted now.
pub(crate) async fn save(
    store: &impl SessionStore,
    commit: Commit,
    now: Timestamp,
) -> Result<(ResponseCookie, Vec<RecordName>), StoreError> {
    let mut deletions = Vec::new();
    for op in commit.store_ops {
        match op {
            StoreOp::Put {
                name,
                record,
                expires,
            } => {
                let octets = record.len();
                let limit = Record::MAX_OCTETS;
                let record =
                    Record::new(record).map_err(|_| StoreError::TooLarge { octets, limit })?;
                store
                    .put(&RecordName::new(name), &record, expires, now)
                    .await?;
            }
            StoreOp::Delete { name } => deletions.push(RecordName::new(name)),
            // A later kind of operation that nobody taught us: better no cookie than half a save.
            _ => {
                return Err(StoreError::Refused {
                    reason: "unknown store operation".into(),
                });
            }
        }
    }
    Ok((commit.set_cookie, deletions))
}

/// The names of the records that these operations delete.
pub(crate) fn deletions(ops: Vec<StoreOp>) -> Vec<RecordName> {
    let name = |op| match op {
        StoreOp::Delete { name } => Some(RecordName::new(name)),
        _ => None,
    };
    ops.into_iter().filter_map(name).collect()
}

/// Deletes records nobody needs. A failure is told, not fatal: they expire by themselves.
pub(crate) async fn delete_all(store: &impl SessionStore, names: Vec<RecordName>) {
    for name in names {
        if let Err(error) = store.delete(&name).await {
            crate::log::warn("record-delete-failed", &serde_json::json!(error.label()));
        }
    }
}
