//! Between a session and its store: generic over the store, free of the platform.

use session_codec::{Codec, Commit, OpenSession, StoreOp, Timestamp, cookie::ResponseCookie};
use session_store::{About, Record, RecordName, SessionStore, StoreError};

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
                    .put(
                        &RecordName::new(name),
                        &record,
                        &About::session_until(expires),
                        now,
                    )
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

#[cfg(test)]
mod tests {
    use session_codec::{
        Config, KeyRing, Keys, Lineage, Secret, Session, Workspace, config::Overflow,
        cookie::Lifetime,
    };
    use session_store::{Fault, FaultyStore, MemoryStore};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn codec() -> Codec {
        let secret = Secret::from_octets([7; 32]);
        let keys = Keys {
            sealing: Some(KeyRing::new(secret, vec![]).unwrap()),
            django: None,
        };
        let config = Config {
            overflow: Overflow::Spill,
            ..Config::default()
        };
        Codec::new(config, &keys).unwrap()
    }

    /// 20 KB that deflate cannot bring under 4 KB.
    fn session() -> Session {
        let mut octets = vec![0; 20_000];
        getrandom::fill(&mut octets).unwrap();
        let text: String = octets
            .iter()
            .map(|octet| char::from(b'a' + octet % 26))
            .collect();
        let mut session = Session::new();
        session.insert("small", &1).unwrap();
        session.insert("large", &text).unwrap();
        session
    }

    fn commit(codec: &Codec, session: &Session, lineage: &Lineage) -> Commit {
        let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
        let lifetime = Lifetime::BrowserSession;
        codec
            .seal(session, lineage, NOW, lifetime, rng, workspace)
            .unwrap()
    }

    fn open(codec: &Codec, cookie: &ResponseCookie, now: Timestamp) -> OpenSession {
        let (_, value) = cookie.as_str().split_once('=').unwrap();
        let value = value.split(';').next().unwrap();
        codec
            .open_value(value.as_bytes(), now, &mut Workspace::new())
            .unwrap()
    }

    fn saved(store: &impl SessionStore, codec: &Codec, session: &Session) -> ResponseCookie {
        let commit = commit(codec, session, &Lineage::new(NOW));
        let (cookie, deletions) = pollster::block_on(save(store, commit, NOW)).unwrap();
        assert!(deletions.is_empty());
        cookie
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let (codec, store, session) = (codec(), MemoryStore::new(), session());
        let cookie = saved(&store, &codec, &session);
        let mut opened = open(&codec, &cookie, NOW);
        assert_eq!(opened.session().len(), 1);
        assert_eq!(
            pollster::block_on(load(&codec, &store, &mut opened, NOW)),
            Ok(())
        );
        assert_eq!(opened.session(), &session);
    }

    #[test]
    fn absence_is_an_outage_at_first_and_a_loss_later() {
        let (codec, session) = (codec(), session());
        let cookie = saved(&MemoryStore::new(), &codec, &session);
        let load_at = |millis: i64| {
            let now = Timestamp::from_millis(NOW.millis() + millis);
            let mut opened = open(&codec, &cookie, now);
            pollster::block_on(load(&codec, &MemoryStore::new(), &mut opened, now))
        };
        assert_eq!(load_at(0), Err(Missing::Unavailable("absent")));
        assert_eq!(load_at(119_999), Err(Missing::Unavailable("absent")));
        assert_eq!(load_at(120_000), Err(Missing::Lost));
    }

    #[test]
    fn a_failed_store_is_an_outage_however_old_the_ticket() {
        let (codec, session) = (codec(), session());
        let store = FaultyStore::new(MemoryStore::new());
        let cookie = saved(&store, &codec, &session);
        store.set_fault(Some(Fault::BeforeEffect));
        let later = Timestamp::from_seconds(NOW.seconds() + 3600);
        let mut opened = open(&codec, &cookie, later);
        let outcome = pollster::block_on(load(&codec, &store, &mut opened, later));
        assert_eq!(outcome, Err(Missing::Unavailable("unavailable")));
        store.set_fault(None);
        let outcome = pollster::block_on(load(&codec, &store, &mut opened, later));
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn a_write_that_fails_even_after_persisting_hands_out_no_cookie_and_keeps_the_old_record() {
        let (codec, session) = (codec(), session());
        let store = FaultyStore::new(MemoryStore::new());
        let cookie = saved(&store, &codec, &session);
        let mut opened = open(&codec, &cookie, NOW);
        pollster::block_on(load(&codec, &store, &mut opened, NOW)).unwrap();
        for fault in [Fault::BeforeEffect, Fault::AfterEffect] {
            store.set_fault(Some(fault));
            let commit = commit(&codec, &session, opened.lineage());
            assert!(pollster::block_on(save(&store, commit, NOW)).is_err());
            store.set_fault(None);
            let mut again = open(&codec, &cookie, NOW);
            assert_eq!(
                pollster::block_on(load(&codec, &store, &mut again, NOW)),
                Ok(())
            );
            assert_eq!(again.session(), &session);
        }
    }
}
