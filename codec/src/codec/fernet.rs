//! Django cookies in Fernet tokens: read to migrate away from them.

use super::{Codec, Lineage, OpenSession, Workspace};
use crate::{
    atoms::{Envelope, Timestamp},
    error::Reason,
};

impl Codec {
    pub(super) fn open_fernet(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let recipe = self.foreign.fernet.as_ref().ok_or(Reason::NotAccepted)?;
        let limit = self.limits.cookie_octets;
        let read = recipe.read(value, Some(self.foreign_max_age()), now, limit, workspace)?;
        self.check_accepted(Envelope::Fernet, read.issued, now)?;
        Ok(OpenSession {
            session: self.parse_text(read.value.into_inner())?,
            envelope: Envelope::Fernet,
            key: read.key,
            key_id: None,
            issued: read.issued,
            lineage: Lineage::new(read.issued),
            record_merged: false,
            from_django_cookie: false,
            opened_at: now,
            expired: alloc::vec::Vec::new(),
        })
    }
}
