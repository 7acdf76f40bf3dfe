//! The end of a session.

use serde_json::json;
use session_codec::{Lineage, OpenSession, StoreName};
use session_store::StoreError;

use crate::{
    gate::{self, with_siblings},
    gateway::{Gateway, Outbound},
    platform::Platform,
    revocation,
    visit::Visit,
};

impl<P: Platform> Gateway<P> {
    /// The origin ended the session: the browser forgets it, no copy of it is good any more, and
    /// its records go.
    pub(crate) async fn end(
        &self,
        visit: &Visit<OpenSession>,
        opened: Option<&OpenSession>,
    ) -> Outbound {
        let mut outbound = Outbound {
            lines: self.all_removals(visit),
            ..Outbound::default()
        };
        outbound.lines.extend(visit.device_removal(&self.site));
        if let Some(opened) = opened {
            let lineage = opened.lineage();
            outbound.deletions = self.records_of(lineage);
            self.revoke(lineage, "logout", &mut outbound).await;
        }
        outbound
    }

    /// The records of a session that are known: its own, those before it, and what this isolate
    /// wrote for other copies of its cookie.
    pub(super) fn records_of(&self, lineage: &Lineage) -> Vec<StoreName> {
        let codec = &self.site.codec;
        let mut records = gate::deletions(codec.end(lineage));
        if let Some(session) = codec.head_name(lineage) {
            let siblings = with_siblings(|siblings| siblings.ended(session));
            records.extend(siblings);
        }
        records.sort_unstable();
        records.dedup();
        records
    }

    /// Lines that remove the session from wherever it may be: at least our own cookie, and the
    /// further scopes of the settings.
    pub(crate) fn all_removals(&self, visit: &Visit<OpenSession>) -> Vec<String> {
        let mut lines = visit.removals(&self.site);
        if lines.is_empty() {
            lines.push(self.site.codec.remove().into_string());
        }
        lines.extend_from_slice(&self.site.further_removals);
        lines
    }

    /// Takes a session down; what the store would not do is left to after the answer.
    pub(super) async fn revoke(
        &self,
        lineage: &Lineage,
        cause: &'static str,
        outbound: &mut Outbound,
    ) {
        let (codec, memory) = (&self.site.codec, self.memory());
        let revoked = match self.list() {
            Ok(None) => return,
            Ok(Some(store)) => {
                let revoked =
                    revocation::revoke_session(codec, &*store, &memory, lineage, self.now).await;
                match (&revoked, &self.site.device) {
                    (Ok(_), Some(_)) => {
                        let insisted =
                            revocation::insist(codec, &*store, &memory, lineage, self.now);
                        insisted.await.and(revoked)
                    }
                    _ => revoked,
                }
            }
            Err(error) => Err(error),
        };
        match revoked {
            Ok(head) => {
                crate::counters::revoked(cause);
                outbound.overtaken = head.map(|head| (lineage.clone(), head));
            }
            Err(error) => {
                crate::log::warn("revocation-failed", &json!(error.label()));
                outbound.unrevoked = Some(lineage.clone());
            }
        }
    }

    /// Takes down every session of a user that began until now; `None` where nobody would look.
    pub(crate) async fn revoke_user(&self, user: &str) -> Option<Result<(), StoreError>> {
        let (codec, memory) = (&self.site.codec, self.memory());
        let revoked = match self.list().transpose()? {
            Ok(store) => revocation::revoke_user(codec, &*store, &memory, user, self.now).await,
            Err(error) => Err(error),
        };
        if revoked.is_ok() {
            crate::counters::revoked("user");
        }
        Some(revoked)
    }
}
