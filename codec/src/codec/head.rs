//! Heads: which record of a session is the newest, for stores that can compare and swap.

use super::{Codec, Lineage, record::SealedRecord};

/// The subject is a session's id, as in a revocation; another kind, so another name.
const HEAD: u8 = 3;
/// The subject is a user, as the owner of records.
const OWNER: u8 = 4;

/// How one commit moves a session's head: from the record that the request's cookie named to the
/// one that the new cookie names.
///
/// Of two commits that move from the same record a store lets one pass; the other sees that it
/// was not alone. A record's name stands for its revision: a revision number comes back when a
/// session shrinks and grows again, a name never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadChange {
    /// The head's own name in the store.
    pub session: [u8; 24],
    /// The record before; `None`: all keys were in the cookie.
    pub from: Option<[u8; 24]>,
    /// The record after; `None`: all keys are in the cookie again.
    pub to: Option<[u8; 24]>,
}

impl Codec {
    /// The name of a session's head; `None` for a session without an id.
    ///
    /// Made under the key with the lowest id, whichever is primary: where an old and a new version
    /// of a configuration run side by side, with the same keys in another order, they share heads.
    #[must_use]
    pub fn head_name(&self, lineage: &Lineage) -> Option<[u8; 24]> {
        let ring = self.denials.as_ref()?;
        ring.lasting_name(HEAD, lineage.sid.as_ref()?)
    }

    /// Every name that a session's head may have had: a key that comes or goes can change it. The
    /// present one first.
    pub fn head_names(&self, lineage: &Lineage) -> impl Iterator<Item = [u8; 24]> {
        let present = self.head_name(lineage);
        let ring = self.denials.as_ref().zip(lineage.sid.as_ref());
        let names = ring
            .into_iter()
            .flat_map(|(ring, sid)| ring.names(HEAD, sid));
        let others = names.filter(move |name| Some(*name) != present);
        present.into_iter().chain(others)
    }

    /// What a store may keep beside a record to find all records of a user: a keyed hash, under
    /// the primary key.
    #[must_use]
    pub fn owner_name(&self, user: &str) -> Option<[u8; 24]> {
        self.owner_names(user).next()
    }

    /// The same under every key of the ring, the primary first: what was kept under an older one
    /// has its name still.
    pub fn owner_names(&self, user: &str) -> impl Iterator<Item = [u8; 24]> {
        let denials = self.denials.iter();
        denials.flat_map(|denials| denials.names(OWNER, user.as_bytes()))
    }

    pub(super) fn head_change(
        &self,
        sid: &[u8; 16],
        lineage: &Lineage,
        record: Option<&SealedRecord>,
    ) -> Option<HeadChange> {
        let records = self.records.as_ref()?;
        let from = lineage.spilled.as_ref();
        let from = from.and_then(|spilled| records.name(spilled.key, &spilled.ticket.id));
        let to = record.and_then(|new| records.name(records.primary_id(), &new.ticket.id));
        if from.is_none() && to.is_none() {
            return None;
        }
        Some(HeadChange {
            session: self.denials.as_ref()?.lasting_name(HEAD, sid)?,
            from,
            to,
        })
    }
}
