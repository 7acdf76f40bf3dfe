use alloc::sync::Arc;
use core::sync::atomic::AtomicU32;
use std::path::PathBuf;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadState, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord,
};
use tokio::sync::Semaphore;

use super::{Cursor, Kept, Page, Promises, Statistics};

mod disk;
mod folder;
mod kept_file;
mod listing;
mod records;

use disk::{Disk, Failure};

/// Calls that touch the disk at once; others wait.
const AT_ONCE: usize = 64;

/// Records and heads as files in two levels of folders.
///
/// A file appears whole or not at all: it is written beside, synced, and renamed, and its folder is
/// synced before anything is confirmed. Whoever changes what belongs to a session holds the lock of
/// its folder, of which other processes know, too.
pub struct FileStore {
    disk: Arc<Disk>,
    places: Arc<Semaphore>,
    /// Where the next clean-up goes on.
    cleaned: Arc<AtomicU32>,
}

impl FileStore {
    /// The store in a folder, which is made if it is not there.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            disk: Arc::new(Disk::new(root)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            cleaned: Arc::default(),
        }
    }

    /// Works on a thread that may wait for the disk.
    async fn work<A: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> Result<A, Failure> + Send + 'static,
    ) -> Result<A, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let disk = Arc::clone(&self.disk);
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&disk).map_err(StoreError::from)
        });
        done.await.unwrap_or_else(|_| {
            let reason = "files: the work was given up".into();
            Err(StoreError::Unavailable { reason })
        })
    }
}

impl SessionStore for FileStore {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let name = *name;
        self.work(move |disk| records::record(disk, &name, now))
            .await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let (name, record, meta) = (*name, record.clone(), meta.clone());
        self.work(move |disk| records::put(disk, &name, &record, &meta))
            .await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let name = *name;
        self.work(move |disk| records::delete(disk, &name)).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let proposal = proposal.clone();
        self.work(move |disk| records::commit(disk, &proposal, now))
            .await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let session = *session;
        self.work(move |disk| records::head(disk, &session, now))
            .await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let session = *session;
        self.work(move |disk| records::end(disk, &session, expires, now))
            .await
    }
}

impl Kept for FileStore {
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.work(Disk::prepare).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.work(Disk::check).await
    }

    async fn clean(&self, now: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let cleaned = Arc::clone(&self.cleaned);
        self.work(move |disk| listing::clean(disk, &cleaned, now, at_most))
            .await
    }

    async fn statistics(&self, now: Timestamp) -> Result<Statistics, StoreError> {
        self.work(move |disk| listing::statistics(disk, now)).await
    }

    async fn page(&self, after: Option<&Cursor>, at_most: u32) -> Result<Page, StoreError> {
        let after = after.cloned();
        self.work(move |disk| listing::page(disk, after.as_ref(), at_most))
            .await
    }
}
