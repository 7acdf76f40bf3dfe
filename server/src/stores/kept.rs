use core::future::ready;

use session_codec::{StoreName, Timestamp};
use session_store::{Head, Kind, SessionStore, StoreError, StoredRecord};

/// What an operator asks of a back end, beside what a session asks of it.
///
/// Every call is bounded: [`Self::clean`] and [`Self::page`] do a batch at a time.
pub trait Kept: SessionStore {
    /// What it can promise; said at start.
    fn promises(&self) -> Promises;

    /// Opens it, makes tables and folders that are missing, and brings those of an earlier version
    /// up to date. May be repeated; until it has been `Ok` once, every other call fails.
    ///
    /// # Errors
    /// Why not, with the cure where there is one. It may be tried again.
    fn prepare(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether it answers, as cheaply as it can be asked.
    ///
    /// # Errors
    /// If it does not.
    fn check(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes records and heads that have expired, at most `at_most` of them, and tells how many:
    /// fewer than that, and nothing is left to do. A store that expires by itself says 0.
    ///
    /// # Errors
    /// If it could not be asked.
    fn clean(
        &self,
        now: Timestamp,
        at_most: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// What is in it, without reading a record.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it cannot tell.
    fn statistics(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Statistics, StoreError>> + Send;

    /// What is in it, a batch at a time: about `at_most` entries after `after`. What is written
    /// meanwhile may be missing; what was there all the time is in one of the batches, perhaps in two.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it cannot be listed.
    fn page(
        &self,
        after: Option<&Cursor>,
        at_most: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// The newest records of sessions, those first that were changed last, a batch at a time.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it has no column that tells.
    fn recent(
        &self,
        after: Option<&Cursor>,
        at_most: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send {
        let _ = (after, at_most);
        ready(Err(no_column("last_seen")))
    }

    /// The newest records of a user's sessions, those first that were changed last.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it has no column that tells.
    fn of_user(
        &self,
        user: &str,
        at_most: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send {
        let _ = (user, at_most);
        ready(Err(no_column("user")))
    }
}

/// Why a store cannot tell.
pub(super) fn no_column(name: &str) -> StoreError {
    StoreError::Refused {
        reason: format!("the setting columns does not name \"{name}\"").into(),
    }
}

/// What a back end can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promises {
    /// Heads: of two changes at once the second sees the first.
    pub keeps_heads: bool,
    /// A save is kept as a whole or not at all.
    pub is_atomic: bool,
    /// What is confirmed survives a crash of the machine.
    pub is_durable: bool,
    /// Nothing is dropped before it expires.
    pub never_evicts: bool,
    /// It can be listed, moved elsewhere and counted.
    pub can_be_listed: bool,
}

impl Promises {
    /// Everything, as a database or a disk that syncs can promise it.
    pub const ALL: Self = Self {
        keeps_heads: true,
        is_atomic: true,
        is_durable: true,
        never_evicts: true,
        can_be_listed: true,
    };
}

/// Where a listing goes on; text that only the store reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A batch of what is in a store.
pub struct Page {
    /// Records and heads.
    pub entries: Vec<Entry>,
    /// Where the next batch begins; none after the last one.
    pub next: Option<Cursor>,
}

/// One thing that is kept.
pub enum Entry {
    /// A record.
    Record(KeptRecord),
    /// A head or a tombstone.
    Head(KeptHead),
}

/// A record under its name.
pub struct KeptRecord {
    /// Its name.
    pub name: StoreName,
    /// What it is.
    pub kind: Kind,
    /// The bytes, and until when.
    pub stored: StoredRecord,
}

/// A head under its name.
pub struct KeptHead {
    /// The session's.
    pub session: StoreName,
    /// None is a tombstone.
    pub head: Option<Head>,
    /// When it is forgotten.
    pub expires: Timestamp,
}

/// What is in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Records, expired ones included that are still there.
    pub records: u64,
    /// Of them those that have expired.
    pub expired: u64,
    /// Bytes of all records.
    pub bytes: u64,
    /// Bytes of the ten largest, the largest first.
    pub largest: Vec<u64>,
    /// How many live records expire within an hour, a day, a week, 30 days, and later.
    pub by_time_left: [u64; 5],
    /// Heads and tombstones.
    pub heads: u64,
    /// How many live sessions began within the last hour, day, week, 30 days, and before, where a column tells.
    pub by_age: Option<[u64; 5]>,
}

impl Statistics {
    /// Seconds at which the classes of [`Self::by_time_left`] and [`Self::by_age`] end, but for the last one.
    pub const TIME_LEFT: [i64; 4] = [3_600, 86_400, 7 * 86_400, 30 * 86_400];
    /// How many of the largest records are told.
    pub const LARGEST: usize = 10;

    /// Takes a record into account.
    pub fn count(&mut self, bytes: u64, expires: Timestamp, now: Timestamp) {
        self.records += 1;
        self.bytes += bytes;
        let place = self.largest.partition_point(|larger| *larger >= bytes);
        if place < Self::LARGEST {
            self.largest.insert(place, bytes);
            self.largest.truncate(Self::LARGEST);
        }
        let left = expires.seconds().saturating_sub(now.seconds());
        if left <= 0 {
            self.expired += 1;
            return;
        }
        let class = Self::TIME_LEFT.partition_point(|limit| *limit < left);
        self.by_time_left[class] += 1;
    }
}
