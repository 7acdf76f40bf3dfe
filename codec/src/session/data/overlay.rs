use alloc::vec::Vec;

use super::SessionData;
use crate::text::order::sort;

/// Keys that are looked up one by one; more are sorted, or it would be quadratic.
const FEW: usize = 16;

impl SessionData {
    /// Takes over every member of `changes`: at its key's place, or at the end if the key is new.
    pub fn apply(&mut self, changes: &Self) {
        if changes.len() <= FEW {
            for (key, value) in changes.raw_members() {
                let value = self.append(value);
                match self.raw_position(key) {
                    Some(index) => self.members[index].value = value,
                    None => {
                        let key = self.append(key);
                        self.members.push(super::Member { key, value });
                    }
                }
            }
            return;
        }
        let places = changes.places_in(self);
        for ((key, value), place) in changes.raw_members().zip(places) {
            match place {
                Some(at) => self.members[at].value = self.append(value),
                None => self.push_raw(key, value),
            }
        }
    }

    /// Takes out every key that `keys` has.
    pub fn remove_all(&mut self, keys: &Self) {
        let mut gone = alloc::vec![false; self.len()];
        for at in keys.places_in(self).into_iter().flatten() {
            gone[at] = true;
        }
        let mut gone = gone.into_iter();
        self.members.retain(|_| !gone.next().unwrap_or(false));
    }

    /// Where the keys of this session stand in `other`: both in the order of their keys, once.
    fn places_in(&self, other: &Self) -> Vec<Option<usize>> {
        let in_order = |session: &Self| {
            let mut order: Vec<usize> = (0..session.len()).collect();
            sort(&mut order, |&a, &b| {
                session.raw_key(a).cmp(session.raw_key(b))
            });
            order
        };
        let mut places = alloc::vec![None; self.len()];
        let mut others = in_order(other).into_iter().peekable();
        for index in in_order(self) {
            let key = self.raw_key(index);
            while others.next_if(|&at| other.raw_key(at) < key).is_some() {}
            places[index] = others
                .peek()
                .copied()
                .filter(|&at| other.raw_key(at) == key);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    fn session(text: &str) -> SessionData {
        SessionData::from_json(text).unwrap()
    }

    #[test]
    fn changes_keep_the_places() {
        let mut changed = session(r#"{"a":1,"caf\u00e9":12345678901234567890,"c":3}"#);
        changed.remove_all(&session(r#"{"a":0,"absent":0}"#));
        changed.apply(&session(r#"{"c":{"x":"é"},"café":2,"a":4}"#));
        assert_eq!(changed.to_json(), r#"{"caf\u00e9":2,"c":{"x":"é"},"a":4}"#);
        let unchanged = changed.clone();
        changed.apply(&SessionData::new());
        changed.remove_all(&SessionData::new());
        assert_eq!(changed, unchanged);
    }

    #[test]
    fn many_changes_do_the_same_as_few() {
        let members = |from: usize, to: usize| -> String {
            let members: Vec<_> = (from..to).map(|n| format!(r#""k{n}":{n}"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        let mut at_once = session(&members(0, 40));
        let mut one_by_one = at_once.clone();
        at_once.apply(&session(&members(20, 60)));
        for n in 20..60 {
            one_by_one.apply(&session(&members(n, n + 1)));
        }
        assert_eq!(at_once, one_by_one);
        assert_eq!(at_once.len(), 60);
    }
}
