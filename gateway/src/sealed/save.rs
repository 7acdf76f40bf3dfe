//! Saving: sealed, stored, and only then told to the browser.

use session_codec::{
    Commit, OpenSession, RequestMark, Session, SessionData, StoreName, Timestamp, cookie::Lifetime,
};
use session_store::RecordMeta;

use crate::{
    gate::{self, Draft, Followed, NotSaved, SaveError, Saved, with_siblings},
    gateway::{Gateway, Outbound},
    lifetime,
    platform::Platform,
    refusal::{Failure, Refusal},
    site::Site,
    visit::Visit,
};

/// A session as the request found it, and as it is to be.
pub(super) struct Change<'a> {
    pub(super) before: Option<&'a OpenSession>,
    pub(super) after: &'a Session,
    /// What made the one of the other, if it was a merge patch.
    pub(super) patch: Option<&'a SessionData>,
    /// What the request is known by that asks for it, if it comes again.
    pub(super) mark: Option<RequestMark>,
}

/// What somebody made of a session.
pub(crate) struct Made<'a> {
    pub(crate) after: &'a SessionData,
    /// What they did, if it was a merge patch.
    pub(crate) patch: Option<&'a SessionData>,
    /// What the request is known by that asks for it, if it comes again.
    pub(crate) mark: Option<RequestMark>,
}

impl From<NotSaved> for Failure {
    fn from(NotSaved { error, deletions }: NotSaved) -> Self {
        Self {
            refusal: Refusal::of_save(&error),
            left: Outbound {
                deletions,
                ..Outbound::default()
            },
        }
    }
}

/// A session that is stored, and the debug header.
pub(super) struct Sealed {
    saved: Saved,
    header: Option<String>,
}

impl<P: Platform> Gateway<P> {
    /// Saves a session that was changed here and now, by a merge patch or as a whole: a session
    /// without keys is none.
    pub(crate) async fn save_changed(
        &self,
        visit: &Visit<OpenSession>,
        before: Option<&OpenSession>,
        made: Made<'_>,
    ) -> Result<Outbound, NotSaved> {
        let after = made.after;
        if after.is_empty() {
            return Ok(self.end(visit, before).await);
        }
        let (age, now) = (self.site.cookie_age, self.now);
        let lifetime = lifetime::of_session(after, age, now, now, self.site.date);
        self.save(visit, before, made, now, lifetime).await
    }

    pub(super) async fn save(
        &self,
        visit: &Visit<OpenSession>,
        before: Option<&OpenSession>,
        Made { after, patch, mark }: Made<'_>,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Outbound, NotSaved> {
        let rule = &self.site.class_rule;
        let (mut session, ended) = match before {
            None => {
                let began = self.beginning(after, issued).await;
                (Session::new(began).with_data(after.clone()), None)
            }
            Some(before) if rule.is_same_user(before.session(), after) => {
                (before.session().with_data(after.clone()), None)
            }
            // Log in, or log in as somebody else: a new life and id, and the old one ends.
            Some(before) => {
                let mut session = before.session().with_data(after.clone());
                session.restart(self.beginning(after, issued).await);
                (session, Some(before.lineage()))
            }
        };
        if let Some(mark) = mark {
            session.remember(mark, self.now);
        }
        // No cookie is older than its session.
        let issued = issued.max(session.created());
        // A log in takes nothing of its own from the session of a stranger, ended or not.
        let followed = before.filter(|before| {
            ended.is_none() || rule.has_user(before.session()) || !rule.has_user(after)
        });
        let followed = followed.map(|before| {
            let keeps_name = self.site.codec.keeps_session_id(before);
            (before, rule.has_user(before.session()) && !keeps_name)
        });
        let after = &session;
        let change = Change {
            before,
            after,
            patch,
            mark,
        };
        let sealed = self.seal(change, followed, issued, lifetime);
        let sealed = sealed.await?;
        let begins = before.is_none() || ended.is_some();
        let began = self.began(&sealed, begins && rule.has_user(after.data()));
        let mut outbound = self.told(visit, sealed);
        if began.is_some() {
            // It is the one before's, whose device ends with it.
            outbound.lines.extend(visit.device_removal(&self.site));
        }
        outbound.began = began;
        if let Some(ended) = ended {
            self.revoke(ended, "login", &mut outbound).await;
        }
        Ok(outbound)
    }

