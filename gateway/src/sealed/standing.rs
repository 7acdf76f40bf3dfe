//! Whether a session is in force, and with it whether a request has one.

use alloc::sync::Arc;

use serde_json::json;
use session_codec::{OpenSession, Reason, SessionData, Timestamp};
use session_store::StoreError;

use crate::{
    gate::{self, Missing},
    gateway::{Gateway, Purpose, Unknown},
    platform::Platform,
    revocation::{self, Ask, Standing, Subject},
    routes::Mode,
    site::Revocation,
    visit::{Found, Visit},
};

impl<P: Platform> Gateway<P> {
    /// The store, where it keeps a list of what has ended.
    pub(super) fn list(&self) -> Result<Option<Arc<P::Store>>, StoreError> {
        if self.keeps_list() {
            self.store()
        } else {
            Ok(None)
        }
    }

    /// Whether it is kept at all what has ended, if there is a store.
    pub(super) fn keeps_list(&self) -> bool {
        self.site.revocation > Revocation::None
    }

    /// Takes a session that has ended away from a visit, and adds the keys that lie in the store:
    /// both are asked at the same time, so that the one costs no wait where the other is needed.
    pub(crate) async fn admit(
        &self,
        visit: &mut Visit<OpenSession>,
        purpose: Purpose,
    ) -> Result<(), Unknown> {
        let Found::Session(opened) = &mut visit.found else {
            return Ok(());
        };
        let rule = &self.site.class_rule;
        let loads =
            opened.ticket().is_some() && !(purpose.mode == Mode::Class && rule.is_certain(opened));
        let ask = self
            .keeps_list()
            .then(|| self.question(opened, purpose, loads))
            .flatten();
        let subject = ask.map(|ask| (self.subject(opened), ask));
        let (mut stands, loaded) = futures_util::join!(
            // In boxes: a request that waits for its origin holds room for these all the time.
            Box::pin(self.stands(subject.as_ref())),
            Box::pin(self.load_record(opened, loads)),
        );
        // The user may be among what lay in the store.
        if let (Ok(Standing::Active | Standing::Bound(_)), Ok(()), Some((subject, ask))) =
            (&stands, &loaded, &subject)
            && loads
            && !subject.has_user()
        {
            let whole = (self.subject(opened), *ask);
            if whole.0.has_user() {
                stands = Box::pin(self.stands(Some(&whole))).await;
            }
        }
        match stands {
            Ok(standing @ (Standing::Active | Standing::Bound(_))) => {
                if let (Standing::Bound(binding), Some(evidence)) = (standing, &mut visit.device) {
                    evidence.binding = Some(binding);
                }
                visit.is_judged = ask.is_some_and(|ask| ask != Ask::Known);
            }
            Ok(Standing::Revoked) => {
                if loads {
                    crate::counters::loaded("ended");
                }
                visit.reject(Reason::Revoked);
                return Ok(());
            }
            Err(error) => {
                crate::log::warn("revocation-unavailable", &json!(error.label()));
                // Never fail open where a session is required. Elsewhere a store that is down is
                // no reason to log out whoever has their session with them.
                if purpose.mode.requires() {
                    return Err(Unknown::Standing);
                }
            }
        }
        if loads {
            counted(loaded).map_err(Unknown::Data)
        } else {
            Ok(())
        }
    }

    /// Adds the spilled keys to the session of a visit, if it has any, whether it has ended or not.
    pub(crate) async fn load(&self, visit: &mut Visit<OpenSession>) -> Result<(), Missing> {
        match &mut visit.found {
            Found::Session(opened) if opened.ticket().is_some() => {
                counted(self.load_record(opened, true).await)
            }
            _ => Ok(()),
        }
    }

    /// Whether it is asked if a session has ended, and how.
    fn question(&self, opened: &OpenSession, purpose: Purpose, loads: bool) -> Option<Ask> {
        let Purpose { mode, is_safe } = purpose;
        let is_everywhere = self.site.revocation == Revocation::Always;
        match mode {
            Mode::Public => None,
            Mode::Required | Mode::Device => Some(Ask::Afresh),
            // It waits for the store anyway.
            _ if loads => Some(Ask::Afresh),
            // Who is not logged in cannot be logged out.
            _ if !self.site.class_rule.has_user(opened.session()) => Some(Ask::Known),
            // Who logs in over a session that has ended does not go on with it: so the origin is
            // not told of it.
            Mode::Optional if !is_safe => Some(Ask::Afresh),
            _ if is_everywhere => Some(Ask::Remembered),
            _ => Some(Ask::Known),
        }
    }

    /// The names of a session and its user on the list.
    pub(super) fn subject(&self, opened: &OpenSession) -> Subject {
        let user = self.site.class_rule.user(opened.session());
        Subject::of(&self.site.codec, opened, user.as_deref())
    }

    async fn stands(&self, subject: Option<&(Subject, Ask)>) -> Result<Standing, StoreError> {
        let Some((subject, ask)) = subject else {
            return Ok(Standing::Active);
        };
        match self.list()? {
            Some(store) => {
                let memory = self.memory();
                revocation::standing(&*store, &memory, subject, *ask, self.now).await
            }
            None => Ok(Standing::Active),
        }
    }

    async fn load_record(&self, opened: &mut OpenSession, loads: bool) -> Result<(), Missing> {
        if !loads {
            return Ok(());
        }
        match self.store() {
            Ok(Some(store)) => gate::load(&self.site.codec, &*store, opened, self.now).await,
            Ok(None) => Err(Missing::Unavailable("no_store")),
            Err(error) => Err(Missing::Unavailable(error.label())),
        }
    }

    /// When a session begins that is new at `issued`: after every moment until which its user's
    /// sessions ended.
    pub(super) async fn beginning(&self, session: &SessionData, issued: Timestamp) -> Timestamp {
        let user = self.site.class_rule.user(session);
        let Some((store, user)) = self.list().ok().flatten().zip(user) else {
            return issued;
        };
        let (codec, memory) = (&self.site.codec, self.memory());
        let until = revocation::ended_until(codec, &*store, &memory, &user, self.now).await;
        // Nobody knows: as if there were none.
        revocation::after(until.ok().flatten(), issued)
    }
}

/// Tells the operator what came of asking for a record.
fn counted(loaded: Result<(), Missing>) -> Result<(), Missing> {
    crate::counters::loaded(match &loaded {
        Ok(()) => "ok",
        Err(Missing::Unavailable(reason)) => {
            crate::log::warn("session-unavailable", &json!(reason));
            "unavailable"
        }
        Err(Missing::Lost { .. }) => {
            crate::log::warn("session-lost", &json!("record"));
            "lost"
        }
    });
    loaded
}
