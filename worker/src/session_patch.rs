//! `session-patch`: what an origin that speaks headers changes in the session.

use alloc::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::Session;
use session_store::SessionStore;

use crate::{
    gateway::{Gateway, Outbound, ROUTE_WITHOUT_SESSION, failed},
    routes::Mode,
    session_text,
    visit::Visit,
};

/// The header's name. Browsers never see it.
pub(crate) const HEADER: &str = "session-patch";

/// What the header says.
enum Change {
    /// `null`: the session ends.
    End,
    /// A JSON merge patch.
    Patch(Session),
}

impl<S: SessionStore + 'static> Gateway<S> {
    /// Changes the session as the origin says, and saves it before the browser hears of it. What
    /// cannot be obeyed is logged, and the browser keeps the session it has.
    pub(crate) async fn obey(&self, visit: &Visit, mode: Mode, header: &str) -> Outbound {
        let before = visit.session();
        let patch = match read(header) {
            Ok(Change::End) => return self.end(visit, before).await,
            Ok(Change::Patch(patch)) => patch,
            Err(reason) => return failed(HEADER, reason),
        };
        if !mode.may_set_session(visit.has_session()) {
            return failed(HEADER, ROUTE_WITHOUT_SESSION);
        }
        let nothing = Session::new();
        let session = before.map_or(&nothing, |opened| opened.session());
        let after = match session.patched(&patch) {
            Ok(after) => after,
            Err(_) => return failed(HEADER, "bad_json"),
        };
        let saved = self.save_changed(visit, before, &after).await;
        saved.unwrap_or_else(|error| self.not_saved(visit, &error))
    }
}

/// `null`, an object as ASCII JSON, or either in base64url without padding.
fn read(header: &str) -> Result<Change, &'static str> {
    let header = header.trim();
    let json: Cow<'_, [u8]> = match header {
        "null" => return Ok(Change::End),
        _ if header.starts_with('{') && header.is_ascii() => Cow::Borrowed(header.as_bytes()),
        // Between an origin and us somebody may read other octets as one encoding or another.
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
