use core::time::Duration;

use serde_json::json;
use session_codec::{RequestMark, SealError, SessionData, StoreName, cookie::SetCookie};
use session_store::StoreError;

use crate::{
    class::Class,
    counters,
    device::Shown,
    dialect::{Dialect, OriginView},
    gateway::{Gateway, Outbound, Purpose, Unasked, Unknown},
    lifetime, log,
    platform::Platform,
    refusal::{Failure, Refusal},
    request::RequestHead,
    response::ResponseHead,
    revocation::{self, Ask, Bindable, Entry},
    routes::Mode,
    rows::{Replaced, RowSession, Rows as _},
    sealed::without_session,
    set_cookies::SetCookies,
    site::RowSigner,
    told,
    visit::{Evidence, Found, Visit},
};

/// Django's session keys: the sessions are where the site keeps them, and the site alone makes
/// them, prolongs them and says who somebody is.
pub(crate) struct RowKeys<'g, P>(pub(crate) &'g Gateway<P>, pub(crate) &'g RowSigner);

/// For how long it is known to which device a row is bound: as long as browsers keep a cookie.
const ROW_LASTS: Duration = Duration::from_secs(400 * 24 * 3600);

/// Attempts to change a session that others change at the same time.
const ROUNDS: usize = 3;

impl<P: Platform> Dialect<P> for RowKeys<'_, P> {
    type Session = RowSession;

    fn varies_by_cookie(&self) -> bool {
        true
    }
    // No index tells whose rows there are.
    const ENDS_USERS: bool = false;
    // The row is the site's, and all that is in it.
    const REMEMBERS_REQUESTS: bool = false;

    fn gateway(&self) -> &Gateway<P> {
        self.0
    }

    async fn read(&self, cookies: &str) -> Result<Visit<RowSession>, Unknown> {
        let Gateway {
            site,
            platform,
            now,
            ..
        } = self.0;
        let visit = match platform.rows() {
            Ok(rows) => Visit::look_up(site, self.1, &*rows, cookies, *now).await,
            Err(error) => Err(error),
        };
        visit.map_err(|error| {
            log::warn("session-unavailable", &json!(error.label()));
            Unknown::Standing
        })
    }

    /// A row that is there is a session, whole. To which device it is bound the list tells, which
    /// is not asked where the device is there.
    async fn admit(&self, visit: &mut Visit<RowSession>, purpose: Purpose) -> Result<(), Unknown> {
        let Visit {
            found: Found::Session(session),
            device: Some(evidence),
            ..
        } = visit
        else {
            return Ok(());
        };
        let name = self.0.site.codec.row_binding(session.key().as_str());
        let is_there = |shown: &Shown| shown.session == name && !shown.is_first;
        let rule = &self.0.site.class_rule;
        if evidence.shown.as_ref().is_some_and(is_there) || !rule.has_user(session.session()) {
            return Ok(());
        }
        let ask = if purpose.mode.requires() || !purpose.is_safe {
            Ask::Afresh
        } else {
            Ask::Remembered
        };
        match self.binding(&name, ask).await {
            Ok(Entry::Bound(binding)) => evidence.binding = Some(binding),
            Ok(_) => {}
            Err(error) => {
                log::warn("revocation-unavailable", &json!(error.label()));
                if purpose.mode.requires() {
                    return Err(Unknown::Standing);
                }
            }
        }
        Ok(())
    }

    fn give_up(&self, visit: &mut Visit<RowSession>, _: bool, _: &str) -> Result<(), Vec<String>> {
        Err(visit.removals(&self.0.site))
    }

    fn data<'s>(&self, session: &'s RowSession) -> &'s SessionData {
        session.session()
    }

    fn bindable(&self, session: &RowSession) -> Option<Bindable> {
        Some(self.bound(session))
    }

    fn class(&self, session: Option<&RowSession>) -> Class {
        let rule = &self.0.site.class_rule;
        rule.known(session.map(RowSession::session))
    }

    fn origin_view(
        &self,
        _: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&RowSession>,
    ) -> Result<OriginView, SealError> {
        Ok(OriginView {
            cookie: session.map(|session| session.key().as_str().to_owned()),
            fields: told::class(class).into_iter().collect(),
        })
    }

    fn all_removals(&self, visit: &Visit<RowSession>) -> Vec<String> {
        visit.removals(&self.0.site)
    }

    fn is_about_session(&self, cookies: &SetCookies, _: &ResponseHead<'_>) -> bool {
        cookies.session().is_some()
    }

    async fn conclude(
        &self,
        visit: Option<&Visit<RowSession>>,
        mode: Mode,
        cookies: &mut SetCookies,
        _: &ResponseHead<'_>,
        unasked: Unasked,
    ) -> Outbound {
        if let Some(line) = cookies.session() {
            let is_the_visitors = self.is_the_visitors(visit, mode, line).await;
            let removal = match visit.filter(|_| is_the_visitors) {
                Some(visit) => self.leave_device(visit, line).await,
                None => None,
            };
            cookies.hand_on_session(is_the_visitors);
            return Outbound::lines(removal.into_iter().collect());
        }
        let rejected = visit.filter(|visit| visit.session().is_none() && unasked.removal);
        let removals = rejected.map(|visit| visit.removals(&self.0.site));
        Outbound::lines(removals.unwrap_or_default())
    }

    async fn end(&self, visit: &mut Visit<RowSession>) -> Result<Outbound, Failure> {
        if let Some(session) = visit.session() {
            self.delete(session)
                .await
                .map_err(|error| unavailable(&error))?;
            counters::revoked("api");
            self.end_device(visit, session).await;
        }
        let mut lines = visit.removals(&self.0.site);
        lines.extend(visit.device_removal(&self.0.site));
        Ok(Outbound::lines(lines))
    }

    async fn end_user(&self, _: &str) -> Result<(), Refusal> {
        Err(Refusal::RevocationOff)
    }

    async fn change(
        &self,
        visit: &mut Visit<RowSession>,
        rule: impl Fn(&SessionData) -> Result<SessionData, Refusal>,
        // Whatever the row is by now, the rule is applied to that.
        _: Option<&SessionData>,
        _: Option<RequestMark>,
    ) -> Result<(SessionData, Outbound), Failure> {
        let Gateway { site, now, .. } = self.0;
        let rows = self
            .0
            .platform
            .rows()
            .map_err(|error| unavailable(&error))?;
        for _ in 0..ROUNDS {
            let Some(found) = visit.session() else {
                break;
            };
            let before = found.session();
            let after = rule(before)?;
            // A log in needs a new key, which only the site can make.
            if !site.class_rule.is_same_user(before, &after) {
                return Err(Refusal::NotWritable(site.class_rule.user_key.clone()).into());
            }
            // A session without keys is none, as with Django.
            if after.is_empty() {
                return Ok((after, self.end(visit).await?));
            }
            let data = self.1.seal(&after, *now);
            let data = data.map_err(|_| Refusal::SessionTooLarge)?;
            match rows.replace(found.key(), found.data(), &data, *now).await {
                Ok(Replaced::Done) => {
                    counters::saved("ok");
                    return Ok((after, Outbound::default()));
                }
                Ok(Replaced::Changed) => counters::merged("merged"),
                Ok(Replaced::Gone) => {}
                Err(error) => {
                    counters::saved(error.label());
                    return Err(unavailable(&error).into());
                }
            }
            let again = Visit::find(self.1, &*rows, found.key(), *now).await;
            match again.map_err(|error| unavailable(&error))? {
                Some(session) => visit.found = Found::Session(Box::new(session)),
                None => visit.forget(),
            }
        }
        if visit.session().is_none() {
            return Err(Refusal::NoSession.into());
        }
        counters::saved("contested");
        Err(Refusal::Contested.into())
    }
}

