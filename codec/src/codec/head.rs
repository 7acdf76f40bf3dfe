use crate::{
    draft::Draft,
    envelope::Written,
    names::{StoreName, labels},
    record::Records,
};

/// How one commit moves a session's head: from the state that the request's cookie named to the
/// one that the new cookie names. A session has a head from when it first spilled, to its end.
///
/// Of two commits that move from the same state a store lets one pass; the other sees that it
/// was not alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadChange {
    /// The head's own name in the store.
    pub session: StoreName,
    /// The name of the record before, or of the state before that had none; `None`: the session
    /// had never spilled.
    pub from: Option<StoreName>,
    /// The name of the record after, or of the state after.
    pub to: StoreName,
    /// Whether there is a record after: not if all keys are in the cookie again.
    pub has_record: bool,
}

impl HeadChange {
    /// From the state that a session had to the one that its next cookie names.
    pub(super) fn between(draft: &Draft<'_>, written: &Written, records: &Records) -> Option<Self> {
        let from = draft.lineage.spilled.as_ref();
        Some(Self {
            session: labels::head(draft.session_id.as_ref()?),
            from: from.and_then(|spilled| records.name(spilled)),
            to: records.name(written.named.as_ref()?)?,
            has_record: written.record.is_some(),
        })
    }
}
