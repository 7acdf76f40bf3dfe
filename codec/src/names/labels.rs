//! How every name is made, the formula first, and nothing else.
//!
//! `place = SHA-256("edge-session/v1 place" | session id)[..12]`: where the names of a session begin, in
//! every store and under every key: an id is 128 random bits that only sealed cookies hold, so a
//! store learns nothing from its hash.

use super::{OwnerName, StoreName};
use crate::{
    atoms::{RecordId, SessionId},
    crypto::{MacKey, sha256_beginning},
};

/// `place | SHA-256("edge-session/v1 name" | 0x01 | session id)[..12]`
///
/// That a session ended.
pub(crate) fn session_revocation(id: &SessionId) -> StoreName {
    of_session(1, id)
}

/// `HMAC-SHA256(HKDF-Expand(prk, "deny", 32), 0x02 | user)[..24]`
///
/// That a user's sessions ended.
pub(super) fn user_revocation(key: &MacKey, user: &str) -> StoreName {
    StoreName::new(of_user(key, 2, user))
}

/// `place | SHA-256("edge-session/v1 name" | 0x03 | session id)[..12]`
///
/// Which state of a session is the newest.
pub(crate) fn head(id: &SessionId) -> StoreName {
    of_session(3, id)
}

/// `HMAC-SHA256(HKDF-Expand(prk, "deny", 32), 0x04 | user)[..24]`
///
/// Whose a record is.
pub(super) fn owner(key: &MacKey, user: &str) -> OwnerName {
    OwnerName::new(of_user(key, 4, user))
}

/// `HMAC-SHA256(HKDF-Expand(prk, "deny", 32), 0x06)[..24]`
///
/// When keys and envelopes were last of use.
pub(super) fn uses(key: &MacKey) -> StoreName {
    StoreName::new(of_user(key, 6, ""))
}

/// `place | HMAC-SHA256(HKDF-Expand(prk, "store-id", 32), record id)[..12]`, and the first 24 bytes of
/// that MAC where the session has no id.
///
/// A record: no id from outside ever reaches a store.
pub(crate) fn record(key: &MacKey, id: &RecordId, session: Option<&SessionId>) -> StoreName {
    let mac = key.mac(&id.0);
    match session {
        Some(session) => StoreName::new(beside(session, first(&mac))),
        None => StoreName::new(first(&mac)),
    }
}

/// `place | SHA-256("edge-session/v1 name" | 0x05 | id)[..12]` with the id `SHA-256(key)[..16]`
///
/// To which device a session is bound that its site keeps under a key, which is drawn at random and as
/// long as an id.
pub(crate) fn row_binding(key: &str) -> StoreName {
    of_session(5, &SessionId(sha256_beginning(&[key.as_bytes()])))
}

fn of_session(kind: u8, id: &SessionId) -> StoreName {
    let rest = sha256_beginning(&[b"edge-session/v1 name", &[kind], &id.0]);
    StoreName::new(beside(id, rest))
}

fn of_user(key: &MacKey, kind: u8, user: &str) -> [u8; 24] {
    first(&key.mac_of_parts(&[&[kind], user.as_bytes()]))
}

/// `place | rest`
fn beside(id: &SessionId, rest: [u8; 12]) -> [u8; 24] {
    let place: [u8; 12] = sha256_beginning(&[b"edge-session/v1 place", &id.0]);
    let mut name = [0; 24];
    let (first, second) = name.split_at_mut(12);
    first.copy_from_slice(&place);
    second.copy_from_slice(&rest);
    name
}

/// `mac[..N]`
fn first<const N: usize>(mac: &[u8; 32]) -> [u8; N] {
    let mut first = [0; N];
    first.copy_from_slice(&mac[..N]);
    first
}
