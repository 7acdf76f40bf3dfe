use session_codec::{
    Reason, Session, Timestamp,
    cookie::{CookieHeader, RequestCookie},
    policy::Limits,
};
use session_store::StoreError;

use super::{RowSigner, Rows, key::SessionKey};
use crate::{settings::Settings, state::with_workspace};

/// What a browser sent under the name of the site's session cookie.
pub(crate) struct Visit {
    pub(crate) found: Found,
    /// It sent the cookie, whatever it was worth.
    sent: bool,
}

/// The session of a request.
pub(crate) enum Found {
    /// None, and nothing was sent that claimed to be one.
    Nothing,
    /// One that is there, and that verified.
    Session(Box<RowSession>),
    /// A key without a session: as good as nothing, and to be removed.
    Rejected,
    /// Two sessions.
    Conflict,
}

/// A session that the site keeps.
pub(crate) struct RowSession {
    key: SessionKey,
    data: String,
    session: Session,
}

impl Visit {
    /// A visit whose cookies nobody looks at.
    pub(crate) const fn unseen() -> Self {
        Self {
            found: Found::Nothing,
            sent: false,
        }
    }

    /// Looks up the session of a `Cookie` header.
    ///
    /// # Errors
    /// If whoever keeps the sessions could not be asked: that is not "no session".
    pub(crate) async fn read(
        settings: &Settings,
        signer: &RowSigner,
        rows: &Rows,
        cookies: &str,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let Ok(header) = CookieHeader::new(cookies.as_bytes()) else {
            return Ok(Self::rejected("too_long", false));
        };
        let Some(name) = &settings.origin_cookie else {
            return Ok(Self::unseen());
        };
        let mut values: Vec<&[u8]> = Vec::new();
        for value in header.values(name) {
            if values.contains(&value) {
                continue;
            }
            if values.len() == RequestCookie::MAX_COPIES {
                return Ok(Self::rejected(Reason::TooManyCopies.label(), true));
            }
            values.push(value);
        }
        let mut found = Found::Nothing;
        for value in &values {
            match look_up(signer, rows, value, now).await? {
                Ok(_) if matches!(found, Found::Session(_)) => {
                    found = Found::Conflict;
                    break;
                }
                Ok(session) => found = Found::Session(Box::new(session)),
                Err(reason) => {
                    crate::log::rejected(reason, reason);
                    if matches!(found, Found::Nothing) {
                        found = Found::Rejected;
                    }
                }
            }
        }
        Ok(Self {
            found,
            sent: !values.is_empty(),
        })
    }

    fn rejected(reason: &'static str, sent: bool) -> Self {
        crate::log::rejected(reason, reason);
        Self {
            found: Found::Rejected,
            sent,
        }
    }

    /// The session, if there is one.
    pub(crate) fn session(&self) -> Option<&RowSession> {
        match &self.found {
            Found::Session(session) => Some(session),
            _ => None,
        }
    }

    /// Whether the browser has a session, and be it two.
    pub(crate) fn has_session(&self) -> bool {
        matches!(self.found, Found::Session(_) | Found::Conflict)
    }

    /// The line that makes the browser forget the cookie, if it sent one.
    pub(crate) fn removals(&self, settings: &Settings) -> Vec<String> {
        match self.sent {
            true => vec![settings.plain_profile.remove().into_string()],
            false => vec![],
        }
    }
}

impl RowSession {
    pub(crate) const fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The row's text, as it is there.
    pub(crate) fn data(&self) -> &str {
        &self.data
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }
}

/// Why a cookie is not accepted, for the operator.
type Rejection = &'static str;

/// The session of one value.
async fn look_up(
    signer: &RowSigner,
    rows: &Rows,
    value: &[u8],
    now: Timestamp,
) -> Result<Result<RowSession, Rejection>, StoreError> {
    let Some(key) = SessionKey::read(value) else {
        return Ok(Err(Reason::Malformed.label()));
    };
    let Some(data) = rows.find(&key, now).await? else {
        return Ok(Err("no_row"));
    };
    Ok(match signer.open(&data, now) {
        Ok(session) => {
            crate::counters::opened("row".to_owned());
            Ok(RowSession { key, data, session })
        }
        // Somebody wrote it who has not got the key, or the key is not the site's.
        Err(reason) => Err(reason.label()),
    })
}

impl RowSigner {
    /// Verifies a row's text.
    pub(crate) fn open(&self, data: &str, now: Timestamp) -> Result<Session, Reason> {
        let limits = Limits::default();
        let read = |workspace: &mut _| self.0.loads(data.as_bytes(), None, now, &limits, workspace);
        let signed = with_workspace(read)?;
        Session::from_json(signed.value.into_inner()).map_err(|_| Reason::CorruptBody)
    }

    /// Signs a session as Django writes it into a row.
    ///
    /// # Errors
    /// [`Reason::TooLarge`] for more than a row is read of.
    pub(crate) fn seal(&self, session: &Session, now: Timestamp) -> Result<String, Reason> {
        let json = session.to_json();
        if json.len() > Limits::default().record_octets {
            return Err(Reason::TooLarge);
        }
        let write = |workspace: &mut _| self.0.dumps(&json, now, workspace);
        with_workspace(write).map_err(|_| Reason::CorruptBody)
    }
}

#[cfg(test)]
mod tests {
    use session_codec::{DjangoSecret, KeyRing};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn signer(secret: &str) -> RowSigner {
        let secret = DjangoSecret::new_allowing_weak(secret).unwrap();
        RowSigner::new(&KeyRing::new(secret, vec![]).unwrap())
    }

    #[test]
    fn what_is_signed_here_opens_here_and_nowhere_else() {
        let json = r#"{"cart":{"tea":2},"n":1e+16,"caf\u00e9":NaN}"#;
        let session = Session::from_json(json).unwrap();
        let data = signer("a").seal(&session, NOW).unwrap();
        assert_eq!(signer("a").open(&data, NOW).unwrap().to_json(), json);
        assert_eq!(signer("b").open(&data, NOW).err(), Some(Reason::Forged));
        assert!(signer("a").open(&data[1..], NOW).is_err());
    }

    #[test]
    fn what_no_row_would_be_read_with_is_not_written() {
        let value = "x".repeat(Limits::default().record_octets);
        let session = Session::from_json(format!(r#"{{"x":"{value}"}}"#)).unwrap();
        assert_eq!(
            signer("a").seal(&session, NOW).err(),
            Some(Reason::TooLarge)
        );
    }
}
