use session_codec::{
    Reason, SessionData, Timestamp,
    cookie::{CookieHeader, RequestCookie},
    policy::Limits,
};
use session_store::StoreError;

use super::{Rows, key::SessionKey};
use crate::{
    site::{RowSigner, Site},
    visit::{Found, Visit},
    workspace::with_workspace,
};

/// A session that the site keeps.
pub(crate) struct RowSession {
    key: SessionKey,
    data: String,
    session: SessionData,
}

impl Visit<RowSession> {
    /// Looks up the session of a `Cookie` field.
    ///
    /// # Errors
    /// If whoever keeps the sessions could not be asked: that is not "no session".
    pub(crate) async fn look_up(
        site: &Site,
        signer: &RowSigner,
        rows: &impl Rows,
        cookies: &str,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let Ok(header) = CookieHeader::new(cookies.as_bytes()) else {
            return Ok(Self::rejected(Reason::TooLong));
        };
        let Some(name) = &site.origin_cookie else {
            return Ok(Self::unseen());
        };
        let mut values: Vec<&[u8]> = Vec::new();
        for value in header.values(name) {
            if values.contains(&value) {
                continue;
            }
            if values.len() == RequestCookie::MAX_COPIES {
                let mut visit = Self::rejected(Reason::TooManyCopies);
                visit.sent_plain = true;
                return Ok(visit);
            }
            values.push(value);
        }
        let mut visit = Self {
            sent_plain: !values.is_empty(),
            ..Self::unseen()
        };
        for value in &values {
            match look_up(signer, rows, value, now).await? {
                Ok(_) if matches!(visit.found, Found::Session(_)) => {
                    visit.found = Found::Conflict;
                    break;
                }
                Ok(session) => visit.found = Found::Session(Box::new(session)),
                Err(reason) => {
                    crate::log::rejected(reason, reason);
                    crate::counters::rejected(reason.into());
                    if matches!(visit.found, Found::Nothing) {
                        visit.found = Found::Rejected;
                    }
                }
            }
        }
        Ok(visit)
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

    pub(crate) const fn session(&self) -> &SessionData {
        &self.session
    }
}

impl Visit<RowSession> {
    /// A session by its key, as it is now; `None`: it is there no more.
    ///
    /// # Errors
    /// If whoever keeps the sessions could not be asked.
    pub(crate) async fn find(
        signer: &RowSigner,
        rows: &impl Rows,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<RowSession>, StoreError> {
        Ok(look_up(signer, rows, key.as_str().as_bytes(), now)
            .await?
            .ok())
    }
}

/// Why a cookie is not accepted, for the operator.
type Rejection = &'static str;

/// The session of one value.
async fn look_up(
    signer: &RowSigner,
    rows: &impl Rows,
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
            crate::counters::opened("row".into());
            Ok(RowSession { key, data, session })
        }
        // Somebody wrote it who has not got the key, or the key is not the site's.
        Err(reason) => Err(reason.label()),
    })
}

impl RowSigner {
    /// Verifies a row's text.
    pub(crate) fn open(&self, data: &str, now: Timestamp) -> Result<SessionData, Reason> {
        let limits = Limits::default();
        let read = |workspace: &mut _| self.0.loads(data.as_bytes(), None, now, &limits, workspace);
        let signed = with_workspace(read)?;
        SessionData::from_json(signed.value.into_inner()).map_err(|_| Reason::CorruptBody)
    }

    /// Signs a session as Django writes it into a row.
    ///
    /// # Errors
    /// [`Reason::TooLarge`] for more than a row is read of.
    pub(crate) fn seal(&self, session: &SessionData, now: Timestamp) -> Result<String, Reason> {
        let json = session.to_json();
        if json.len() > Limits::default().record_bytes {
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
        let session = SessionData::from_json(json).unwrap();
        let data = signer("a").seal(&session, NOW).unwrap();
        assert_eq!(signer("a").open(&data, NOW).unwrap().to_json(), json);
        assert_eq!(signer("b").open(&data, NOW).err(), Some(Reason::Forged));
        assert!(signer("a").open(&data[1..], NOW).is_err());
    }

    #[test]
    fn what_no_row_would_be_read_with_is_not_written() {
        let value = "x".repeat(Limits::default().record_bytes);
        let session = SessionData::from_json(format!(r#"{{"x":"{value}"}}"#)).unwrap();
        assert_eq!(
            signer("a").seal(&session, NOW).err(),
            Some(Reason::TooLarge)
        );
    }
}
