//! The bounded search against counting every pair anew before each merge.

use super::super::learn::ByIds;
use super::super::spans::join;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Counts everything anew before each merge.
fn plain(mut words: Vec<(Vec<u32>, u64)>, alphabet: u32, merges: usize, least: u64) -> Vec<(u32, u32, u64)> {
    let mut chosen = Vec::new();
    for token in alphabet..alphabet + merges as u32 {
        let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_default() += count;
            }
        }
        let best = counts.into_iter().max_by_key(|&(pair, count)| (count, Reverse(pair)));
        let Some(((left, right), count)) = best.filter(|&(_, count)| count >= least) else { break };
        chosen.push((left, right, count));
        join(&mut words, (left, right), token);
    }
    chosen
}

fn bounded(
    words: &[(Vec<u32>, u64)],
    alphabet: u32,
    merges: usize,
    least: u64,
    limits: Limits,
    slice: usize,
) -> Vec<(u32, u32, u64)> {
    let mut words = words.to_vec();
    words.sort_by_key(|word| Reverse(word.1));
    let spans = Spans::of(alphabet as usize, 16, &words);
    let mut merger = Merger::new(spans, ByIds, least);
    merger.limits = limits;
    let mut chosen = Vec::new();
    while chosen.len() < merges {
        let mut budget = slice;
        match merger.next(&mut budget).unwrap() {
            Next::Pending => continue,
            Next::Exhausted => break,
            Next::Merge(pair) => {
                chosen.push((pair.left, pair.right, pair.count));
                merger.merge(pair, alphabet + chosen.len() as u32 - 1, false, &mut budget);
            }
        }
    }
    chosen
}

proptest! {
    #[test]
    fn bounded_memory_and_slices_choose_what_counting_everything_anew_chooses(
        words in prop::collection::vec((prop::collection::vec(0u32..4, 1..12), 1u64..6), 1..40),
        pairs in 1usize..12,
        places in 1usize..60,
        slice in 1usize..200,
        // Ids of one slot, ids that come to need two, and characters that do.
        first in prop::sample::select(vec![0u32, 0xC000 - 9, 0xC000 + 8190]),
    ) {
        let limits = Limits { pairs, records: pairs * 2, listed: places, places: places + places / 2 };
        let words: Vec<(Vec<u32>, u64)> =
            words.into_iter().map(|(word, count)| (word.into_iter().map(|id| first + id).collect(), count)).collect();
        let expected = plain(words.clone(), first + 4, 40, 1);
        prop_assert_eq!(bounded(&words, first + 4, 40, 1, limits, slice), expected);
    }
}
