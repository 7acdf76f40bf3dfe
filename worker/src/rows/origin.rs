use serde::Deserialize;
use serde_json::json;
use session_codec::Timestamp;
use session_gateway::rows::{Replaced, SessionKey};
use session_store::StoreError;
use worker::Method;

use crate::store::{OriginAddress, OriginRecords};

/// The site's own sessions, behind the origin store: docs/ORIGIN-STORE.md.
pub(crate) struct OriginRows(OriginRecords);

#[derive(Deserialize)]
struct RowReply {
    data: String,
    /// Unix seconds.
    expires: i64,
}

impl OriginRows {
    pub(super) fn new(address: OriginAddress) -> Self {
        Self(OriginRecords::new(address))
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let answer = self.0.ask(Method::Get, &path(key), &[]).await?;
        match answer.status {
            200 => {
                let told: RowReply = answer
                    .json()
                    .ok_or_else(|| answer.unexpected("not a session"))?;
                Ok((told.expires > now.seconds()).then_some(told.data))
            }
            404 => Ok(None),
            _ => Err(answer.unexpected("no answer to GET")),
        }
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
    ) -> Result<Replaced, StoreError> {
        let body = json!({ "from": from, "to": to }).to_string();
        let answer = self.0.ask(Method::Put, &path(key), body.as_bytes()).await?;
        match answer.status {
            200 | 204 => Ok(Replaced::Done),
            409 => Ok(Replaced::Changed),
            404 => Ok(Replaced::Gone),
            _ => Err(answer.unexpected("no answer to PUT")),
        }
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let answer = self.0.ask(Method::Delete, &path(key), &[]).await?;
        match answer.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(answer.unexpected("no answer to DELETE")),
        }
    }
}

fn path(key: &SessionKey) -> String {
    format!("/django-sessions/{}", key.as_str())
}
