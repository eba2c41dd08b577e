//! Sorting in slices.
//!
//! In: a list and an order of all its members. Out: the list in that order, when the last of as many slices as it takes is done: short
//! runs are sorted whole, then merged two by two into a second list (bottom-up merge sort).
//! Refuses to know what is sorted.

use crate::order;
use std::cmp::Ordering;

/// Members of a run that is sorted whole.
const RUN: usize = 1 << 11;

/// A list on its way to being sorted.
#[derive(Debug)]
pub(super) struct Sorting<T> {
    list: Vec<T>,
    /// What the current round has merged.
    merged: Vec<T>,
    /// Members of the runs that are sorted; 0: the short ones are still being sorted.
    run: usize,
    /// Where the pair of runs begins that is being merged, and how far its runs are taken.
    start: usize,
    taken: (usize, usize),
}

impl<T: Copy> Sorting<T> {
    pub(super) fn new(list: Vec<T>) -> Self {
        Sorting { list, merged: Vec::new(), run: 0, start: 0, taken: (0, 0) }
    }

    /// Sorts until the budget is used up; `true`: all is in order.
    pub(super) fn advance(&mut self, budget: &mut usize, compare: impl Fn(&T, &T) -> Ordering) -> bool {
        let count = self.list.len();
        while self.run == 0 {
            if *budget == 0 {
                return false;
            }
            let end = count.min(self.start + RUN);
            order::by(&mut self.list[self.start..end], &compare);
            *budget = budget.saturating_sub((end - self.start) * 16);
            self.start = end;
            if end == count {
                (self.run, self.start) = (RUN, 0);
            }
        }
        while self.run < count {
            if self.merged.capacity() < count {
                self.merged.reserve_exact(count - self.merged.len());
            }
            if !self.merge(budget, &compare) {
                return false;
            }
            std::mem::swap(&mut self.list, &mut self.merged);
            self.merged.clear();
            (self.run, self.start) = (self.run * 2, 0);
        }
        true
    }

    /// Merges all pairs of runs; `false`: the budget is used up.
    fn merge(&mut self, budget: &mut usize, compare: &impl Fn(&T, &T) -> Ordering) -> bool {
        let count = self.list.len();
        while self.start < count {
            let middle = count.min(self.start + self.run);
            let end = count.min(middle + self.run);
            let (mut left, mut right) = (self.start + self.taken.0, middle + self.taken.1);
            while left < middle || right < end {
                if *budget == 0 {
                    self.taken = (left - self.start, right - middle);
                    return false;
                }
                *budget = budget.saturating_sub(2);
                let from_left = right == end
                    || (left < middle && compare(&self.list[left], &self.list[right]) != Ordering::Greater);
                let place = if from_left { &mut left } else { &mut right };
                self.merged.push(self.list[*place]);
                *place += 1;
            }
            (self.start, self.taken) = (end, (0, 0));
        }
        true
    }

    /// The list; in order once [`Sorting::advance`] says so.
    pub(super) fn finish(self) -> Vec<T> {
        self.list
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        (self.list.capacity() + self.merged.capacity()) * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_slices_give_the_order_of_one_sort() {
        for count in [0, 1, 2, RUN - 1, RUN, RUN + 1, 3 * RUN, 4 * RUN + 7, 9 * RUN + 1] {
            for slice in [7, 5000, usize::MAX] {
                let list: Vec<u32> = (0..count as u32).map(|n| n.wrapping_mul(2_654_435_761) >> 7).collect();
                let mut sorting = Sorting::new(list.clone());
                let mut slices = 0;
                while !sorting.advance(&mut slice.clone(), u32::cmp) {
                    slices += 1;
                }
                let mut sorted = list;
                sorted.sort_unstable();
                assert_eq!(sorting.finish(), sorted);
                assert!(slice > 7 || count <= RUN || slices > count / 7, "{count}: {slices}");
            }
        }
    }
}
