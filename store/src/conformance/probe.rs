use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use session_codec::{StoreName, Timestamp};

use super::Failure;
use super::heads::{Expected, Shown};
use crate::error::StoreError;
use crate::head::{Head, HeadMove, HeadState, Newest};
use crate::proposal::{Committed, NewRecord, Proposal};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
use crate::store::SessionStore;

/// A store under test, the clock of the test, and the check at work. Times are seconds from the
/// start.
pub(super) struct Probe<'a, S, N> {
    store: &'a S,
    now: Timestamp,
    fresh_name: N,
    clause: u8,
    begun: Vec<&'static str>,
}

impl<'a, S: SessionStore, N: FnMut() -> StoreName> Probe<'a, S, N> {
    pub(super) fn new(store: &'a S, now: Timestamp, fresh_name: N) -> Self {
        Self {
            store,
            // Whole seconds: expiry has no finer grain.
            now: Timestamp::from_seconds(now.seconds()),
            fresh_name,
            clause: 0,
            begun: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, clause: u8, check: &'static str) {
        self.clause = clause;
        self.begun.push(check);
    }

    /// The names of the checks begun: after the last one, of those passed.
    pub(super) fn passed(self) -> Vec<&'static str> {
        self.begun
    }

    pub(super) fn fresh_name(&mut self) -> StoreName {
        (self.fresh_name)()
    }

    /// A fresh name with the place of another one.
    pub(super) fn fresh_name_beside(&mut self, other: StoreName) -> StoreName {
        let (place, rest) = (other.bytes(), *self.fresh_name().bytes());
        let half = StoreName::BYTES / 2;
        StoreName::new(core::array::from_fn(|n| {
            if n < half { place[n] } else { rest[n] }
        }))
    }

    /// A record that no other check writes: each byte depends on length and `seed`.
    pub(super) fn record(&self, seed: u8, bytes: usize) -> Result<Record, Failure> {
        let pattern = (0..=u8::MAX).map(|byte| byte.wrapping_mul(3).wrapping_add(seed));
        self.exactly(pattern.cycle().take(bytes).collect())
    }

    /// A record of exactly these bytes.
    pub(super) fn exactly(&self, bytes: Vec<u8>) -> Result<Record, Failure> {
        Record::new(bytes).map_err(|error| self.failure(format!("suite is at fault: {error}")))
    }

