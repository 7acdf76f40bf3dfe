use session_codec::Timestamp;
use session_gateway::rows::{Replaced, SessionKey};
use session_store::StoreError;
use worker::{D1Database, D1SessionConstraint};

use crate::store::{Database, seconds};

/// Django's table `django_session` in D1.
///
/// Rows change under their key, so a replica that lags would show an older session, or one that
/// was logged out: the primary is asked, always.
pub(crate) struct D1Rows(Database);

// Django writes times as text, in UTC, with or without a fraction: texts compare as times do.
const FIND: &str = "SELECT session_data FROM django_session \
    WHERE session_key = ?1 AND expire_date > datetime(?2, 'unixepoch')";
// The expiry stays: Django alone prolongs a session, and tells the browser so.
const REPLACE: &str = "UPDATE django_session SET session_data = ?2 \
    WHERE session_key = ?1 AND session_data = ?3 AND expire_date > datetime(?4, 'unixepoch') \
    RETURNING session_key";
const DELETE: &str = "DELETE FROM django_session WHERE session_key = ?1";
const SWEEP: &str = "DELETE FROM django_session WHERE session_key IN (SELECT session_key \
    FROM django_session WHERE expire_date <= datetime(?1, 'unixepoch') LIMIT ?2) \
    RETURNING session_key AS name";

impl D1Rows {
    pub(crate) const fn new(database: D1Database) -> Self {
        Self(Database::new(database))
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let primary = D1SessionConstraint::FirstPrimary;
        let values = [key.as_str().into(), seconds(now)];
        let rows = self.0.read(primary, FIND, &values).await?;
        let row = rows.into_iter().next();
        row.map_or(Ok(None), |mut row| row.text("session_data"))
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let values = [key.as_str().into(), to.into(), from.into(), seconds(now)];
        let rows = self.0.write(REPLACE, &values).await?;
        match rows.is_empty() {
            false => Ok(Replaced::Done),
            true => Ok(match self.find(key, now).await? {
                // A repeat of what was done.
                Some(there) if there == to => Replaced::Done,
                Some(_) => Replaced::Changed,
                None => Replaced::Gone,
            }),
        }
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let deleted = self.0.write(DELETE, &[key.as_str().into()]).await;
        deleted.map(drop)
    }

    /// Deletes rows that have expired, a bounded number: Django's `clearsessions`. Gives how many.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.0.sweep(SWEEP, now).await
    }
}
