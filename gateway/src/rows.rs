//! Sessions that the site keeps itself, in Django's `django_session` or behind the origin store:
//! its backends `db`, `cached_db`, `cache` and `file`. The cookie stays what Django made it, a key;
//! here it is looked up, and a key without a session never reaches the site.

mod key;
mod visit;

use session_codec::Timestamp;
use session_store::StoreError;

pub use key::SessionKey;
pub(crate) use visit::RowSession;

/// Where a site keeps its sessions.
pub trait Rows {
    /// The text of a session that has not expired.
    fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<String>, StoreError>>;

    /// Writes `to` if the session is still `from`.
    fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Replaced, StoreError>>;

    /// Deletes a session, if it is there.
    fn delete(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>>;
}

/// What became of an attempt to change a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is what it was to become.
    Done,
    /// It is not what it was: somebody else changed it.
    Changed,
    /// It is not there any more.
    Gone,
}
