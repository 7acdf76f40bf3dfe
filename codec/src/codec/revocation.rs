//! Revocation: under which names a store keeps that a session, or all sessions of a user, ended.

use alloc::vec::Vec;

use super::{Codec, Lineage, OpenSession};
use crate::atoms::Envelope;

/// The subject is a session's id.
const SESSION: u8 = 1;
/// The subject is what the application calls a user.
const USER: u8 = 2;

impl Codec {
    /// The names under which this session would be found if it were revoked: one for a sealed
    /// cookie, one for each key of the ring for another; none for a session without an id, which
    /// cannot be.
    #[must_use]
    pub fn session_denials(&self, opened: &OpenSession) -> Vec<[u8; 24]> {
        let sid = opened.lineage.sid.as_ref();
        sid.map_or_else(Vec::new, |sid| self.denials(opened, SESSION, sid))
    }

    /// The names under which a revocation of all sessions of `user` would be found for this one.
    #[must_use]
    pub fn user_denials(&self, opened: &OpenSession, user: &str) -> Vec<[u8; 24]> {
        self.denials(opened, USER, user.as_bytes())
    }

    fn denials(&self, opened: &OpenSession, kind: u8, subject: &[u8]) -> Vec<[u8; 24]> {
        match (&self.denials, opened.key_id) {
            (Some(ring), Some(key)) => ring.name(key, kind, subject).into_iter().collect(),
            (Some(ring), None) => ring.names(kind, subject).collect(),
            (None, _) => Vec::new(),
        }
    }

    /// Whether the next cookie of this session will be looked up under the same names as this one,
    /// so that it ends with it. A cookie that is sealed under another key may not: its names are
    /// known only to ends that were written since that key is in the ring. Nor may one that is not
    /// sealed, which has its names from its own signature.
    #[must_use]
    pub fn keeps_denial(&self, opened: &OpenSession) -> bool {
        opened.envelope == self.write
            && self.write == Envelope::Sealed
            && opened.key.is_primary()
            && opened.lineage.sid.is_some()
    }

    /// The names to write so that every copy of a session's cookie finds it revoked.
    #[must_use]
    pub fn deny_session(&self, lineage: &Lineage) -> Vec<[u8; 24]> {
        match (&self.denials, &lineage.sid) {
            (Some(ring), Some(sid)) => ring.names(SESSION, sid).collect(),
            _ => Vec::new(),
        }
    }

    /// The names to write so that every session of `user` finds that it may be revoked.
    #[must_use]
    pub fn deny_user(&self, user: &str) -> Vec<[u8; 24]> {
        let ring = self.denials.as_ref();
        ring.map_or_else(Vec::new, |ring| ring.names(USER, user.as_bytes()).collect())
    }
}
