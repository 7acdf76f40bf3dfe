//! Records of one session that its trail does not know of, and how many of them there may be.
//!
//! A store without heads cannot tell that a cookie has been used before: each time that it is sent
//! again and something is changed, another record is written, and none of them names the others.
//! And a session that fits its cookie again has no record that could name those before it. So a
//! process remembers what it wrote, and deletes what is too much.

use std::{collections::HashMap, sync::LazyLock};

use session_codec::{HeadChange, StoreName};

use crate::shared::Shared;

/// Records of a session that may be there: the last one, and as many superseded ones as on a trail.
const MAX_RECORDS: usize = 1 + 16;
/// Sessions that are remembered, about a kilobyte each at most.
const MAX_SESSIONS: usize = 1024;

static SIBLINGS: LazyLock<Shared<Siblings>> = LazyLock::new(Shared::default);

/// Lends what this process remembers of records without heads. Never across an await.
pub(crate) fn with_siblings<T>(work: impl FnOnce(&mut Siblings) -> T) -> T {
    SIBLINGS.with(work)
}

/// What was written of the sessions that changed last.
#[derive(Default)]
pub(crate) struct Siblings {
    sessions: HashMap<StoreName, Session>,
    /// Counts writes, so that the session that has not changed for longest is known.
    writes: u64,
}

#[derive(Default)]
struct Session {
    records: Vec<Written>,
    last_write: u64,
}

#[derive(Clone, Copy)]
struct Written {
    name: StoreName,
    /// The record whose place it took; `None`: all keys were in the cookie.
    instead_of: Option<StoreName>,
    /// Somebody came back with its cookie, so it is not one that nobody has.
    has_come_back: bool,
}

impl Siblings {
    /// A session went on from one record to the next. The record that is to be deleted, if it is
    /// one too many.
    pub(crate) fn moved(&mut self, change: &HeadChange) -> Option<StoreName> {
        if change.has_record {
            return self.written(change.session, change.from, change.to);
        }
        self.shrunk(change.session, change.from);
        None
    }

    fn written(
        &mut self,
        session: StoreName,
        instead_of: Option<StoreName>,
        name: StoreName,
    ) -> Option<StoreName> {
        if !self.sessions.contains_key(&session) && self.sessions.len() >= MAX_SESSIONS {
            let oldest = self.sessions.iter().min_by_key(|(_, line)| line.last_write);
            let oldest = oldest.map(|(&session, _)| session);
            oldest.and_then(|session| self.sessions.remove(&session));
        }
        self.writes += 1;
        let line = self.sessions.entry(session).or_default();
        line.last_write = self.writes;
        line.came_back(instead_of);
        line.records.push(Written {
            name,
            instead_of,
            has_come_back: false,
        });
        line.too_many()
    }

    /// A session has no record any more: its keys are in its cookie.
    fn shrunk(&mut self, session: StoreName, instead_of: Option<StoreName>) {
        if let Some(line) = self.sessions.get_mut(&session) {
            line.came_back(instead_of);
        }
    }

    /// A session ended: all that is known to have been written of it.
    pub(crate) fn ended(&mut self, session: StoreName) -> Vec<StoreName> {
        let line = self.sessions.remove(&session).unwrap_or_default();
        line.records.iter().map(|record| record.name).collect()
    }
}

impl Session {
    fn came_back(&mut self, name: Option<StoreName>) {
        for record in &mut self.records {
            record.has_come_back |= Some(record.name) == name;
        }
    }

