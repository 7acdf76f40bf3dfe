use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

use super::Priorities;
use crate::{atoms::Priority, session::Session};

/// Where a key went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlacement {
    /// Into the cookie.
    Cookie,
    /// Into the record that the cookie's ticket names.
    Spilled,
    /// Nowhere: it did not fit and the configuration says to drop such keys.
    Dropped,
}

/// Where every key of a session went, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// `None`: everything is in the cookie, the common case, which allocates nothing.
    kept: Option<Vec<bool>>,
    overflow: KeyPlacement,
}

impl Placement {
    pub(crate) const ALL_IN_COOKIE: Self = Self {
        kept: None,
        overflow: KeyPlacement::Spilled,
    };

    /// Whether every key is in the cookie.
    #[must_use]
    pub const fn is_all_in_cookie(&self) -> bool {
        self.kept.is_none()
    }

    /// Where the key at `index` of the session went.
    #[must_use]
    pub fn of(&self, index: usize) -> KeyPlacement {
        if self.keeps(index) {
            KeyPlacement::Cookie
        } else {
            self.overflow
        }
    }

    pub(crate) fn keeps(&self, index: usize) -> bool {
        self.kept
            .as_ref()
            .is_none_or(|kept| kept.get(index).copied().unwrap_or(false))
    }
}

/// The keys of a session in the order in which they stay, and how many of them do.
pub(crate) struct Prefix {
    order: Vec<u16>,
    kept: usize,
    overflow: KeyPlacement,
}

impl Prefix {
    /// The largest prefix but the whole for which `fits` holds, by binary search: at most
    /// log2(keys) + 1 questions. What must stay longest comes first; ties: first come. `None` if
    /// not even the empty one fits.
    pub(crate) fn largest(
        session: &Session,
        priorities: &Priorities,
        overflow: KeyPlacement,
        mut fits: impl FnMut(&Placement) -> bool,
    ) -> Option<Self> {
        // Sealing refuses sessions of more than 65,535 keys before it asks.
        let mut order: Vec<u16> = (0..=u16::MAX).take(session.len()).collect();
        order.sort_by_key(|&index| priorities.of(session.raw_key(usize::from(index))));
        let mut prefix = Self {
            order,
            kept: 0,
            overflow,
        };
        let kept = largest(prefix.order.len(), |kept| {
            prefix.kept = kept;
            fits(&prefix.placement())
        })?;
        prefix.kept = kept;
        Some(prefix)
    }

    pub(crate) fn placement(&self) -> Placement {
        let mut kept = vec![false; self.order.len()];
        for &index in &self.order[..self.kept] {
            kept[usize::from(index)] = true;
        }
        Placement {
            kept: Some(kept),
            overflow: self.overflow,
        }
    }

    /// The indices of the keys that do not stay.
    pub(crate) fn overflowing(&self) -> impl Iterator<Item = usize> {
        self.order[self.kept..]
            .iter()
            .map(|&index| usize::from(index))
    }

    /// One key less; `false` if none is left.
    pub(crate) const fn shrink(&mut self) -> bool {
        let shrinks = self.kept > 0;
        self.kept = self.kept.saturating_sub(1);
        shrinks
    }
}

/// One line of a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReport {
    /// The key, as JSON spells it between quotes.
    pub key: String,
    /// Octets the key takes in JSON, before compression.
    pub octets: usize,
    /// What it is worth by the rules.
    pub priority: Priority,
    /// Where it went.
    pub placement: KeyPlacement,
}

/// Where everything went and how full the cookie is. Made when asked for, never on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// One line a key, in the session's order.
    pub keys: Vec<KeyReport>,
    /// Octets of the cookie's name and value.
    pub cookie_octets: usize,
    /// Octets the name and value may have.
    pub budget: usize,
}

impl Report {
    pub(crate) fn new(
        session: &Session,
        placement: &Placement,
        priorities: &Priorities,
        cookie_octets: usize,
        budget: usize,
    ) -> Self {
        let line = |index| {
            let key = session.raw_key(index);
            KeyReport {
                key: key.to_owned(),
                octets: session.member_len(index),
                priority: priorities.of(key),
                placement: placement.of(index),
            }
        };
        Self {
            keys: (0..session.len()).map(line).collect(),
            cookie_octets,
            budget,
        }
    }

    /// Whether the cookie has reached 80 % of its budget: time to look at what fills it.
    #[must_use]
    pub const fn is_nearly_full(&self) -> bool {
        self.cookie_octets * 5 >= self.budget * 4
    }
}

/// The largest `n` below `count` for which `fits(n)` holds; `None` if not even 0 fits.
fn largest(count: usize, mut fits: impl FnMut(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    let mut best = None;
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle) {
            best = Some(middle);
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_finds_the_edge_with_few_questions() {
        for count in 0..70usize {
            for edge in 0..=count {
                let mut questions = 0;
                let found = largest(count, |n| {
                    questions += 1;
                    n < edge
                });
                assert_eq!(found, edge.checked_sub(1));
                assert!(questions <= count.checked_ilog2().map_or(0, |log| log + 1));
            }
        }
    }
}
