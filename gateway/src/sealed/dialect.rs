use session_codec::{OpenSession, Repeated, RequestMark, SealError, SessionData};

use super::save::Made;
use crate::{
    class::Class,
    dialect::{Dialect, OriginView},
    gateway::{Gateway, Outbound, Purpose, Unasked, Unknown},
    platform::Platform,
    refusal::{Failure, Refusal},
    request::RequestHead,
    response::ResponseHead,
    revocation::Bindable,
    routes::Mode,
    set_cookies::SetCookies,
    visit::Visit,
};

/// A protocol whose sessions are sealed towards the browser: how the site reads and changes them.
pub(crate) trait SealedDialect<P: Platform> {
    /// See [`Dialect::varies_by_cookie`].
    fn varies_by_cookie(&self) -> bool;

    /// What one request works with.
    fn gateway(&self) -> &Gateway<P>;

    /// See [`Dialect::origin_view`].
    fn origin_view(
        &self,
        request: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&OpenSession>,
    ) -> Result<OriginView, SealError>;

    /// What an answer says of the session, as the site writes it.
    fn said<'a>(&self, cookies: &'a SetCookies, response: &'a ResponseHead<'_>) -> Option<&'a str>;

    /// Does what an answer says, and gives what the browser is told.
    fn obey(
        &self,
        visit: &Visit<OpenSession>,
        mode: Mode,
        said: &str,
    ) -> impl Future<Output = Outbound>;
}

/// What protocols with sealed sessions have in common.
pub(crate) struct Sealed<T>(pub(crate) T);

impl<P: Platform, T: SealedDialect<P>> Dialect<P> for Sealed<T> {
    type Session = OpenSession;

    fn varies_by_cookie(&self) -> bool {
        self.0.varies_by_cookie()
    }

    const ENDS_USERS: bool = true;
    const REMEMBERS_REQUESTS: bool = true;

    fn gateway(&self) -> &Gateway<P> {
        self.0.gateway()
    }

    async fn read(&self, cookies: &str) -> Result<Visit<OpenSession>, Unknown> {
        let gateway = self.0.gateway();
        Ok(Visit::read(&gateway.site, cookies, gateway.now))
    }

    async fn admit(&self, visit: &mut Visit<OpenSession>, purpose: Purpose) -> Result<(), Unknown> {
        self.0.gateway().admit(visit, purpose).await
    }

    fn give_up(
        &self,
        visit: &mut Visit<OpenSession>,
        is_newest: bool,
        cookies: &str,
    ) -> Result<(), Vec<String>> {
        self.0.gateway().give_up(visit, is_newest, cookies)
    }

    fn data<'s>(&self, session: &'s OpenSession) -> &'s SessionData {
        session.session()
    }

    fn bindable(&self, session: &OpenSession) -> Option<Bindable> {
        Bindable::of(&self.0.gateway().site.codec, session.lineage())
    }

    fn class(&self, session: Option<&OpenSession>) -> Class {
        let gateway = self.0.gateway();
        gateway.site.class_rule.class(session, gateway.now)
    }

    fn origin_view(
        &self,
        request: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&OpenSession>,
    ) -> Result<OriginView, SealError> {
        self.0.origin_view(request, class, session)
    }

    fn all_removals(&self, visit: &Visit<OpenSession>) -> Vec<String> {
        self.0.gateway().all_removals(visit)
    }

    fn is_about_session(&self, cookies: &SetCookies, response: &ResponseHead<'_>) -> bool {
        cookies.session().is_some() || self.0.said(cookies, response).is_some()
    }

    async fn conclude(
        &self,
        visit: Option<&Visit<OpenSession>>,
        mode: Mode,
        cookies: &mut SetCookies,
        response: &ResponseHead<'_>,
        unasked: Unasked,
    ) -> Outbound {
        // Whose cookie it is can always be read.
        let Some(visit) = visit else {
            return Outbound::default();
        };
        match self.0.said(cookies, response) {
            Some(said) => self.0.obey(visit, mode, said).await,
            None => self.0.gateway().unchanged(visit, unasked).await,
        }
    }

    async fn end(&self, visit: &mut Visit<OpenSession>) -> Result<Outbound, Failure> {
        let gateway = self.0.gateway();
        // Its record names the one before it, which goes as well; if it cannot be had the session
        // ends all the same.
        drop(gateway.load(visit).await);
        Ok(gateway.end(visit, visit.session()).await)
    }

    async fn end_user(&self, user: &str) -> Result<(), Refusal> {
        let revoked = self.0.gateway().revoke_user(user).await;
        revoked.ok_or(Refusal::RevocationOff)?.map_err(|error| {
            crate::log::warn("revocation-failed", &serde_json::json!(error.label()));
            Refusal::Unavailable
        })
    }

    async fn change(
        &self,
        visit: &mut Visit<OpenSession>,
        rule: impl Fn(&SessionData) -> Result<SessionData, Refusal>,
        patch: Option<&SessionData>,
        mark: Option<RequestMark>,
    ) -> Result<(SessionData, Outbound), Failure> {
        let gateway = self.0.gateway();
        let nothing = SessionData::new();
        let before = visit.session();
        let session = before.map_or(&nothing, |before| before.session().data());
        let repeated = before.zip(mark.as_ref());
        let repeated = repeated.map(|(before, mark)| before.lineage().repeated(mark, gateway.now));
        let (after, patch) = match repeated {
            None | Some(Repeated::No) => (rule(session)?, patch),
            // It is told, and sealed, as it is by now.
            Some(Repeated::Yes) => (session.clone(), None),
            Some(Repeated::OtherContent) => return Err(Refusal::KeyReused.into()),
        };
        let made = Made {
            after: &after,
            patch,
            mark,
        };
        let saved = gateway.save_changed(visit, before, made).await;
        let mut outbound = saved.map_err(Failure::from)?;
        let after = outbound.merged.take().unwrap_or(after);
        Ok((after, outbound))
    }
}
