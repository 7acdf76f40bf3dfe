//! Saving: sealed, stored, and only then told to the browser.

use session_codec::{Commit, Lineage, OpenSession, Session, Timestamp, cookie::Lifetime};
use session_store::{About, RecordName, SessionStore};

use super::{Gateway, Outbound};
use crate::{
    gate::{self, Draft, Followed, SaveError, Saved},
    lifetime,
    settings::Settings,
    state::with_siblings,
    visit::Visit,
};

/// A session as the request found it, and as it is to be.
pub(super) struct Change<'a> {
    pub(super) before: Option<&'a OpenSession>,
    pub(super) after: &'a Session,
}

/// A session that is stored, and the debug header.
pub(super) struct Sealed {
    saved: Saved,
    header: Option<String>,
}

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
            None => (Lineage::new(self.beginning(after, issued).await), None),
            Some(before) if rule.is_same_user(before.session(), after) => {
                (before.lineage().carrying(before.session(), after), None)
            }
            // Log in, or log in as somebody else: a new life and id, and the old one ends.
            Some(before) => {
                let old = before.lineage();
                let carried = old.carrying(before.session(), after);
                let began = self.beginning(after, issued).await;
                (carried.restarted(began), Some(old))
            }
        };
        // No cookie is older than its session.
        let issued = issued.max(lineage.created());
        // A log in takes nothing of its own from the session of a stranger, ended or not.
        let followed = before.filter(|before| {
            ended.is_none() || rule.has_user(before.session()) || !rule.has_user(after)
        });
        let followed = followed.map(|before| {
            let keeps_name = self.settings.codec.keeps_denial(before);
            (before, rule.has_user(before.session()) && !keeps_name)
        });
        let change = Change { before, after };
        let sealed = self.seal(change, followed, lineage, issued, lifetime);
        let mut outbound = self.told(visit, sealed.await?);
        if let Some(ended) = ended {
            self.revoke(ended, "login", &mut outbound).await;
        }
        Ok(outbound)
    }

    /// Seals and stores a session. Of one that is `followed` it is asked whether it has ended, and
    /// if so nothing is handed out; nor while nobody knows, where that must be known.
    pub(super) async fn seal(
        &self,
        Change { before, after }: Change<'_>,
        followed: Option<(&OpenSession, bool)>,
        lineage: Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Sealed, SaveError> {
        let codec = &self.settings.codec;
        let user = self.settings.class_rule.user(after);
        let about = About {
            created: Some(lineage.created()),
            owner: user.and_then(|user| codec.owner_name(&user)),
            ip: self.client.ip.clone(),
            user_agent: self.client.user_agent.clone(),
            ..About::session_until(issued)
        };
        let nothing = Session::new();
        let draft = Draft {
            base: before.map_or(&nothing, OpenSession::session),
            base_issued: before.map_or(issued, OpenSession::issued),
            after,
            lineage,
            issued,
            lifetime,
            about,
        };
        let subject = followed.map(|(before, _)| self.subject(before));
        let followed = self.list().zip(subject.as_ref()).zip(followed);
        let followed = followed.map(|((_, subject), (_, must_be_known))| Followed {
            subject,
            memory: &self.memory,
            must_be_known,
        });
        let (store, now) = (self.store.as_deref(), self.now);
        let saved = gate::save_unless_ended(codec, store, followed.as_ref(), draft, now);
        match Box::pin(saved).await {
            Ok(mut saved) => {
                crate::counters::saved("ok");
                if let Some(change) = &saved.commit.head {
                    let too_many = with_siblings(|siblings| siblings.moved(change));
                    saved.deletions.extend(too_many.map(RecordName::new));
                }
                let session = saved.merged.as_ref().unwrap_or(after);
                let header = self.report(session, &saved.commit);
                Ok(Sealed { saved, header })
            }
            Err((error, mut discarded)) => {
                crate::counters::saved(error.label());
                if let (SaveError::Ended, Some(before)) = (&error, before) {
                    discarded.extend(self.records_of(before.lineage()));
                }
                self.delete_later(discarded);
                Err(error)
            }
        }
    }

    /// Tells the operator where keys went if that is worth telling; the debug header, if it is on.
    fn report(&self, session: &Session, commit: &Commit) -> Option<String> {
        let Settings {
            codec,
            debug_header,
            ..
        } = &*self.settings;
        crate::counters::placed(&commit.placement, session.len());
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
    pub(super) fn told(&self, visit: &Visit, Sealed { saved, header }: Sealed) -> Outbound {
        let plain = visit.plain_removal(&self.settings);
        Outbound {
            lines: core::iter::once(saved.commit.set_cookie.into_string())
                .chain(plain)
                .collect(),
            deletions: saved.deletions,
            unrevoked: None,
            placement: header,
            merged: saved.merged,
        }
    }
}
