//! The suite passes what keeps the contract, and catches each store that does not.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use alloc::collections::BTreeMap;
use core::cell::{Cell, RefCell};

use session_codec::{StoreName, Timestamp};
use session_store::conformance::{self, Failure, Report};
use session_store::{
    Committed, FaultyStore, Framed, Head, HeadMove, HeadState, Kind, MemoryStore, Newest, Proposal,
    Record, RecordMeta, Saved, SessionStore, StoreError, StoredRecord,
};

fn run(store: &impl SessionStore) -> Result<Report, Failure> {
    run_with_names_from(0, store)
}

fn run_with_names_from(mut used: u8, store: &impl SessionStore) -> Result<Report, Failure> {
    let fresh_name = || {
        used += 1;
        StoreName::new([used; 24])
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
    assert_eq!(report.passed.len(), 38);
    assert!(store.is_empty());
    // Another run in the same store finds nothing of the first; only tombstones stay.
    assert_eq!(run_with_names_from(100, &store).unwrap(), report);
}

#[test]
fn a_healthy_faulty_store_and_a_reference_keep_it_too() {
    assert!(run(&FaultyStore::of(MemoryStore::new())).is_ok());
    assert!(run(&&MemoryStore::new()).is_ok());
}

#[test]
fn a_frame_makes_a_key_value_store_conform() {
    let report = run(&KeyValue::default()).unwrap();
    assert!(report.replaces && !report.keeps_heads);
    assert_eq!(report.passed.len(), 23);
}

/// As Workers KV: text names, bytes, last write wins, and an expiry of its own that is at least
/// 60 s ahead.
#[derive(Default)]
struct KeyValue(RefCell<BTreeMap<String, (Vec<u8>, i64)>>);

impl SessionStore for KeyValue {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let values = self.0.borrow();
        let kept = values
            .get(&name.to_text())
            .filter(|(_, end)| now.seconds() < *end);
        Ok(kept.and_then(|(bytes, _)| Framed::read(bytes.clone(), now).live()))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = meta.expires;
        let end = expires.seconds().max(now.seconds() + 60);
        let value = (Framed::write(record, expires), end);
        self.0.borrow_mut().insert(name.to_text(), value);
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(&name.to_text());
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    AbsentIsError,
    LosesEmpty,
    LosesLastByte,
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
    (Defect::LosesLastByte, 2, "one byte"),
    (Defect::KeepsTextOnly, 2, "every byte value"),
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

    fn key(&self, name: &StoreName) -> String {
        match self.is(Defect::IgnoresCase) {
            true => name.to_text().to_lowercase(),
            false => name.to_text(),
        }
    }

    fn refused<T>() -> Result<T, StoreError> {
        Err(StoreError::Refused {
            reason: "broken".into(),
        })
    }
}

impl SessionStore for Broken {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let kept = self.kept.borrow();
        let found = match self.is(Defect::AnswersWithTheLastPut) {
            true => kept.get(&*self.last.borrow()),
            false => kept.get(&self.key(name)),
        };
        let Some((bytes, expires)) = found else {
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
        let mut bytes = bytes.clone();
        match self.defect {
            Some(Defect::LosesEmpty) if bytes.is_empty() => return Ok(None),
            Some(Defect::LosesLastByte) => drop(bytes.pop()),
            Some(Defect::KeepsTextOnly) => {
                bytes = String::from_utf8_lossy(&bytes).into_owned().into()
            }
            Some(Defect::TrimsBlanks) => bytes = bytes.trim_ascii().to_vec(),
            _ => {}
        }
        let expires = Timestamp::from_seconds(match self.defect {
            Some(Defect::TellsAnotherExpiry) => expires + 3600,
            _ => *expires,
        });
        let kept = |record| StoredRecord { record, expires };
        Ok(Record::new(bytes).ok().map(kept))
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = meta.expires;
        let (key, bytes, mut end) = (self.key(name), record.bytes(), expires.seconds());
        match self.defect {
            Some(Defect::StopsAt64KiB) if bytes.len() > 65_536 => {
                return Err(StoreError::TooLarge {
                    bytes: bytes.len(),
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
            let same = *first == bytes;
            match self.defect {
                Some(Defect::RepeatIsConflict) => return Err(StoreError::Conflict),
                Some(Defect::KeepsTheFirstRevocation) if meta.kind == Kind::Revocation => {
                    return Ok(());
                }
                _ if meta.kind == Kind::Revocation => {}
                Some(Defect::RepeatKeepsFirstExpiry) if same => end = *first_end,
                Some(Defect::KeepsFirstAndSaysOk) if !same => return Ok(()),
                Some(Defect::MixesTwoRecords) if !same => {
                    first[..bytes.len()].copy_from_slice(bytes);
                    *first_end = end;
                    return Ok(());
                }
                Some(Defect::ConflictsButReplaces) if !same => {
                    *first = bytes.to_vec();
                    return Err(StoreError::Conflict);
                }
                _ => {}
            }
        }
        self.last_expiry.set(end);
        self.last.borrow_mut().clone_from(&key);
        kept.insert(key, (bytes.to_vec(), end));
        Ok(())
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        let mut kept = self.kept.borrow_mut();
        match self.defect {
            // The one that the suite asks meta; others would only fill the memory.
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
    ToldNothing,
    LosesTheRecord,
    KeepsWhatItRefused,
    ShowsNoEnd,
    ShowsNoHead,
    ShowsAnotherRecord,
    EndsWithoutAWord,
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
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.get(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.put(name, record, meta, now).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let mut proposal = proposal.clone();
        if self.is(HeadDefect::ToldNothing) {
            proposal.unless_ended.fill(StoreName::new([255; 24]));
        }
        let Some(change) = proposal.head.clone() else {
            return self.inner.commit(&proposal, now).await;
        };
        let HeadMove { from, to, .. } = &change;
        if self.is(HeadDefect::TombstoneForAll) && self.ended.get() {
            return Ok(Committed::Ended);
        }
        if self.is(HeadDefect::ForgetsNothing) && to.is_none() {
            return Ok(done());
        }
        if matches!(
            self.defect,
            HeadDefect::NeverExpires | HeadDefect::TombstoneForEver
        ) {
            proposal.head.as_mut().unwrap().expires = Timestamp::from_millis(i64::MAX);
        }
        if self.is(HeadDefect::LosesTheRecord) {
            proposal.record = None;
        }
        let answer = self.inner.commit(&proposal, now).await?;
        match (&answer, self.defect) {
            (Committed::Other(there), HeadDefect::MovesFromAnything) => {
                proposal.head.as_mut().unwrap().from = Some(there.head.record);
                self.inner.commit(&proposal, now).await
            }
            (Committed::Saved(_), HeadDefect::NeverMoves) => {
                let back = HeadMove {
                    from: to.as_ref().map(|to| to.record),
                    to: None,
                    ..change
                };
                let back = Proposal {
                    head: Some(back),
                    ..Proposal::default()
                };
                self.inner.commit(&back, now).await?;
                Ok(answer)
            }
            (Committed::Saved(_), HeadDefect::RepeatIsOther)
                if to.is_some() && self.ended.replace(true) =>
            {
                Ok(other(to.clone().unwrap()))
            }
            (Committed::Saved(_), HeadDefect::AbsentMovesFromNothingOnly)
                if from.is_some() && !self.ended.replace(true) =>
            {
                Ok(Committed::Ended)
            }
            (Committed::Other(_), HeadDefect::ShowsTheCallersHead) if to.is_some() => {
                Ok(other(to.clone().unwrap()))
            }
            (Committed::Ended, HeadDefect::TombstoneFallsToForgetting) if to.is_none() => {
                Ok(done())
            }
            (Committed::Other(_) | Committed::Ended, HeadDefect::KeepsWhatItRefused) => {
                if let Some(new) = &proposal.record {
                    self.put(&new.name, &new.record, &new.meta, now).await?;
                }
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let state = self.inner.head(session, now).await?;
        Ok(match (self.defect, state) {
            (HeadDefect::ShowsNoEnd, HeadState::Ended) => HeadState::Absent,
            (HeadDefect::ShowsNoHead, HeadState::At(_)) => HeadState::Absent,
            (HeadDefect::ShowsAnotherRecord, HeadState::At(newest)) => HeadState::At(Newest {
                record: newest.record.map(|kept| StoredRecord {
                    record: Record::new(b"another".to_vec()).unwrap(),
                    ..kept
                }),
                ..newest
            }),
            (_, state) => state,
        })
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        self.ended.set(true);
        let expires = match self.defect {
            HeadDefect::NoTombstone => return Ok(None),
            HeadDefect::TombstoneForEver => Timestamp::from_millis(i64::MAX),
            _ => expires,
        };
        let there = self.inner.end(session, expires, now).await?;
        Ok(there.filter(|_| !self.is(HeadDefect::EndsWithoutAWord)))
    }
}

fn other(head: Head) -> Committed {
    Committed::Other(Newest { head, record: None })
}

fn done() -> Committed {
    Committed::Saved(Saved {
        listed: vec![],
        is_compared: true,
    })
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
        HeadDefect::ToldNothing,
        HeadDefect::LosesTheRecord,
        HeadDefect::KeepsWhatItRefused,
        HeadDefect::ShowsNoEnd,
        HeadDefect::ShowsNoHead,
        HeadDefect::ShowsAnotherRecord,
        HeadDefect::EndsWithoutAWord,
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
