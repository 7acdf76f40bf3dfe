//! The suite passes what keeps the contract, and catches each store that does not.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use alloc::collections::BTreeMap;
use core::cell::{Cell, RefCell};

use session_codec::Timestamp;
use session_store::conformance::{self, Failure, Report};
use session_store::{
    About, FaultyStore, Framed, Head, Kept, Kind, MemoryStore, Record, RecordName, SessionStore,
    StoreError, Swapped,
};

fn run(store: &impl SessionStore) -> Result<Report, Failure> {
    run_with_names_from(0, store)
}

fn run_with_names_from(mut used: u8, store: &impl SessionStore) -> Result<Report, Failure> {
    let fresh_name = || {
        used += 1;
        RecordName::new([used; 24])
    };
    let now = Timestamp::from_millis(1_800_000_000_123);
    pollster::block_on(conformance::run(store, now, fresh_name))
}

#[test]
fn memory_keeps_the_contract_and_is_left_empty() {
    let store = MemoryStore::new();
    let report = run(&store).unwrap();
    assert!(!report.replaces);
    assert!(report.keeps_heads);
    assert_eq!(report.passed.len(), 31);
    assert!(store.is_empty());
    // Another run in the same store finds nothing of the first; only tombstones stay.
    assert_eq!(run_with_names_from(100, &store).unwrap(), report);
}

#[test]
fn a_healthy_faulty_store_and_a_reference_keep_it_too() {
    assert!(run(&FaultyStore::new(MemoryStore::new())).is_ok());
    assert!(run(&&MemoryStore::new()).is_ok());
}

#[test]
fn a_frame_makes_a_key_value_store_conform() {
    let report = run(&KeyValue::default()).unwrap();
    assert!(report.replaces && !report.keeps_heads);
    assert_eq!(report.passed.len(), 21);
}

/// As Workers KV: text names, octets, last write wins, and an expiry of its own that is at least
/// 60 s ahead.
#[derive(Default)]
struct KeyValue(RefCell<BTreeMap<String, (Vec<u8>, i64)>>);

impl SessionStore for KeyValue {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let values = self.0.borrow();
        let kept = values
            .get(name.as_str())
            .filter(|(_, end)| now.seconds() < *end);
        Ok(kept.and_then(|(octets, _)| Framed::read(octets.clone(), now).live()))
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = about.expires;
        let end = expires.seconds().max(now.seconds() + 60);
        let value = (Framed::write(record, expires), end);
        self.0.borrow_mut().insert(name.as_str().to_owned(), value);
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(name.as_str());
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    AbsentIsError,
    LosesEmpty,
    LosesLastOctet,
    KeepsTextOnly,
    StopsAt64KiB,
    TrimsBlanks,
    AnswersWithTheLastPut,
    IgnoresCase,
    DeletesEverything,
    OneExpiryForAll,
    IgnoresExpiry,
    ExpiresOneSecondLate,
    ExpiresOneSecondEarly,
    LivesAtLeastAMinute,
    ExpiredIsError,
    ForgetsWhenTheClockJumpsBack,
    TellsAnotherExpiry,
    RefusesThePast,
    KeepsThePast,
    ForgetsDeletes,
    DeletingAbsentIsError,
    RepeatIsConflict,
    RepeatKeepsFirstExpiry,
    KeepsFirstAndSaysOk,
    MixesTwoRecords,
    ConflictsButReplaces,
    KeepsTheFirstRevocation,
}

/// The clause that each breaks, and the start of the check that notices first.
const CAUGHT: &[(Defect, u8, &str)] = &[
    (Defect::AbsentIsError, 1, "a name never written"),
    (Defect::LosesEmpty, 2, "an empty record"),
    (Defect::LosesLastOctet, 2, "one octet"),
    (Defect::KeepsTextOnly, 2, "every octet value"),
    (Defect::StopsAt64KiB, 2, "100 KiB"),
    (Defect::TrimsBlanks, 2, "a record is never interpreted"),
    (
        Defect::AnswersWithTheLastPut,
        3,
        "each name has its own record",
    ),
    (Defect::IgnoresCase, 3, "names that differ in case"),
    (Defect::DeletesEverything, 3, "deleting one name"),
    (Defect::OneExpiryForAll, 3, "each name has its own expiry"),
    (
        Defect::IgnoresExpiry,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::ExpiresOneSecondLate,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::ExpiresOneSecondEarly,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::LivesAtLeastAMinute,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::ExpiredIsError,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::TellsAnotherExpiry,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::ForgetsWhenTheClockJumpsBack,
        4,
        "a record lives until its expiry: one second",
    ),
    (
        Defect::RefusesThePast,
        5,
        "a record that has already expired",
    ),
    (Defect::KeepsThePast, 5, "a record that has already expired"),
    (Defect::ForgetsDeletes, 6, "a deleted record"),
    (Defect::DeletingAbsentIsError, 6, "deleting what is absent"),
    (Defect::RepeatIsConflict, 7, "the same put"),
    (Defect::RepeatKeepsFirstExpiry, 7, "of repeated puts"),
    (Defect::KeepsTheFirstRevocation, 12, "a revocation replaces"),
    (Defect::KeepsFirstAndSaysOk, 7, "a second record"),
    (Defect::MixesTwoRecords, 7, "a second record"),
    (Defect::ConflictsButReplaces, 7, "a second record"),
];