    /// Takes out the record that is one too many: of those that nobody came back with the oldest
    /// that was not the first in its place, since the first is most likely what the browser has.
    /// Where there is none, the oldest of all. Never the one that was just written.
    fn too_many(&mut self) -> Option<StoreName> {
        let (_, before) = self.records.split_last()?;
        if before.len() < MAX_RECORDS {
            return None;
        }
        let is_repeated = |index: usize| {
            let (earlier, rest) = before.split_at(index);
            rest.first().is_some_and(|record| {
                let is_first = earlier.iter().all(|e| e.instead_of != record.instead_of);
                !record.has_come_back && !is_first
            })
        };
        let index = (0..before.len()).find(|&index| is_repeated(index));
        Some(self.records.remove(index.unwrap_or(0)).name)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    const SESSION: StoreName = StoreName::new([255; 24]);

    fn name(number: u32) -> StoreName {
        let mut name = [0; 24];
        name[..4].copy_from_slice(&number.to_be_bytes());
        StoreName::new(name)
    }

    /// What a store holds.
    #[derive(Default)]
    struct StoredRecord(Siblings, BTreeSet<StoreName>);

    impl StoredRecord {
        fn write(&mut self, session: StoreName, instead_of: Option<u32>, number: u32) {
            self.1.insert(name(number));
            if let Some(gone) = self.0.written(session, instead_of.map(name), name(number)) {
                assert!(self.1.remove(&gone));
            }
        }

        fn has(&self, number: u32) -> bool {
            self.1.contains(&name(number))
        }
    }

    #[test]
    fn one_old_cookie_sent_again_and_again_leaves_few_records_and_takes_none_that_is_in_use() {
        let mut kept = StoredRecord::default();
        // 1 is the old cookie's. The browser went on from it to 2, and to 3, which it has now.
        kept.write(SESSION, None, 1);
        kept.write(SESSION, Some(1), 2);
        kept.write(SESSION, Some(2), 3);
        for number in 4..10_000 {
            kept.write(SESSION, Some(1), number);
            assert!(kept.1.len() <= MAX_RECORDS);
            assert!(kept.has(number) && kept.has(1) && kept.has(2) && kept.has(3));
        }
        // Who sends it while the browser has not come back with what it was given first.
        let mut kept = StoredRecord::default();
        for number in 2..10_000 {
            kept.write(SESSION, Some(1), number);
            assert!(kept.has(2));
        }
        // And in whichever order cookies are sent again, there are never more.
        let mut kept = StoredRecord::default();
        let mut rng = fastrand::Rng::with_seed(7);
        for number in 1..10_000 {
            kept.write(SESSION, Some(rng.u32(0..number)), number);
            assert!(kept.1.len() <= MAX_RECORDS && kept.has(number));
        }
    }

    #[test]
    fn a_session_that_goes_on_keeps_its_latest_records() {
        let mut kept = StoredRecord::default();
        for number in 1..100_u32 {
            kept.write(SESSION, number.checked_sub(1), number);
            let oldest = number.saturating_sub(16).max(1);
            assert!((oldest..=number).all(|number| kept.has(number)), "{number}");
        }
        assert_eq!(kept.1.len(), MAX_RECORDS);
    }

    #[test]
    fn a_session_that_shrinks_and_grows_leaves_few_records() {
        let mut kept = StoredRecord::default();
        for number in 1..1_000 {
            kept.write(SESSION, None, number);
            kept.0.shrunk(SESSION, Some(name(number)));
        }
        assert_eq!(kept.1.len(), MAX_RECORDS);
        assert!((1_000 - 17..1_000).all(|number| kept.has(number)));
        // All of them go with the session.
        let ended: BTreeSet<_> = kept.0.ended(SESSION).into_iter().collect();
        assert_eq!(ended, kept.1);
        assert_eq!(kept.0.ended(SESSION), Vec::<StoreName>::new());
    }

    #[test]
    fn the_memory_itself_is_bounded_and_forgets_what_changed_longest_ago() {
        let mut kept = StoredRecord::default();
        let session = |number: u32| name(1_000_000 + number);
        for number in 1..5_000 {
            kept.write(session(number), None, number);
            kept.write(session(1), None, 10_000 + number);
        }
        assert_eq!(kept.0.sessions.len(), MAX_SESSIONS);
        assert!(kept.0.sessions.contains_key(&session(1)));
        assert!(kept.0.sessions.contains_key(&session(4_999)));
        assert!(!kept.0.sessions.contains_key(&session(2)));
    }
}
