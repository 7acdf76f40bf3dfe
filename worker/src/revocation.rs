//! Sessions that ended before their time: a list of denied sessions, and for each user the moment
//! before which all of them ended. Generic over the store, free of the platform.
//!
//! A store that answers late or from a cache delays a revocation: with KV by the 60 seconds its
//! writes take to show elsewhere, and 60 more where absence is cached, so two minutes at most.

use session_codec::{Codec, Lineage, OpenSession, Timestamp};
use session_store::{About, Kept, Record, RecordName, SessionStore, StoreError};

/// Whether a session may still be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    Revoked,
}

/// Asks for both kinds of revocation. An error is an outage: the session is neither good nor bad.
pub(crate) async fn standing(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &OpenSession,
    user: Option<&str>,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let of_session = codec.session_denial(opened);
    let of_user = user.and_then(|user| codec.user_denial(opened, user));
    let (denied, ended) =
        futures_util::join!(find(store, of_session, now), find(store, of_user, now));
    let is_denied = match denied? {
        Some(kept) if kept.record.octets() == DENIED => true,
        Some(_) => return Err(damaged()),
        None => false,
    };
    let has_ended = match ended? {
        Some(kept) => {
            let millis = kept.record.octets().try_into().map_err(|_| damaged())?;
            let until = Timestamp::from_millis(i64::from_be_bytes(millis));
            opened.lineage().created() <= until
        }
        None => false,
    };
    match is_denied || has_ended {
        true => Ok(Standing::Revoked),
        false => Ok(Standing::Good),
    }
}

/// What is kept under the name of a session that is denied.
const DENIED: &[u8] = b"denied";

/// Nothing that was written under such a name: nobody knows, so nobody is let in or logged out.
fn damaged() -> StoreError {
    StoreError::Unavailable {
        reason: "a revocation that nobody here wrote".into(),
    }
}

/// Denies a session from now until no cookie of it can be alive.
pub(crate) async fn revoke_session(
    codec: &Codec,
    store: &impl SessionStore,
    lineage: &Lineage,
    now: Timestamp,
) -> Result<(), StoreError> {
    let about = About::revocation_until(codec.lifetimes().end(now, lineage.created()));
    for name in codec.deny_session(lineage) {
        store
            .put(&RecordName::new(name), &record(DENIED)?, &about, now)
            .await?;
    }
    // What is under way with an older cookie must not bring it back.
    for head in codec.head_names(lineage) {
        let head = RecordName::new(head);
        store.end_head(&head, about.expires, now).await?;
    }
    Ok(())
}

/// Ends every session of a user that began until now.
pub(crate) async fn revoke_user(
    codec: &Codec,
    store: &impl SessionStore,
    user: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let record = record(&now.millis().to_be_bytes())?;
    let about = About::revocation_until(now.after(codec.lifetimes().absolute));
    for name in codec.deny_user(user) {
        // Replaces an earlier one in one step: the later moment is the one that counts.
        let name = RecordName::new(name);
        store.put(&name, &record, &about, now).await?;
    }
    Ok(())
}

async fn find(
    store: &impl SessionStore,
    name: Option<[u8; 24]>,
    now: Timestamp,
) -> Result<Option<Kept>, StoreError> {
    match name {
        Some(name) => store.get_fresh(&RecordName::new(name), now).await,
        None => Ok(None),
    }
}