#[test]
fn every_broken_store_is_caught_by_the_clause_it_breaks() {
    for (defect, clause, check) in CAUGHT {
        let failure = run(&Broken::with(Some(*defect))).unwrap_err();
        assert_eq!(failure.clause, *clause, "{defect:?}: {failure}");
        assert!(failure.check.starts_with(check), "{defect:?}: {failure}");
        assert!(failure.to_string().contains(&failure.seen));
    }
    // The same store without a defect passes, so it is the defects that are caught.
    assert!(run(&Broken::with(None)).is_ok());
}

struct Broken {
    defect: Option<Defect>,
    kept: RefCell<BTreeMap<String, (Vec<u8>, i64)>>,
    last: RefCell<String>,
    last_expiry: Cell<i64>,
}

impl Broken {
    fn with(defect: Option<Defect>) -> Self {
        Self {
            defect,
            kept: RefCell::default(),
            last: RefCell::default(),
            last_expiry: Cell::default(),
        }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn key(&self, name: &RecordName) -> String {
        match self.is(Defect::IgnoresCase) {
            true => name.as_str().to_lowercase(),
            false => name.as_str().to_owned(),
        }
    }

    fn refused<T>() -> Result<T, StoreError> {
        Err(StoreError::Refused {
            reason: "broken".into(),
        })
    }
}

impl SessionStore for Broken {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        let kept = self.kept.borrow();
        let found = match self.is(Defect::AnswersWithTheLastPut) {
            true => kept.get(&*self.last.borrow()),
            false => kept.get(&self.key(name)),
        };
        let Some((octets, expires)) = found else {
            return if self.is(Defect::AbsentIsError) {
                Self::refused()
            } else {
                Ok(None)
            };
        };
        let end = match self.defect {
            Some(Defect::OneExpiryForAll) => self.last_expiry.get(),
            Some(Defect::IgnoresExpiry) => i64::MAX,
            Some(Defect::ExpiresOneSecondLate) => expires + 1,
            Some(Defect::ExpiresOneSecondEarly) => expires - 1,
            _ => *expires,
        };
        if now.seconds() >= end {
            return if self.is(Defect::ExpiredIsError) {
                Self::refused()
            } else {
                Ok(None)
            };
        }
        let starts = 1_800_000_000;
        if self.is(Defect::ForgetsWhenTheClockJumpsBack) && now.seconds() < starts {
            return Ok(None);
        }
        let mut octets = octets.clone();
        match self.defect {
            Some(Defect::LosesEmpty) if octets.is_empty() => return Ok(None),
            Some(Defect::LosesLastOctet) => drop(octets.pop()),
            Some(Defect::KeepsTextOnly) => {
                octets = String::from_utf8_lossy(&octets).into_owned().into()
            }
            Some(Defect::TrimsBlanks) => octets = octets.trim_ascii().to_vec(),
            _ => {}
        }
        let expires = Timestamp::from_seconds(match self.defect {
            Some(Defect::TellsAnotherExpiry) => expires + 3600,
            _ => *expires,
        });
        let kept = |record| Kept { record, expires };
        Ok(Record::new(octets).ok().map(kept))
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = about.expires;
        let (key, octets, mut end) = (self.key(name), record.octets(), expires.seconds());
        match self.defect {
            Some(Defect::StopsAt64KiB) if octets.len() > 65_536 => {
                return Err(StoreError::TooLarge {
                    octets: octets.len(),
                    limit: 65_536,
                });
            }
            Some(Defect::RefusesThePast) if expires <= now => return Self::refused(),
            Some(Defect::KeepsThePast) if expires <= now => end = now.seconds() + 60,
            Some(Defect::LivesAtLeastAMinute) if expires > now => end = end.max(now.seconds() + 60),
            _ => {}
        }
        let mut kept = self.kept.borrow_mut();
        if let Some((first, first_end)) = kept.get_mut(&key) {
            let same = *first == octets;
            match self.defect {
                Some(Defect::RepeatIsConflict) => return Err(StoreError::Conflict),
                Some(Defect::KeepsTheFirstRevocation) if about.kind == Kind::Revocation => {
                    return Ok(());
                }
                _ if about.kind == Kind::Revocation => {}
                Some(Defect::RepeatKeepsFirstExpiry) if same => end = *first_end,
                Some(Defect::KeepsFirstAndSaysOk) if !same => return Ok(()),
                Some(Defect::MixesTwoRecords) if !same => {
                    first[..octets.len()].copy_from_slice(octets);
                    *first_end = end;
                    return Ok(());
                }
                Some(Defect::ConflictsButReplaces) if !same => {
                    *first = octets.to_vec();
                    return Err(StoreError::Conflict);
                }
                _ => {}
            }
        }
        self.last_expiry.set(end);
        self.last.borrow_mut().clone_from(&key);
        kept.insert(key, (octets.to_vec(), end));
        Ok(())
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        let mut kept = self.kept.borrow_mut();
        match self.defect {
            // The one that the suite asks about; others would only fill the memory.
            Some(Defect::ForgetsDeletes) => {}
            Some(Defect::DeletesEverything) => kept.clear(),
            _ => {
                let removed = kept.remove(&self.key(name));
                if removed.is_none() && self.is(Defect::DeletingAbsentIsError) {
                    return Self::refused();
                }
            }
        }
        Ok(())
    }
}

