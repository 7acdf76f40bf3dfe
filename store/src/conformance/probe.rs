use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use session_codec::Timestamp;

use super::Failure;
use crate::about::About;
use crate::error::StoreError;
use crate::head::{Head, Swapped};
use crate::record::{Kept, Record, RecordName};
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

impl<'a, S: SessionStore, N: FnMut() -> RecordName> Probe<'a, S, N> {
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

    pub(super) fn fresh_name(&mut self) -> RecordName {
        (self.fresh_name)()
    }

    /// A record that no other check writes: each octet depends on length and `seed`.
    pub(super) fn record(&self, seed: u8, octets: usize) -> Result<Record, Failure> {
        let pattern = (0..=u8::MAX).map(|octet| octet.wrapping_mul(3).wrapping_add(seed));
        self.exactly(pattern.cycle().take(octets).collect())
    }

    /// A record of exactly these octets.
    pub(super) fn exactly(&self, octets: Vec<u8>) -> Result<Record, Failure> {
        Record::new(octets).map_err(|error| self.failure(format!("suite is at fault: {error}")))
    }

    /// `put` at the start, to expire `lifetime` seconds later; must succeed.
    pub(super) async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let put = self.try_put(name, record, lifetime).await;
        put.map_err(|error| {
            let octets = record.octets().len();
            self.failure(format!("put of {octets} octets failed: {error}"))
        })
    }

    pub(super) async fn try_put(
        &self,
        name: &RecordName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), StoreError> {
        let about = About::session_until(self.at(lifetime));
        self.store.put(name, record, &about, self.now).await
    }

    /// As [`Self::put`], of a revocation.
    pub(super) async fn revoke(
        &self,
        name: &RecordName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let about = About::revocation_until(self.at(lifetime));
        let put = self.store.put(name, record, &about, self.now).await;
        put.map_err(|error| self.failure(format!("revocation failed: {error}")))
    }

    /// `get` at `second` must give exactly `record`.
    pub(super) async fn expect(
        &self,
        name: &RecordName,
        second: i64,
        record: &Record,
    ) -> Result<(), Failure> {
        let put = record.octets();
        match self.get(name, second).await? {
            Some(got) if got.record == *record => Ok(()),
            Some(Kept { record: got, .. }) => Err(self.failure(format!(
                "at {second} s got {} octets, the first {} as put, instead of the {} put",
                got.octets().len(),
                put.iter()
                    .zip(got.octets())
                    .take_while(|(a, b)| a == b)
                    .count(),
                put.len()
            ))),
            None => Err(self.failure(format!(
                "at {second} s got nothing instead of the {} octets put",
                put.len()
            ))),
        }
    }

    /// `get` at `second` must give nothing.
    pub(super) async fn expect_absent(
        &self,
        name: &RecordName,
        second: i64,
    ) -> Result<(), Failure> {
        match self.get(name, second).await? {
            None => Ok(()),
            Some(got) => Err(self.failure(format!(
                "at {second} s got {} octets instead of nothing",
                got.record.octets().len()
            ))),
        }
    }

    /// `get` at the start must say that the record expires at `lifetime`.
    pub(super) async fn expect_expiry(
        &self,
        name: &RecordName,
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
        name: &RecordName,
        record: &Record,
        lifetime: i64,
    ) -> Result<(), Failure> {
        let fresh = self.store.get_fresh(name, self.at(0)).await;
        match fresh.map_err(|error| self.failure(format!("get_fresh failed: {error}")))? {
            Some(kept) if kept.record == *record && kept.expires == self.at(lifetime) => Ok(()),
            _ => Err(self.failure("get_fresh gave something else".into())),
        }
    }

    pub(super) async fn delete(&self, name: &RecordName) -> Result<(), Failure> {
        let deleted = self.store.delete(name).await;
        deleted.map_err(|error| self.failure(format!("delete failed: {error}")))
    }

    /// Moves a head, and must see what is expected.
    pub(super) async fn swap(
        &self,
        session: &RecordName,
        (from, to): (Option<&Head>, Option<&Head>),
        second: i64,
        expected: &Swapped,
    ) -> Result<(), Failure> {
        let seen = self.try_swap(session, (from, to), second).await?;
        if seen == *expected {
            return Ok(());
        }
        let (seen, expected) = (describe(&seen), describe(expected));
        Err(self.failure(format!("at {second} s {seen} instead of {expected}")))
    }

    /// Moves a head that is to expire an hour after the start.
    pub(super) async fn try_swap(
        &self,
        session: &RecordName,
        (from, to): (Option<&Head>, Option<&Head>),
        second: i64,
    ) -> Result<Swapped, Failure> {
        let from = from.map(|head| &head.record);
        let (expires, now) = (self.at(HEAD_LIFETIME), self.at(second));
        let swapped = self.store.swap_head(session, from, to, expires, now).await;
        swapped.map_err(|error| self.failure(format!("swap at {second} s failed: {error}")))
    }

    /// Puts up a tombstone that is to expire an hour after the start.
    pub(super) async fn end_head(&self, session: &RecordName) -> Result<(), Failure> {
        let ended = self
            .store
            .end_head(session, self.at(HEAD_LIFETIME), self.now);
        let ended = ended.await;
        ended.map_err(|error| self.failure(format!("end failed: {error}")))
    }

    pub(super) fn failure(&self, seen: String) -> Failure {
        Failure {
            clause: self.clause,
            check: self.begun.last().copied().unwrap_or("start"),
            seen,
        }
    }

    async fn get(&self, name: &RecordName, second: i64) -> Result<Option<Kept>, Failure> {
        let got = self.store.get(name, self.at(second)).await;
        got.map_err(|error| self.failure(format!("get at {second} s failed: {error}")))
    }

    fn at(&self, second: i64) -> Timestamp {
        Timestamp::from_seconds(self.now.seconds().saturating_add(second))
    }
}

/// Seconds from the start until a head of the suite expires.
pub(super) const HEAD_LIFETIME: i64 = 60 * 60;

const fn describe(swapped: &Swapped) -> &'static str {
    match swapped {
        Swapped::Done => "done",
        Swapped::Other(_) => "another head",
        Swapped::Ended => "ended",
        Swapped::Unkept => "no heads",
    }
}
