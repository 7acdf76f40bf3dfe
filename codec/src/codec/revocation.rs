//! Revocation: under which names a store keeps that a session, or all sessions of a user, ended.

use alloc::vec::Vec;

use super::{Codec, Lineage, OpenSession};

/// The subject is a session's id.
const SESSION: u8 = 1;
/// The subject is what the application calls a user.
const USER: u8 = 2;

impl Codec {
    /// The name under which this session would be found if it were revoked; `None` for a session
    /// without an id, which cannot be.
    #[must_use]
    pub fn session_denial(&self, opened: &OpenSession) -> Option<[u8; 24]> {
        let sid = opened.lineage.sid.as_ref()?;
        self.denials.as_ref()?.name(opened.key_id?, SESSION, sid)
    }

    /// The name under which a revocation of all sessions of `user` would be found for this one.
    #[must_use]
    pub fn user_denial(&self, opened: &OpenSession, user: &str) -> Option<[u8; 24]> {
        self.denials
            .as_ref()?
            .name(opened.key_id?, USER, user.as_bytes())
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
