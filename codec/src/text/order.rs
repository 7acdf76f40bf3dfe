//! Sorting, compiled once: the standard library's is some 8 KB of code for every kind of item, which
//! together was a sixth of the module that browsers download.

use core::cmp::Ordering;

use alloc::vec::Vec;

/// Sorts stably. The items are few or the occasion is rare: each comparison is a call.
pub(crate) fn sort<T: Clone>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let by_index = |a: usize, b: usize| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    };
    let order = permutation(items.len(), &by_index);
    let sorted = order.into_iter().filter_map(|at| items.get(at).cloned());
    *items = sorted.collect();
}

#[inline(never)]
fn permutation(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    // By index where items are equal, so that unstable is stable.
    order.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let mut items: Vec<(u8, usize)> = (0..1000).map(|n| ((n * 37 % 11) as u8, n)).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|item| item.0);
        sort(&mut items, |a, b| a.0.cmp(&b.0));
        assert_eq!(items, expected);
        sort(&mut Vec::<u8>::new(), |a, b| a.cmp(b));
    }
}