    /// `put` at the start, to expire `lifetime` seconds later; must succeed.
    pub(super) async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let put = self.try_put(name, record, lifetime).await;
        put.map_err(|error| {
            let bytes = record.bytes().len();
            self.failure(format!("put of {bytes} bytes failed: {error}"))
        })
    }

    pub(super) async fn try_put(
        &self,
        name: &StoreName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), StoreError> {
        let meta = RecordMeta::session_until(self.at(lifetime));
        self.store.put(name, record, &meta, self.now).await
    }

    /// As [`Self::put`], of a revocation.
    pub(super) async fn revoke(
        &self,
        name: &StoreName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let meta = RecordMeta::revocation_until(self.at(lifetime));
        let put = self.store.put(name, record, &meta, self.now).await;
        put.map_err(|error| self.failure(format!("revocation failed: {error}")))
    }

    /// `get` at `second` must give exactly `record`.
    pub(super) async fn expect(
        &self,
        name: &StoreName,
        second: i64,
        record: &Record,
    ) -> Result<(), Failure> {
        let put = record.bytes();
        match self.get(name, second).await? {
            Some(got) if got.record == *record => Ok(()),
            Some(StoredRecord { record: got, .. }) => Err(self.failure(format!(
                "at {second} s got {} bytes, the first {} as put, instead of the {} put",
                got.bytes().len(),
                put.iter()
                    .zip(got.bytes())
                    .take_while(|(a, b)| a == b)
                    .count(),
                put.len()
            ))),
            None => Err(self.failure(format!(
                "at {second} s got nothing instead of the {} bytes put",
                put.len()
            ))),
        }
    }

    /// `get` at `second` must give nothing.
    pub(super) async fn expect_absent(&self, name: &StoreName, second: i64) -> Result<(), Failure> {
        match self.get(name, second).await? {
            None => Ok(()),
            Some(got) => Err(self.failure(format!(
                "at {second} s got {} bytes instead of nothing",
                got.record.bytes().len()
            ))),
        }
    }

    /// `get` at the start must say that the record expires at `lifetime`.
    pub(super) async fn expect_expiry(
        &self,
        name: &StoreName,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let told = self.get(name, 0).await?.map(|kept| kept.expires);
        if told == Some(self.at(lifetime)) {
            return Ok(());
        }
        let told = told.map(|told| told.seconds().saturating_sub(self.now.seconds()));
        Err(self.failure(format!("told expiry {told:?} s instead of {lifetime} s")))
    }

    /// `get_fresh` at the start must give exactly `record`, which expires at `lifetime`.
    pub(super) async fn expect_fresh(
        &self,
        name: &StoreName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let fresh = self.store.get_fresh(name, self.at(0)).await;
        match fresh.map_err(|error| self.failure(format!("get_fresh failed: {error}")))? {
            Some(kept) if kept.record == *record && kept.expires == self.at(lifetime) => Ok(()),
            _ => Err(self.failure("get_fresh gave something else".into())),
        }
    }

    pub(super) async fn delete(&self, name: &StoreName) -> Result<(), Failure> {
        let deleted = self.store.delete(name).await;
        deleted.map_err(|error| self.failure(format!("delete failed: {error}")))
    }

    /// Moves a head, and must see what is expected.
    pub(super) async fn swap(
        &self,
        session: &StoreName,
        heads: (Option<&Head>, Option<&Head>),
        second: i64,
        expected: Expected<'_>,
    ) -> Result<(), Failure> {
        let seen = self.try_swap(session, heads, second).await?;
        self.check(&seen, second, expected)
    }

    /// Moves a head that is to expire an hour after the start.
    pub(super) async fn try_swap(
        &self,
        session: &StoreName,
        heads: (Option<&Head>, Option<&Head>),
        second: i64,
    ) -> Result<Committed, Failure> {
        let proposal = Proposal {
            head: Some(self.head_move(session, heads)),
            ..Proposal::default()
        };
        self.try_commit(&proposal, second).await
    }

    /// Commits at the start, and must see what is expected.
    pub(super) async fn commit(
        &self,
        proposal: &Proposal,
        expected: Expected<'_>,
    ) -> Result<(), Failure> {
        let seen = self.try_commit(proposal, 0).await?;
        self.check(&seen, 0, expected)
    }

    /// Commits at the start, and must be told exactly these records.
    pub(super) async fn expect_listed(
        &self,
        proposal: &Proposal,
        expected: &[Option<&Record>],
    ) -> Result<(), Failure> {
        let Committed::Saved(saved) = self.try_commit(proposal, 0).await? else {
            return Err(self.failure("a commit without a head was not saved".into()));
        };
        let told = saved.listed.iter();
        let told: Vec<_> = told
            .map(|kept| kept.as_ref().map(|kept| &kept.record))
            .collect();
        if told == expected {
            return Ok(());
        }
        let is_there = |records: &[Option<&Record>]| {
            let marks = records.iter().map(|record| match record {
                Some(record) => format!("{} bytes", record.bytes().len()),
                None => "nothing".into(),
            });
            marks.collect::<Vec<_>>().join(", ")
        };
        let (told, expected) = (is_there(&told), is_there(expected));
        Err(self.failure(format!("told {told} instead of {expected}")))
    }

    async fn try_commit(&self, proposal: &Proposal, second: i64) -> Result<Committed, Failure> {
        let committed = self.store.commit(proposal, self.at(second)).await;
        committed.map_err(|error| self.failure(format!("commit at {second} s failed: {error}")))
    }

    fn check(&self, seen: &Committed, second: i64, expected: Expected<'_>) -> Result<(), Failure> {
        if expected.is(seen) {
            return Ok(());
        }
        let seen = match seen {
            Committed::Saved(_) => "done",
            Committed::Other(_) => "another head",
            Committed::Ended => "ended",
        };
        let expected = expected.describe();
        Err(self.failure(format!("at {second} s {seen} instead of {expected}")))
    }

    /// A proposal of a record that expires in an hour.
    pub(super) fn proposal(
        &self,
        name: &StoreName,
        record: &Record,
        unless_ended: &[StoreName],
    ) -> Proposal {
        Proposal {
            record: Some(NewRecord {
                name: *name,
                record: record.clone(),
                meta: RecordMeta::session_until(self.at(HEAD_LIFETIME)),
            }),
            head: None,
            unless_ended: unless_ended.to_vec(),
        }
    }

    /// A head's move that is to expire an hour after the start.
    pub(super) fn head_move(
        &self,
        session: &StoreName,
        (from, to): (Option<&Head>, Option<&Head>),
    ) -> HeadMove {
        HeadMove {
            session: *session,
            from: from.map(|head| head.record),
            to: to.cloned(),
            expires: self.at(HEAD_LIFETIME),
        }
    }

    pub(super) async fn head(
        &self,
        session: &StoreName,
        second: i64,
    ) -> Result<HeadState, Failure> {
        let state = self.store.head(session, self.at(second)).await;
        state.map_err(|error| self.failure(format!("head at {second} s failed: {error}")))
    }

    /// A session's head must be this one.
    pub(super) async fn expect_head(
        &self,
        session: &StoreName,
        second: i64,
        expected: Shown<'_>,
    ) -> Result<(), Failure> {
        let seen = self.head(session, second).await?;
        if expected.is(&seen) {
            return Ok(());
        }
        let seen = match seen {
            HeadState::Absent => "no head",
            HeadState::At(_) => "another head",
            HeadState::Ended => "an end",
            HeadState::NotKept => "no heads at all",
        };
        let expected = expected.describe();
        Err(self.failure(format!("at {second} s {seen} instead of {expected}")))
    }

    /// Where a head comes with a record it must be this one.
    pub(super) async fn expect_record_if_shown(
        &self,
        session: &StoreName,
        record: &Record,
    ) -> Result<(), Failure> {
        match self.head(session, 0).await? {
            HeadState::At(Newest {
                record: Some(kept), ..
            }) if kept.record != *record || kept.expires != self.at(HEAD_LIFETIME) => {
                Err(self.failure("the head came with another record, or another expiry".into()))
            }
            _ => Ok(()),
        }
    }

    /// Puts up a tombstone that is to expire an hour after the start, and must be told which head
    /// was there.
    pub(super) async fn end(
        &self,
        session: &StoreName,
        expected: Option<&Head>,
    ) -> Result<(), Failure> {
        let ended = self
            .store
            .end(session, self.at(HEAD_LIFETIME), self.now)
            .await
            .map_err(|error| self.failure(format!("end failed: {error}")))?;
        if ended.as_ref() == expected {
            return Ok(());
        }
        Err(self.failure("end told another head than the one that was there".into()))
    }

    pub(super) fn failure(&self, seen: String) -> Failure {
        Failure {
            clause: self.clause,
            check: self.begun.last().copied().unwrap_or("start"),
            seen,
        }
    }

    async fn get(&self, name: &StoreName, second: i64) -> Result<Option<StoredRecord>, Failure> {
        let got = self.store.get(name, self.at(second)).await;
        got.map_err(|error| self.failure(format!("get at {second} s failed: {error}")))
    }

    fn at(&self, second: i64) -> Timestamp {
        Timestamp::from_seconds(self.now.seconds().saturating_add(second))
    }
}

/// Seconds from the start until a head of the suite expires.
pub(super) const HEAD_LIFETIME: i64 = 60 * 60;
