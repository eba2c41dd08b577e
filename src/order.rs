//! Sorting, compiled once.
//!
//! In: a slice and what says which of two comes first. Out: the same slice in order, equal ones as they stood (merge sort of
//! places, then one walk along the cycles of the permutation: O(n log n), two numbers more per item while it lasts); or with the first so
//! many before the rest (quickselect in place, O(n) but for odds that no input can arrange).
//! The standard library's sorts are compiled anew for each type and each comparison, 3 to 15 kB a time, and some sixty
//! of them were a fifteenth of the wasm that ships. They stay where millions of items are sorted; `tests/structure.rs` names where.
//! It refuses to know what it sorts.

use crate::rng::Rng;
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

/// Brings the first `count` items of the order to the front, in any order among themselves, the last of them to place `count - 1`.
pub fn front<T>(items: &mut [T], count: usize, compare: impl FnMut(&T, &T) -> Ordering) {
    if (1..=items.len()).contains(&count) {
        select(&mut Compared { items, compare }, count - 1);
    }
}

/// Items of any kind, as a selection sees them.
trait Places {
    fn count(&self) -> usize;
    fn compare(&mut self, a: usize, b: usize) -> Ordering;
    fn swap(&mut self, a: usize, b: usize);
}

struct Compared<'i, T, F> {
    items: &'i mut [T],
    compare: F,
}

impl<T, F: FnMut(&T, &T) -> Ordering> Places for Compared<'_, T, F> {
    fn count(&self) -> usize {
        self.items.len()
    }

    fn compare(&mut self, a: usize, b: usize) -> Ordering {
        (self.compare)(&self.items[a], &self.items[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }
}

/// Brings the item that belongs to place `wanted` there, what comes before it before it, and the rest behind.
#[inline(never)]
fn select(items: &mut dyn Places, wanted: usize) {
    let (mut from, mut to) = (0, items.count());
    let mut rng = Rng::new(items.count() as u64, wanted as u64);
    while to - from > 1 {
        // The pivot stands in front while the others go around it.
        items.swap(from, from + rng.below((to - from) as u64) as usize);
        let (mut low, mut high) = (from + 1, to - 1);
        loop {
            while low <= high && items.compare(low, from) == Ordering::Less {
                low += 1;
            }
            while low <= high && items.compare(high, from) == Ordering::Greater {
                high -= 1;
            }
            if low >= high {
                break;
            }
            // Equal ones are swapped too, so that they end on both sides.
            items.swap(low, high);
            (low, high) = (low + 1, high - 1);
        }
        items.swap(from, high);
        match wanted.cmp(&high) {
            Ordering::Equal => return,
            Ordering::Less => to = high,
            Ordering::Greater => from = high + 1,
        }
    }
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

    #[test]
    fn what_comes_first_comes_to_the_front_with_its_last_one_in_place() {
        let mut rng = Rng::new(8, 0);
        for count in (1..40).chain([255, 1000, 4099]) {
            for values in [1, 2, 5, 1 << 30] {
                let items: Vec<(u64, usize)> = (0..count).map(|at| (rng.below(values), at)).collect();
                for shape in 0..3 {
                    let mut given = items.clone();
                    match shape {
                        1 => given.sort(),
                        2 => given.sort_by(|a, b| b.cmp(a)),
                        _ => {}
                    }
                    let wanted = 1 + rng.below(count as u64) as usize;
                    let mut expected: Vec<u64> = given.iter().map(|item| item.0).collect();
                    expected.sort();
                    front(&mut given, wanted, |a, b| a.0.cmp(&b.0));
                    assert_eq!(given[wanted - 1].0, expected[wanted - 1], "{wanted} of {count}");
                    let mut first: Vec<u64> = given[..wanted].iter().map(|item| item.0).collect();
                    first.sort();
                    assert_eq!(first, expected[..wanted], "{wanted} of {count}");
                    let mut places: Vec<usize> = given.iter().map(|item| item.1).collect();
                    places.sort();
                    assert!(places.into_iter().eq(0..count), "every item is there once");
                }
            }
        }
    }
}
