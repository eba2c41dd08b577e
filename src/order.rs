//! Sorting, compiled once.
//!
//! In: a slice and what says which of two comes first. Out: the same slice in order, equal ones as they stood (merge sort of
//! places, then one walk along the cycles of the permutation: O(n log n), two numbers more per item while it lasts).
//! The standard library's sorts are compiled anew for each type and each comparison, 3 to 15 kB a time, and some sixty
//! of them were a fifteenth of the wasm that ships. They stay where millions of items are sorted; `tests/structure.rs` names where.
//! It refuses to know what it sorts.

use std::cmp::Ordering;

/// Places below which two at a time are inserted one by one before runs are merged.
const RUN: usize = 8;

/// Puts the items in order by a comparison; equal ones keep theirs.
pub fn by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let places = arrange(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    permute(places, &mut |a, b| items.swap(a, b));
}

/// Puts the items in order by a key; equal ones keep theirs.
pub fn by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// Puts the items in their own order.
pub fn naturally<T: Ord>(items: &mut [T]) {
    by(items, T::cmp);
}

/// The places of `count` items in the order of a comparison of places.
#[inline(never)]
fn arrange(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    for run in places.chunks_mut(RUN) {
        for end in 1..run.len() {
            let item = run[end];
            let mut at = end;
            while at > 0 && compare(run[at - 1], item) == Ordering::Greater {
                run[at] = run[at - 1];
                at -= 1;
            }
            run[at] = item;
        }
    }
    let mut left: Vec<usize> = Vec::new();
    let mut width = RUN;
    while width < count {
        for pair in places.chunks_mut(2 * width).filter(|pair| pair.len() > width) {
            if compare(pair[width - 1], pair[width]) != Ordering::Greater {
                continue;
            }
            left.clear();
            left.extend_from_slice(&pair[..width]);
            let (mut next, mut right, mut out) = (0, width, 0);
            while next < width && right < pair.len() {
                // An equal one of the left run goes first.
                let take_right = compare(left[next], pair[right]) == Ordering::Greater;
                pair[out] = if take_right { pair[right] } else { left[next] };
                right += usize::from(take_right);
                next += usize::from(!take_right);
                out += 1;
            }
            // What is left of the right run stands where it belongs.
            pair[out..out + width - next].copy_from_slice(&left[next..]);
        }
        width *= 2;
    }
    places
}

/// Moves item `places[i]` to place `i`, for all, by swaps along the cycles.
#[inline(never)]
fn permute(mut places: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..places.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut places[at], at);
            if from == start {
                break;
            }
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn it_sorts_as_the_standard_library_does_and_keeps_equal_ones_in_place() {
        let mut rng = Rng::new(7, 0);
        for count in (0..70).chain([255, 256, 257, 1000, 4099]) {
            for kinds in [1, 2, 7, 1 << 30] {
                let given: Vec<(u64, usize)> = (0..count).map(|place| (rng.below(kinds), place)).collect();
                let mut expected = given.clone();
                expected.sort_by_key(|&(key, _)| key);
                let mut sorted = given.clone();
                by_key(&mut sorted, |&(key, _)| key);
                assert_eq!(sorted, expected);
                expected.sort_by(|a, b| b.cmp(a));
                by(&mut sorted, |a, b| b.cmp(a));
                assert_eq!(sorted, expected);
                naturally(&mut sorted);
                expected.reverse();
                assert_eq!(sorted, expected);
            }
        }
    }

    #[test]
    fn a_comparison_that_contradicts_itself_loses_nothing() {
        let mut items: Vec<u32> = (0..1000).collect();
        let mut turn = 0;
        by(&mut items, |_, _| {
            turn += 1;
            [Ordering::Less, Ordering::Greater, Ordering::Equal][turn % 3]
        });
        let mut all = items;
        naturally(&mut all);
        assert_eq!(all, (0..1000).collect::<Vec<u32>>());
    }
}
