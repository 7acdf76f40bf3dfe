use session_codec::{RequestMark, SealError, SessionData};

use crate::{
    class::Class,
    edit::Edit,
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

/// What the origin is told of the session.
#[derive(Default)]
pub(crate) struct OriginView {
    /// The value of its own session cookie.
    pub(crate) cookie: Option<String>,
    /// Header fields.
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl OriginView {
    /// How much of a request's head it takes.
    pub(crate) fn bytes(&self) -> usize {
        let fields = self.fields.iter().map(|(_, value)| value.len());
        self.cookie.as_ref().map_or(0, String::len) + fields.sum::<usize>()
    }

    /// The fields, as edits.
    pub(crate) fn edits(self) -> impl Iterator<Item = Edit> {
        let fields = self.fields.into_iter();
        fields.map(|(name, value)| Edit::set(name, value))
    }
}

/// How a site speaks of sessions: all in which the three protocols differ.
pub(crate) trait Dialect<P: Platform> {
    /// A session that verified.
    type Session;

    /// The site says of whatever used the session that it varies by cookie: Django does; of another
    /// one nobody knows.
    fn varies_by_cookie(&self) -> bool;

    /// It can be told which sessions are a user's.
    const ENDS_USERS: bool;

    /// A session remembers which requests it has the changes of.
    const REMEMBERS_REQUESTS: bool;

    /// What one request works with.
    fn gateway(&self) -> &Gateway<P>;

    /// What a request's cookies come to.
    fn read(&self, cookies: &str) -> impl Future<Output = Result<Visit<Self::Session>, Unknown>>;

    /// Takes a session that has ended away from a visit, and adds what lies in the store.
    fn admit(
        &self,
        visit: &mut Visit<Self::Session>,
        purpose: Purpose,
    ) -> impl Future<Output = Result<(), Unknown>>;

    /// What becomes of a cookie whose session is lost: taken for none, or, before that, the lines
    /// of an answer that says so.
    ///
    /// # Errors
    /// The `Set-Cookie` lines of the answer.
    fn give_up(
        &self,
        visit: &mut Visit<Self::Session>,
        is_newest: bool,
        cookies: &str,
    ) -> Result<(), Vec<String>>;

    /// What is in a session.
    fn data<'s>(&self, session: &'s Self::Session) -> &'s SessionData;

    /// As what a session is bound to a device; `None` if it cannot be.
    fn bindable(&self, session: &Self::Session) -> Option<Bindable>;

    /// Who the visitor is, in one word.
    fn class(&self, session: Option<&Self::Session>) -> Class;

    /// What the origin is told.
    ///
    /// # Errors
    /// If it cannot be written as the origin reads it.
    fn origin_view(
        &self,
        request: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&Self::Session>,
    ) -> Result<OriginView, SealError>;

    /// Lines that remove the session from wherever it may be.
    fn all_removals(&self, visit: &Visit<Self::Session>) -> Vec<String>;

    /// Whether an answer is about the visitor's session.
    fn is_about_session(&self, cookies: &SetCookies, response: &ResponseHead<'_>) -> bool;

    /// What the answer, or time, does to the session. `None` for a visit: nobody knows who it is.
    fn conclude(
        &self,
        visit: Option<&Visit<Self::Session>>,
        mode: Mode,
        cookies: &mut SetCookies,
        response: &ResponseHead<'_>,
        unasked: Unasked,
    ) -> impl Future<Output = Outbound>;

    /// Ends the session of a visit for everybody who has a copy of it.
    ///
    /// # Errors
    /// If it could not be ended.
    fn end(
        &self,
        visit: &mut Visit<Self::Session>,
    ) -> impl Future<Output = Result<Outbound, Failure>>;

    /// Ends every session of a user that began until now.
    ///
    /// # Errors
    /// If they could not be ended.
    fn end_user(&self, user: &str) -> impl Future<Output = Result<(), Refusal>>;

    /// Changes the session of a visit, by a rule that is applied to the session as it is met, which
    /// is that of a merge patch, if one is given. What the session has of this very request already,
    /// by its mark, is not done again. Gives what it became.
    ///
    /// # Errors
    /// Why nothing was changed.
    fn change(
        &self,
        visit: &mut Visit<Self::Session>,
        rule: impl Fn(&SessionData) -> Result<SessionData, Refusal>,
        patch: Option<&SessionData>,
        mark: Option<RequestMark>,
    ) -> impl Future<Output = Result<(SessionData, Outbound), Failure>>;
}