fn record(octets: &[u8]) -> Result<Record, StoreError> {
    Record::new(octets.to_vec()).map_err(|error| StoreError::TooLarge {
        octets: error.octets,
        limit: Record::MAX_OCTETS,
    })
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use session_codec::{Config, KeyRing, Keys, Secret, Session, Workspace, cookie::Lifetime};
    use session_store::{Fault, FaultyStore, MemoryStore};

    use super::*;

    const BEGAN: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn codec() -> Codec {
        let keys = Keys {
            sealing: Some(KeyRing::new(Secret::from_octets([7; 32]), vec![]).unwrap()),
            django: None,
        };
        let config = Config {
            identify: true,
            ..Config::default()
        };
        Codec::new(config, &keys).unwrap()
    }

    fn session(codec: &Codec, began: Timestamp) -> OpenSession {
        let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
        let (lineage, lifetime) = (Lineage::new(began), Lifetime::BrowserSession);
        let commit = codec.seal(&Session::new(), &lineage, began, lifetime, rng, workspace);
        let commit = commit.unwrap();
        let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
        let value = value.split(';').next().unwrap();
        codec
            .open_value(value.as_bytes(), began, workspace)
            .unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(BEGAN.seconds() + seconds)
    }

    #[test]
    fn a_denied_session_stays_denied_for_its_whole_life_and_others_do_not_notice() {
        let (codec, store) = (codec(), MemoryStore::new());
        let (one, other) = (session(&codec, BEGAN), session(&codec, BEGAN));
        let ask =
            |opened, now| block_on(standing(&codec, &store, opened, Some("42"), now)).unwrap();
        assert_eq!(ask(&one, BEGAN), Standing::Good);
        block_on(revoke_session(&codec, &store, one.lineage(), at(10))).unwrap();
        assert_eq!(ask(&one, at(10)), Standing::Revoked);
        let last = codec.lifetimes().end(at(10), BEGAN);
        let just_before = Timestamp::from_millis(last.millis() - 1000);
        assert_eq!(ask(&one, just_before), Standing::Revoked);
        assert_eq!(ask(&other, at(10)), Standing::Good);
    }

    #[test]
    fn a_user_is_logged_out_everywhere_and_may_come_back() {
        let (codec, store) = (codec(), MemoryStore::new());
        let before = session(&codec, BEGAN);
        let after = session(&codec, at(21));
        block_on(revoke_user(&codec, &store, "42", at(10))).unwrap();
        block_on(revoke_user(&codec, &store, "42", at(20))).unwrap();
        let ask = |opened, user| block_on(standing(&codec, &store, opened, user, at(30))).unwrap();
        assert_eq!(ask(&before, Some("42")), Standing::Revoked);
        assert_eq!(ask(&after, Some("42")), Standing::Good);
        assert_eq!(ask(&before, Some("43")), Standing::Good);
        assert_eq!(ask(&before, None), Standing::Good);
    }

    #[test]
    fn damage_is_neither_good_nor_bad() {
        let codec = codec();
        let opened = session(&codec, BEGAN);
        let names = [
            codec.session_denial(&opened).unwrap(),
            codec.user_denial(&opened, "42").unwrap(),
        ];
        for name in names {
            let store = MemoryStore::new();
            let record = Record::new(b"garbage".to_vec()).unwrap();
            let about = About::revocation_until(at(3600));
            block_on(store.put(&RecordName::new(name), &record, &about, BEGAN)).unwrap();
            assert!(block_on(standing(&codec, &store, &opened, Some("42"), BEGAN)).is_err());
        }
    }

    #[test]
    fn an_attempt_that_fails_leaves_the_revocation_before_in_force() {
        let (codec, store) = (codec(), FaultyStore::new(MemoryStore::new()));
        let before = session(&codec, BEGAN);
        block_on(revoke_user(&codec, &store, "42", at(10))).unwrap();
        store.set_fault(Some(Fault::BeforeEffect));
        assert!(block_on(revoke_user(&codec, &store, "42", at(20))).is_err());
        store.set_fault(None);
        let standing = block_on(standing(&codec, &store, &before, Some("42"), at(30)));
        assert_eq!(standing, Ok(Standing::Revoked));
    }

    #[test]
    fn an_outage_is_neither_good_nor_bad() {
        let (codec, store) = (codec(), FaultyStore::new(MemoryStore::new()));
        let opened = session(&codec, BEGAN);
        store.set_fault(Some(Fault::BeforeEffect));
        assert!(block_on(standing(&codec, &store, &opened, None, BEGAN)).is_err());
        assert!(block_on(revoke_session(&codec, &store, opened.lineage(), BEGAN)).is_err());
    }
}