/// What a store may do wrong with heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeadDefect {
    MovesFromAnything,
    NeverMoves,
    RepeatIsOther,
    AbsentMovesFromNothingOnly,
    ForgetsNothing,
    NeverExpires,
    ShowsTheCallersHead,
    NoTombstone,
    TombstoneFallsToForgetting,
    TombstoneForEver,
    TombstoneForAll,
}

struct BrokenHeads {
    inner: MemoryStore,
    defect: HeadDefect,
    ended: Cell<bool>,
}

impl BrokenHeads {
    fn is(&self, defect: HeadDefect) -> bool {
        self.defect == defect
    }
}

impl SessionStore for BrokenHeads {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.inner.get(name, now).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.put(name, record, about, now).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        if self.is(HeadDefect::TombstoneForAll) && self.ended.get() {
            return Ok(Swapped::Ended);
        }
        if self.is(HeadDefect::ForgetsNothing) && to.is_none() {
            return Ok(Swapped::Done);
        }
        let (expires, now) = match self.defect {
            HeadDefect::NeverExpires | HeadDefect::TombstoneForEver => {
                (Timestamp::from_millis(i64::MAX), now)
            }
            _ => (expires, now),
        };
        let answer = self
            .inner
            .swap_head(session, from, to, expires, now)
            .await?;
        match (&answer, self.defect) {
            (Swapped::Other(there), HeadDefect::MovesFromAnything) => {
                let from = Some(&there.record);
                self.inner.swap_head(session, from, to, expires, now).await
            }
            (Swapped::Done, HeadDefect::NeverMoves) => {
                self.inner
                    .swap_head(session, to.map(|to| &to.record), None, expires, now)
                    .await?;
                Ok(answer)
            }
            (Swapped::Done, HeadDefect::RepeatIsOther)
                if to.is_some() && self.ended.replace(true) =>
            {
                Ok(Swapped::Other(to.unwrap().clone()))
            }
            (Swapped::Done, HeadDefect::AbsentMovesFromNothingOnly)
                if from.is_some() && !self.ended.replace(true) =>
            {
                Ok(Swapped::Ended)
            }
            (Swapped::Other(_), HeadDefect::ShowsTheCallersHead) => {
                Ok(Swapped::Other(to.unwrap().clone()))
            }
            (Swapped::Ended, HeadDefect::TombstoneFallsToForgetting) if to.is_none() => {
                Ok(Swapped::Done)
            }
            _ => Ok(answer),
        }
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.ended.set(true);
        match self.defect {
            HeadDefect::NoTombstone => Ok(()),
            HeadDefect::TombstoneForEver => {
                self.inner
                    .end_head(session, Timestamp::from_millis(i64::MAX), now)
                    .await
            }
            _ => self.inner.end_head(session, expires, now).await,
        }
    }
}

#[test]
fn every_defect_of_heads_is_caught() {
    for defect in [
        HeadDefect::MovesFromAnything,
        HeadDefect::NeverMoves,
        HeadDefect::RepeatIsOther,
        HeadDefect::AbsentMovesFromNothingOnly,
        HeadDefect::ForgetsNothing,
        HeadDefect::NeverExpires,
        HeadDefect::ShowsTheCallersHead,
        HeadDefect::NoTombstone,
        HeadDefect::TombstoneFallsToForgetting,
        HeadDefect::TombstoneForEver,
        HeadDefect::TombstoneForAll,
    ] {
        let store = BrokenHeads {
            inner: MemoryStore::new(),
            defect,
            ended: Cell::new(false),
        };
        let failure = run(&store).err();
        assert!(
            failure.is_some_and(|failure| failure.clause >= 10),
            "{defect:?}"
        );
    }
}
