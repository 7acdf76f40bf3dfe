use alloc::sync::Arc;

use session_codec::{StoreName, Timestamp};
use session_store::{Kind, NewRecord, Proposal, Record, RecordMeta, SessionStore, StoreError};

use super::Guarded;
use crate::measures::Measures;
use crate::stores::{Store, follow_head};

/// A store that sessions are being moved to: it gets what the other one has confirmed.
///
/// What it does not take is counted and logged, and no reason to refuse: the command `move` finds it.
pub(super) struct Also {
    /// The store that decides.
    from: Arc<Store>,
    to: Guarded,
    measures: Arc<Measures>,
}

impl Also {
    pub(super) const fn new(from: Arc<Store>, to: Guarded, measures: Arc<Measures>) -> Self {
        Self { from, to, measures }
    }

    pub(super) async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) {
        let mut record = record.clone();
        if meta.kind == Kind::Revocation
            // Of two at once this may be the first one: the other one decides which counts.
            && let Ok(Some(newest)) = self.from.get_fresh(name, now).await
        {
            record = newest.record;
        }
        self.told(self.to.put(name, &record, meta, now).await);
    }

    pub(super) async fn delete(&self, name: &StoreName) {
        self.told(self.to.delete(name).await);
    }

    pub(super) async fn commit(&self, proposal: &Proposal, now: Timestamp) {
        if let Some(NewRecord { name, record, meta }) = &proposal.record {
            self.put(name, record, meta, now).await;
        }
        if let Some(change) = &proposal.head {
            self.follow(&change.session, change.expires, now).await;
        }
    }

    pub(super) async fn follow(&self, session: &StoreName, expires: Timestamp, now: Timestamp) {
        let followed = follow_head(&*self.from, &self.to, session, expires, now);
        self.told(followed.await);
    }

    fn told(&self, done: Result<(), StoreError>) {
        if let Err(error) = done {
            let labels = vec![("store", "also")];
            self.measures.lost_writes.get_or_create(&labels).inc();
            tracing::error!(store = "also", %error, "lost_write");
        }
    }
}
