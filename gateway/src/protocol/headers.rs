//! `session-patch`: what an origin that speaks headers changes in the session.

use alloc::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{OpenSession, OriginMac, SealError, SessionData};

use crate::{
    class::Class,
    dialect::OriginView,
    gateway::{Gateway, Outbound},
    location::Location,
    platform::Platform,
    request::RequestHead,
    response::ResponseHead,
    routes::Mode,
    sealed::{Made, SealedDialect, failed, without_session},
    session_text,
    set_cookies::SetCookies,
    told::{self, Call},
    visit::Visit,
};

/// The header's name. Browsers never see it.
const HEADER: &str = "session-patch";

/// What the header says.
enum Change {
    /// `null`: the session ends.
    End,
    /// A JSON merge patch.
    Patch(SessionData),
}

/// `x-session` with a MAC towards the site, and `session-patch` back.
pub(crate) struct Headers<'g, P>(pub(crate) &'g Gateway<P>, pub(crate) &'g OriginMac);

impl<P: Platform> SealedDialect<P> for Headers<'_, P> {
    fn varies_by_cookie(&self) -> bool {
        false
    }

    fn gateway(&self) -> &Gateway<P> {
        self.0
    }

    fn origin_view(
        &self,
        request: &RequestHead<'_>,
        class: Option<Class>,
        session: Option<&OpenSession>,
    ) -> Result<OriginView, SealError> {
        let Location { path, query, .. } = &request.location;
        let call = Call {
            method: request.method,
            target: &format!("{path}{query}"),
            now: self.0.now,
        };
        let mut fields: Vec<_> = told::class(class).into_iter().collect();
        fields.extend(told::session(self.1, &call, class, session));
        Ok(OriginView {
            cookie: None,
            fields,
        })
    }

    fn said<'a>(&self, _: &'a SetCookies, response: &'a ResponseHead<'_>) -> Option<&'a str> {
        response.field(HEADER)
    }

    /// Changes the session as the site says, and saves it before the browser hears of it. What
    /// cannot be obeyed is logged, and the browser keeps the session it has.
    async fn obey(&self, visit: &Visit<OpenSession>, mode: Mode, said: &str) -> Outbound {
        let gateway = self.0;
        let before = visit.session();
        let patch = match read(said) {
            Ok(Change::End) => return gateway.end(visit, before).await,
            Ok(Change::Patch(patch)) => patch,
            Err(reason) => return failed(HEADER, reason),
        };
        if !mode.may_set_session(visit.has_session()) {
            return without_session(HEADER);
        }
        let nothing = SessionData::new();
        let session = before.map_or(&nothing, |opened| opened.session());
        let Ok(after) = session.patched(&patch) else {
            return failed(HEADER, "bad_json");
        };
        let made = Made {
            after: &after,
            patch: Some(&patch),
            mark: None,
        };
        let saved = gateway.save_changed(visit, before, made).await;
        saved.unwrap_or_else(|failed| gateway.not_saved(visit, failed))
    }
}

/// `null`, an object as ASCII JSON, or either in base64url without padding.
fn read(header: &str) -> Result<Change, &'static str> {
    let header = header.trim();
    let json: Cow<'_, [u8]> = match header {
        "null" => return Ok(Change::End),
        _ if header.starts_with('{') && header.is_ascii() => Cow::Borrowed(header.as_bytes()),
        // Between an origin and us somebody may read other bytes as one encoding or another.
        _ if header.starts_with('{') => return Err("not_ascii"),
        _ => Cow::Owned(
            URL_SAFE_NO_PAD
                .decode(header)
                .map_err(|_| "bad_base64url")?,
        ),
    };
    if &*json == b"null" {
        return Ok(Change::End);
    }
    session_text::read(json.into_owned())
        .map(Change::Patch)
        .map_err(session_text::TextError::label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_or_in_base64url() {
        for header in [
            r#"{"a":{"b":null}}"#,
            " {\"a\":{\"b\":null}} ",
            "eyJhIjp7ImIiOm51bGx9fQ",
        ] {
            let Ok(Change::Patch(patch)) = read(header) else {
                panic!("{header} is a patch");
            };
            assert_eq!(patch.raw("a"), Some(r#"{"b":null}"#));
        }
        for header in ["null", "bnVsbA"] {
            assert!(matches!(read(header), Ok(Change::End)), "{header}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (header, reason) in [
            ("", "bad_json"),
            ("{", "bad_json"),
            (r#"{"a":1}, {"b":2}"#, "bad_json"),
            (r#"{"a":"é"}"#, "not_ascii"),
            ("eyJhIjoxfQ==", "bad_base64url"),
            ("MQ", "not_an_object"),
            ("[1]", "bad_base64url"),
        ] {
            assert_eq!(read(header).err(), Some(reason), "{header}");
        }
    }
}
