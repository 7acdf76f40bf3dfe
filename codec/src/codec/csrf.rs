//! Forms: what shows that a request comes from the session's own pages and not from another site.

use alloc::string::String;

use super::{Codec, OpenSession};
use crate::atoms::Timestamp;

impl Codec {
    /// What a form of this session carries, 43 characters of base64url: the same for as long as
    /// the session has its id and the ring its primary key. `None` for a session without an id
    /// (`identify`), which nothing can be bound to.
    ///
    /// It is no secret to the session's own user, but whoever learns it can forge his requests: it
    /// belongs into pages of this session, not into addresses. Where a page is compressed together
    /// with text that strangers choose (the BREACH attack), mask it anew for every page, as Django
    /// does with its own.
    #[must_use]
    pub fn csrf_token(&self, opened: &OpenSession) -> Option<String> {
        let token = self.csrf.as_ref()?.token(opened.lineage.sid.as_ref()?);
        Some(token.map(char::from).iter().collect())
    }

    /// Whether `token` was made for this session under a key of the ring that has not ended at
    /// `now`. Takes the same time whatever the token's characters are.
    #[must_use]
    pub fn is_csrf_token(&self, opened: &OpenSession, token: &[u8], now: Timestamp) -> bool {
        let known = self.csrf.as_ref().zip(opened.lineage.sid.as_ref());
        known.is_some_and(|(ring, sid)| ring.verify(sid, token, now))
    }
}
