//! The end of a session, and whether one has ended before.

use core::time::Duration;

use serde_json::json;
use session_codec::{Lineage, OpenSession, Timestamp};
use session_store::{RecordName, SessionStore, StoreError};
use worker::Delay;

use super::{Gateway, Outbound};
use crate::{
    gate,
    revocation::{self, Standing},
    routes::Mode,
    settings::{Revocation, Settings},
    state::with_siblings,
    visit::Visit,
};

impl<S: SessionStore + 'static> Gateway<S> {
    /// Revocations are looked up where a session is required, and before a cookie is issued anew:
    /// otherwise a revoked one could be traded in for one that no list knows.
    pub(crate) fn must_ask(&self, opened: &OpenSession, mode: Mode) -> bool {
        match self.settings.revocation {
            Revocation::None => false,
            Revocation::Always => true,
            Revocation::Required => match mode {
                Mode::Required => true,
                // Nothing is issued anew there.
                Mode::Public | Mode::Class => false,
                Mode::Optional => self.reissue_cause(opened).is_some(),
            },
        }
    }

    pub(super) fn fails_closed(&self, mode: Mode) -> bool {
        mode == Mode::Required || self.settings.revocation == Revocation::Always
    }

    pub(crate) async fn standing(&self, opened: &OpenSession) -> Result<Standing, StoreError> {
        let Some(store) = &self.store else {
            return Ok(Standing::Good);
        };
        let user = self.settings.class_rule.user(opened.session());
        revocation::standing(
            &self.settings.codec,
            &**store,
            opened,
            user.as_deref(),
            self.now,
        )
        .await
    }

    /// Whether a session is known to have ended.
    pub(super) async fn has_ended(&self, opened: &OpenSession) -> bool {
        self.settings.revocation > Revocation::None
            && matches!(self.standing(opened).await, Ok(Standing::Revoked))
    }

    /// The origin ended the session: the browser forgets it, no copy of it is good any more, and
    /// its records go.
    pub(crate) async fn end(&self, visit: &Visit, opened: Option<&OpenSession>) -> Outbound {
        Outbound {
            lines: self.all_removals(visit),
            deletions: opened.map_or_else(Vec::new, |opened| self.records_of(opened.lineage())),
            unrevoked: match opened {
                Some(opened) => self.revoke(opened.lineage(), "logout").await,
                None => None,
            },
            placement: None,
            merged: None,
        }
    }

    /// The records of a session that are known: its own, those before it, and what this isolate
    /// wrote for other copies of its cookie.
    fn records_of(&self, lineage: &Lineage) -> Vec<RecordName> {
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

    /// Takes a session down; hands it back if the store would not.
    pub(super) async fn revoke(&self, lineage: &Lineage, cause: &'static str) -> Option<Lineage> {
        let store = self
            .store
            .as_ref()
            .filter(|_| self.settings.revocation > Revocation::None)?;
        let codec = &self.settings.codec;
        match revocation::revoke_session(codec, &**store, lineage, self.now).await {
            Ok(()) => {
                crate::counters::revoked(cause);
                None
            }
            Err(error) => {
                crate::log::warn("revocation-failed", &json!(error.label()));
                Some(lineage.clone())
            }
        }
    }

    /// Takes down every session of a user that began until now; `None` where nobody would look.
    pub(crate) async fn revoke_user(&self, user: &str) -> Option<Result<(), StoreError>> {
        let store = self
            .store
            .as_ref()
            .filter(|_| self.settings.revocation > Revocation::None)?;
        let revoked = revocation::revoke_user(&self.settings.codec, &**store, user, self.now).await;
        if revoked.is_ok() {
            crate::counters::revoked("user");
        }
        Some(revoked)
    }
}

/// Tries again to take a session down, for as long as the platform lets us after an answer.
pub(super) async fn insist(
    settings: &Settings,
    store: &impl SessionStore,
    lineage: &Lineage,
    now: Timestamp,
) {
    for seconds in [1, 4, 10] {
        Delay::from(Duration::from_secs(seconds)).await;
        let again = revocation::revoke_session(&settings.codec, store, lineage, now).await;
        if again.is_ok() {
            crate::counters::revoked("retry");
            return;
        }
    }
    crate::log::warn(
        "revocation-given-up",
        &json!("copies of the cookie stay valid"),
    );
}
