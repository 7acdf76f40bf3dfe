//! Saving: sealed, stored, and only then told to the browser.

use session_codec::{
    Commit, Lineage, OpenSession, SealError, Session, Timestamp,
    cookie::{Lifetime, ResponseCookie},
};
use session_store::{RecordName, SessionStore, StoreError};

use super::{Gateway, Outbound};
use crate::{gate, lifetime, settings::Settings, state::with_workspace, visit::Visit};

/// Why a session was not saved.
#[derive(Debug)]
pub(crate) enum SaveError {
    /// It cannot be sealed as it is.
    Seal(SealError),
    /// The store did not take its record.
    Store(StoreError),
}

impl SaveError {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.label(),
            Self::Store(error) => error.label(),
        }
    }
}

/// A session that is stored: its cookie, records that may go, and the debug header.
pub(super) type Saved = (ResponseCookie, Vec<RecordName>, Option<String>);

impl<S: SessionStore + 'static> Gateway<S> {
    /// Saves a session that was changed here and now: a session without keys is none.
    pub(crate) async fn save_changed(
        &self,
        visit: &Visit,
        before: Option<&OpenSession>,
        after: &Session,
    ) -> Result<Outbound, SaveError> {
        if after.is_empty() {
            return Ok(self.end(visit, before).await);
        }
        let (age, now) = (self.settings.cookie_age, self.now);
        let lifetime = lifetime::of_session(after, age, now, now);
        self.save(visit, before, after, now, lifetime).await
    }

    pub(super) async fn save(
        &self,
        visit: &Visit,
        before: Option<&OpenSession>,
        after: &Session,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Outbound, SaveError> {
        let rule = &self.settings.class_rule;
        let (lineage, ended) = match before {
            None => (Lineage::new(issued), None),
            Some(before) if rule.is_same_user(before.session(), after) => {
                (before.lineage().carrying(before.session(), after), None)
            }
            // Log in, or log in as somebody else: a new life and id, and the old one ends.
            Some(before) => {
                let old = before.lineage();
                let carried = old.carrying(before.session(), after);
                (carried.restarted(issued), Some(old))
            }
        };
        let saved = self.seal(after, &lineage, issued, lifetime).await?;
        let mut outbound = self.told(visit, saved);
        if let Some(ended) = ended {
            outbound.unrevoked = self.revoke(ended, "login").await;
        }
        Ok(outbound)
    }

    pub(super) async fn seal(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Saved, SaveError> {
        let codec = &self.settings.codec;
        let commit = with_workspace(|workspace| {
            codec.seal(
                session,
                lineage,
                issued,
                lifetime,
                &mut getrandom::SysRng,
                workspace,
            )
        });
        let commit = commit.map_err(SaveError::Seal)?;
        let placement = self.report(session, &commit);
        let saved = match &self.store {
            Some(store) => gate::save(&**store, commit, self.now).await,
            None if commit.store_ops.is_empty() => Ok((commit.set_cookie, vec![])),
            None => Err(StoreError::Refused {
                reason: "no store".into(),
            }),
        };
        let (cookie, deletions) = saved.map_err(SaveError::Store)?;
        Ok((cookie, deletions, placement))
    }

    /// Tells the operator where keys went if that is worth telling; the debug header, if it is on.
    fn report(&self, session: &Session, commit: &Commit) -> Option<String> {
        let Settings {
            codec,
            debug_header,
            ..
        } = &*self.settings;
        let is_remarkable = codec.is_remarkable(commit);
        if !is_remarkable && !debug_header {
            return None;
        }
        let report = codec.report(session, commit);
        if is_remarkable {
            crate::log::placement(&report);
        }
        debug_header.then(|| report.header_value())
    }

    /// A saved session's lines.
    pub(super) fn told(&self, visit: &Visit, (cookie, deletions, placement): Saved) -> Outbound {
        let plain = visit.plain_removal(&self.settings);
        Outbound {
            lines: core::iter::once(cookie.into_string())
                .chain(plain)
                .collect(),
            deletions,
            unrevoked: None,
            placement,
        }
    }
}
