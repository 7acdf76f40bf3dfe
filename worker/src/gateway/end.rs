//! The end of a session.

use core::time::Duration;

use serde_json::json;
use session_codec::{Lineage, OpenSession, Timestamp};
use session_store::{RecordName, SessionStore, StoreError};
use worker::Delay;

use super::{Gateway, Outbound};
use crate::{
    gate,
    revocation::{self, DataCentre, Memory},
    settings::Settings,
    state::with_siblings,
    visit::Visit,
};

impl<S: SessionStore + 'static> Gateway<S> {
    /// The origin ended the session: the browser forgets it, no copy of it is good any more, and
    /// its records go.
    pub(crate) async fn end(&self, visit: &Visit, opened: Option<&OpenSession>) -> Outbound {
        let mut outbound = Outbound {
            lines: self.all_removals(visit),
            ..Outbound::default()
        };
        if let Some(opened) = opened {
            let lineage = opened.lineage();
            outbound.deletions = self.records_of(lineage);
            self.revoke(lineage, "logout", &mut outbound).await;
        }
        outbound
    }

    /// The records of a session that are known: its own, those before it, and what this isolate
    /// wrote for other copies of its cookie.
    pub(super) fn records_of(&self, lineage: &Lineage) -> Vec<RecordName> {
        let codec = &self.settings.codec;
        let mut records = gate::deletions(codec.end(lineage));
        if let Some(session) = codec.head_name(lineage) {
            let siblings = with_siblings(|siblings| siblings.ended(session));
            records.extend(siblings.into_iter().map(RecordName::new));
        }
        records.sort_unstable();
        records.dedup();
        records
    }

    /// Lines that remove the session from wherever it may be: at least our own cookie, and the
    /// further scopes of the settings.
    pub(crate) fn all_removals(&self, visit: &Visit) -> Vec<String> {
        let mut lines = visit.removals(&self.settings);
        if lines.is_empty() {
            lines.push(self.settings.codec.remove().into_string());
        }
        lines.extend_from_slice(&self.settings.further_removals);
        lines
    }

    /// Takes a session down; what the store would not do is left to after the answer.
    pub(super) async fn revoke(
        &self,
        lineage: &Lineage,
        cause: &'static str,
        outbound: &mut Outbound,
    ) {
        let Some(store) = self.list() else {
            return;
        };
        let (codec, memory) = (&self.settings.codec, &self.memory);
        match revocation::revoke_session(codec, store, memory, lineage, self.now).await {
            Ok(records) => {
                crate::counters::revoked(cause);
                outbound.deletions.extend(records);
            }
            Err(error) => {
                crate::log::warn("revocation-failed", &json!(error.label()));
                outbound.unrevoked = Some(lineage.clone());
            }
        }
    }

    /// Takes down every session of a user that began until now; `None` where nobody would look.
    pub(crate) async fn revoke_user(&self, user: &str) -> Option<Result<(), StoreError>> {
        let store = self.list()?;
        let (codec, memory) = (&self.settings.codec, &self.memory);
        let revoked = revocation::revoke_user(codec, store, memory, user, self.now).await;
        if revoked.is_ok() {
            crate::counters::revoked("user");
        }
        Some(revoked)
    }
}

/// Tries again to take a session down, for as long as the platform lets us after an answer. Gives
/// the records that nobody needs then.
pub(super) async fn insist(
    settings: &Settings,
    store: &impl SessionStore,
    memory: &Memory<impl DataCentre>,
    lineage: &Lineage,
    now: Timestamp,
) -> Vec<RecordName> {
    let codec = &settings.codec;
    for seconds in [1, 4, 10] {
        Delay::from(Duration::from_secs(seconds)).await;
        let again = revocation::revoke_session(codec, store, memory, lineage, now).await;
        if let Ok(records) = again {
            crate::counters::revoked("retry");
            return records;
        }
    }
    crate::log::warn(
        "revocation-given-up",
        &json!("copies of the cookie stay valid"),
    );
    vec![]
}
