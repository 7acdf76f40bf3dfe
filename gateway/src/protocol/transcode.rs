use session_codec::{OpenSession, SealError};

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
    told,
    visit::Visit,
    workspace::with_workspace,
};

/// Django's signed cookies: the site reads and writes its session itself.
pub(crate) struct Transcode<'g, P>(pub(crate) &'g Gateway<P>);

impl<P: Platform> SealedDialect<P> for Transcode<'_, P> {
    fn varies_by_cookie(&self) -> bool {
        true
    }

    fn gateway(&self) -> &Gateway<P> {
        self.0
    }

    /// Signed for the time at which the origin itself last signed it, or it was changed or touched
    /// here, so that its own age limit counts as if we were not there.
    fn origin_view(
        &self,
        _: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&OpenSession>,
    ) -> Result<OriginView, SealError> {
        let codec = &self.0.site.codec;
        let cookie = session.map(|opened| {
            with_workspace(|workspace| {
                codec.origin_cookie(opened.session(), opened.issued(), workspace)
            })
        });
        Ok(OriginView {
            cookie: cookie.transpose()?,
            fields: told::class(class).into_iter().collect(),
        })
    }

    fn said<'a>(&self, cookies: &'a SetCookies, _: &'a ResponseHead<'_>) -> Option<&'a str> {
        cookies.session()
    }

    async fn obey(&self, visit: &Visit<OpenSession>, mode: Mode, said: &str) -> Outbound {
        self.0.seal_origin_line(visit, mode, said).await
    }
}
