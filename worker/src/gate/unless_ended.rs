//! Saving a session that another request may have ended meanwhile.

use session_codec::{Codec, Timestamp};
use session_store::{RecordName, SessionStore};

use super::{Draft, SaveError, Saved, deletions, record_of, save};
use crate::revocation::{Ask, DataCentre, Memory, Standing, Subject, standing};

/// The session that a draft goes on with.
pub(crate) struct Followed<'a, D> {
    pub(crate) subject: &'a Subject,
    pub(crate) memory: &'a Memory<D>,
    /// Whether nothing is handed out while the store does not say that it is in force. It need not
    /// where the next cookie has the name that this one has on the list: it ends with it.
    pub(crate) must_be_known: bool,
}

/// Saves as [`save`] does, and hands out nothing of a session that has ended: asked when everything
/// else is done, so that an end is seen that came while the origin or the store took their time.
///
/// With [`SaveError::Ended`] all records of the session that are known here are given, the new one
/// among them, to be deleted.
pub(crate) async fn save_unless_ended<D: DataCentre>(
    codec: &Codec,
    store: Option<&impl SessionStore>,
    followed: Option<&Followed<'_, D>>,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Saved, (SaveError, Vec<RecordName>)> {
    let known = deletions(codec.end(&draft.lineage));
    let with_known = |mut names: Vec<RecordName>| {
        names.extend(known);
        names
    };
    let saved = match save(codec, store, draft, now).await {
        Ok(saved) => saved,
        Err((SaveError::Ended, discarded)) => {
            return Err((SaveError::Ended, with_known(discarded)));
        }
        Err(error) => return Err(error),
    };
    let Some((followed, store)) = followed.zip(store) else {
        return Ok(saved);
    };
    let stands = standing(store, followed.memory, followed.subject, Ask::Afresh, now);
    match stands.await {
        Ok(Standing::Good) => Ok(saved),
        Ok(Standing::Revoked) => {
            let mut names = saved.deletions;
            names.extend(record_of(&saved.commit));
            Err((SaveError::Ended, with_known(names)))
        }
        // Its head may have moved: then the next one to save finds this change there and keeps it.
        Err(error) if followed.must_be_known => Err((SaveError::Store(error), vec![])),
        Err(_) => Ok(saved),
    }
}
