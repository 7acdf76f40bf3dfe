use session_codec::{StoreName, Timestamp};
use session_store::{Committed, HeadMove, HeadState, Proposal, SessionStore, StoreError};

/// Times that a head is looked at again because its session changed meanwhile.
const TRIES: u32 = 20;

/// Makes `to` have the head that `from` has, while the session may go on in both: it never goes back.
///
/// # Errors
/// Those of the stores, and [`StoreError::Unavailable`] if the head changes all the time.
pub async fn follow_head(
    from: &impl SessionStore,
    to: &impl SessionStore,
    session: &StoreName,
    expires: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let there = match to.head(session, now).await? {
            HeadState::At(there) => Some(there.head),
            HeadState::Absent => None,
            HeadState::Ended | HeadState::NotKept => return Ok(()),
        };
        // Asked after the other one: what is put in is not older than what it takes the place of.
        let newest = match from.head(session, now).await? {
            HeadState::At(newest) => Some(newest.head),
            HeadState::Absent => None,
            HeadState::Ended => return to.end(session, expires, now).await.map(drop),
            HeadState::NotKept => return Ok(()),
        };
        if there == newest {
            return Ok(());
        }
        let change = HeadMove {
            session: *session,
            from: there.map(|head| head.record),
            to: newest,
            expires,
        };
        let proposal = Proposal {
            head: Some(change),
            ..Proposal::default()
        };
        match to.commit(&proposal, now).await? {
            Committed::Saved(_) | Committed::Ended => return Ok(()),
            Committed::Other(_) => {}
        }
    }
    Err(StoreError::Unavailable {
        reason: "a head changes all the time".into(),
    })
}