impl<P: Platform> RowKeys<'_, P> {
    /// Whether a line about the session is for this visitor: where the site was not told of a
    /// session it may end it, and begin one for somebody who has none.
    async fn is_the_visitors(
        &self,
        visit: Option<&Visit<RowSession>>,
        mode: Mode,
        line: &str,
    ) -> bool {
        if mode.tells_session() {
            return true;
        }
        let Gateway { site, now, .. } = self.0;
        let cookie = SetCookie::read(line.as_bytes());
        let is_removal = cookie.is_ok_and(|cookie| lifetime::is_removal(&cookie, *now, site.date));
        // Who it is cannot be had now: a log out goes on, nothing is replaced.
        let Some(visit) = visit else {
            return is_removal;
        };
        if is_removal {
            // The site did not get to see the key whose session it ends.
            if let Some(session) = visit.session()
                && let Err(error) = self.delete(session).await
            {
                log::warn("revocation-failed", &json!(error.label()));
            }
            return true;
        }
        let may = mode.may_set_session(visit.has_session());
        if !may {
            without_session("origin_cookie");
        }
        may
    }

    /// The list's word on a session.
    async fn binding(&self, name: &StoreName, ask: Ask) -> Result<Entry, StoreError> {
        match self.0.store()? {
            Some(store) => {
                revocation::entry(&*store, &self.0.memory(), name, ask, self.0.now).await
            }
            None => Ok(Entry::Nothing),
        }
    }

    fn bound(&self, session: &RowSession) -> Bindable {
        Bindable {
            name: self.0.site.codec.row_binding(session.key().as_str()),
            // Nobody brings a row back.
            head: None,
            expires: self.0.now.after(ROW_LASTS),
        }
    }

    /// The site has ended a session, or it goes on under another key: its device is good for
    /// nothing any more. Gives the line that removes its cookie.
    async fn leave_device(&self, visit: &Visit<RowSession>, line: &str) -> Option<String> {
        let session = visit.session()?;
        let cookie = SetCookie::read(line.as_bytes()).ok()?;
        if cookie.value == session.key().as_str().as_bytes()
            && !lifetime::is_removal(&cookie, self.0.now, self.0.site.date)
        {
            return None;
        }
        self.end_device(visit, session).await;
        visit.device_removal(&self.0.site)
    }

    /// So that the browser does not show its device for ever.
    async fn end_device(&self, visit: &Visit<RowSession>, session: &RowSession) {
        let is_known = |evidence: &&Evidence| evidence.was_sent || evidence.binding.is_some();
        let ended = async {
            if visit.device.as_deref().filter(is_known).is_none() {
                return Ok(());
            }
            match self.0.store()? {
                Some(store) => {
                    let (memory, bound) = (self.0.memory(), self.bound(session));
                    revocation::end_binding(&*store, &memory, &bound, self.0.now).await
                }
                None => Ok(()),
            }
        };
        let ended: Result<(), StoreError> = Box::pin(ended).await;
        if let Err(error) = ended {
            log::warn("device-binding-failed", &json!(error.label()));
        }
    }

    async fn delete(&self, session: &RowSession) -> Result<(), StoreError> {
        let rows = self.0.platform.rows()?;
        rows.delete(session.key(), self.0.now).await
    }
}

fn unavailable(error: &StoreError) -> Refusal {
    log::warn("session-unavailable", &json!(error.label()));
    Refusal::Unavailable
}
