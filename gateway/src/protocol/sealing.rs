use session_codec::{OpenSession, SealError};

use super::{Headers, Transcode};
use crate::{
    class::Class,
    dialect::OriginView,
    gateway::{Gateway, Outbound},
    platform::Platform,
    request::RequestHead,
    response::ResponseHead,
    routes::Mode,
    sealed::SealedDialect,
    set_cookies::SetCookies,
    visit::Visit,
};

/// Either protocol whose sessions are sealed. One type, so that all that is generic over a dialect is
/// compiled once for both.
pub(crate) enum Sealing<'g, P> {
    Transcode(Transcode<'g, P>),
    Headers(Headers<'g, P>),
}

impl<P: Platform> SealedDialect<P> for Sealing<'_, P> {
    fn varies_by_cookie(&self) -> bool {
        match self {
            Self::Transcode(site) => site.varies_by_cookie(),
            Self::Headers(site) => site.varies_by_cookie(),
        }
    }

    fn gateway(&self) -> &Gateway<P> {
        match self {
            Self::Transcode(site) => site.gateway(),
            Self::Headers(site) => site.gateway(),
        }
    }

    fn origin_view(
        &self,
        request: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&OpenSession>,
    ) -> Result<OriginView, SealError> {
        match self {
            Self::Transcode(site) => site.origin_view(request, class, session),
            Self::Headers(site) => site.origin_view(request, class, session),
        }
    }

    fn said<'a>(&self, cookies: &'a SetCookies, response: &'a ResponseHead<'_>) -> Option<&'a str> {
        match self {
            Self::Transcode(site) => site.said(cookies, response),
            Self::Headers(site) => site.said(cookies, response),
        }
    }

    async fn obey(&self, visit: &Visit<OpenSession>, mode: Mode, said: &str) -> Outbound {
        match self {
            Self::Transcode(site) => site.obey(visit, mode, said).await,
            Self::Headers(site) => site.obey(visit, mode, said).await,
        }
    }
}
