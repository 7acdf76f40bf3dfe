//! Where texts stand in a list, found without a walk through it.
//!
//! Not a map of the standard library: to collect one brings a sort of its own for every kind of
//! item into the module that browsers download, see `order`.

use alloc::vec::Vec;

use super::order::sort;

/// Texts of a list, each of which is there once.
pub(crate) struct TextIndex<'t>(Vec<(&'t str, usize)>);

impl<'t> TextIndex<'t> {
    /// Of a list in its order.
    pub(crate) fn new(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut index: Vec<_> = texts.zip(0..).collect();
        sort(&mut index, |(a, _), (b, _)| a.cmp(b));
        Self(index)
    }

    /// Where a text stands in the list.
    pub(crate) fn position(&self, text: &str) -> Option<usize> {
        let found = self.0.binary_search_by(|(known, _)| (*known).cmp(text));
        found.ok().and_then(|at| self.0.get(at)).map(|(_, at)| *at)
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.position(text).is_some()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_where_it_stands() {
        let texts = ["b", "", "a", "ab", "\u{e9}", "aa"];
        let index = TextIndex::new(texts.into_iter());
        for (at, text) in texts.into_iter().enumerate() {
            assert_eq!(index.position(text), Some(at), "{text}");
        }
        for other in ["c", "abc", " ", "\u{e8}"] {
            assert!(!index.contains(other), "{other}");
        }
        assert!(TextIndex::new(core::iter::empty()).is_empty());
    }
}