    /// The name of a user's session that has begun with this cookie, where somebody wants to bind
    /// it to a device.
    fn began(&self, sealed: &Sealed, is_new_users: bool) -> Option<StoreName> {
        self.site.device.as_ref().filter(|_| is_new_users)?;
        sealed.saved.commit.session_revocation()
    }

    /// Seals and stores a session. Of one that is `followed` it is asked whether it has ended, and
    /// if so nothing is handed out; nor while nobody knows, where that must be known.
    pub(super) async fn seal(
        &self,
        Change {
            before,
            after,
            patch,
            mark,
        }: Change<'_>,
        followed: Option<(&OpenSession, bool)>,
        issued: Timestamp,
        lifetime: Lifetime,
    ) -> Result<Sealed, NotSaved> {
        let codec = &self.site.codec;
        let user = self.site.class_rule.user(after);
        let about = RecordMeta {
            created: Some(after.created()),
            owner: user.and_then(|user| codec.owner_name(&user)),
            ip: self.client.ip.clone(),
            user_agent: self.client.user_agent.clone(),
            ..RecordMeta::session_until(issued)
        };
        let nothing = SessionData::new();
        let draft = Draft {
            base: before.map_or(&nothing, |before| before.session().data()),
            base_issued: before.map_or(issued, OpenSession::issued),
            session: after,
            patch,
            mark,
            issued,
            lifetime,
            about,
        };
        let store = self.store().map_err(SaveError::Store)?;
        let is_listed = store.is_some() && self.keeps_list();
        let subject = followed.map(|(before, _)| self.subject(before));
        let followed = subject.as_ref().zip(followed).filter(|_| is_listed);
        let memory = self.memory();
        let followed = followed.map(|(subject, (_, must_be_known))| Followed {
            subject,
            memory: &memory,
            must_be_known,
        });
        let (store, now) = (store.as_deref(), self.now);
        let saved = gate::save(codec, store, followed.as_ref(), draft, now);
        match Box::pin(saved).await {
            Ok(mut saved) => {
                crate::counters::saved("ok");
                crate::uses::sealed(now);
                if let Some(change) = &saved.commit.head {
                    let too_many = with_siblings(|siblings| siblings.moved(change));
                    saved.deletions.extend(too_many);
                }
                let session = saved.merged.as_ref().unwrap_or(after.data());
                let header = self.report(session, &saved.commit);
                Ok(Sealed { saved, header })
            }
            Err(NotSaved {
                error,
                mut deletions,
            }) => {
                crate::counters::saved(error.label());
                if let (SaveError::Ended, Some(before)) = (&error, before) {
                    deletions.extend(self.records_of(before.lineage()));
                }
                Err(NotSaved { error, deletions })
            }
        }
    }

    /// Tells the operator where keys went if that is worth telling; the debug header, if it is on.
    fn report(&self, session: &SessionData, commit: &Commit) -> Option<String> {
        let Site {
            codec,
            debug_header,
            ..
        } = &*self.site;
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
    pub(super) fn told(
        &self,
        visit: &Visit<OpenSession>,
        Sealed { saved, header }: Sealed,
    ) -> Outbound {
        let plain = visit.plain_removal(&self.site);
        Outbound {
            lines: core::iter::once(saved.commit.set_cookie.into_string())
                .chain(plain)
                .collect(),
            deletions: saved.deletions,
            placement: header,
            merged: saved.merged,
            ..Outbound::default()
        }
    }
}
