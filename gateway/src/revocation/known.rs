use core::mem;
use std::collections::HashMap;

use session_codec::{StoreName, Timestamp};

use super::entry::Entry;
use crate::shared::Shared;

/// Names that are held of each generation, so twice as many in all: half a megabyte.
const MOST: usize = 4096;

/// An answer of the list, and when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub(super) entry: Entry,
    pub(super) asked: Timestamp,
}

/// What one process was told, of a bounded number of names: those that nobody asked about for
/// longest are forgotten first, whole generations at a time.
#[derive(Default)]
pub(crate) struct Known(Shared<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<StoreName, Told>,
    old: HashMap<StoreName, Told>,
}

impl Known {
    pub(super) fn get(&self, name: &StoreName) -> Option<Told> {
        self.0.with(|generations| {
            if let Some(told) = generations.young.get(name) {
                return Some(*told);
            }
            let told = generations.old.remove(name)?;
            generations.insert(*name, told);
            Some(told)
        })
    }

    pub(super) fn insert(&self, name: StoreName, told: Told) {
        self.0.with(|generations| generations.insert(name, told));
    }
}

impl Generations {
    fn insert(&mut self, name: StoreName, told: Told) {
        if self.young.len() >= MOST && !self.young.contains_key(&name) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(name, told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> StoreName {
        let mut name = [0; 24];
        name[..8].copy_from_slice(&number.to_be_bytes());
        StoreName::new(name)
    }

    #[test]
    fn what_is_known_is_bounded_and_what_is_asked_for_stays() {
        let known = Known::default();
        let told = Told {
            entry: Entry::Nothing,
            asked: Timestamp::from_seconds(1),
        };
        for number in 0..10 * MOST {
            known.insert(name(number), told);
            assert_eq!(known.get(&name(0)), Some(told), "{number}");
        }
        assert_eq!(known.get(&name(1)), None);
        let held = known.0.with(|held| held.young.len() + held.old.len());
        assert!(held <= 2 * MOST);
    }
}
