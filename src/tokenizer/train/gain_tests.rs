//! The bounded search for the greatest gain against counting everything anew before each merge.

use super::super::spans::join;
use super::*;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A merge: left, right, count, gain.
type Step = (u32, u32, u64, f64);

/// Counts everything anew before each merge; `token` tells the id of what a step makes, `refused` which pairs are turned down.
fn plain(
    mut words: Vec<(Vec<u32>, u64)>,
    token: impl Fn(usize) -> u32,
    merges: usize,
    least: u64,
    refused: u32,
) -> Vec<Step> {
    let mut chosen = Vec::new();
    while chosen.len() < merges {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        let mut pairs: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (word, count) in &words {
            word.iter().for_each(|&id| *counts.entry(id).or_default() += count);
            word.windows(2).for_each(|pair| *pairs.entry((pair[0], pair[1])).or_default() += count);
        }
        let mut best: Option<Step> = None;
        for (&(left, right), &count) in &pairs {
            let gain = count as f64 / (counts[&left] as f64 * counts[&right] as f64);
            if count >= least && !turned_down(left, right, refused) && best.is_none_or(|best| gain > best.3) {
                best = Some((left, right, count, gain));
            }
        }
        let Some(step) = best else { break };
        let made = token(chosen.len());
        chosen.push(step);
        join(&mut words, (step.0, step.1), made);
    }
    chosen
}

fn turned_down(left: u32, right: u32, refused: u32) -> bool {
    (left * 7 + right) % 16 < refused
}

fn bounded(
    words: &[(Vec<u32>, u64)],
    alphabet: u32,
    token: impl Fn(usize) -> u32,
    merges: usize,
    least: u64,
    refused: u32,
    slice: usize,
) -> Vec<Step> {
    let mut words = words.to_vec();
    words.sort_by_key(|word| Reverse(word.1));
    let spans = Spans::of(alphabet as usize, 16, &words);
    let mut merger = GainMerger::new(spans, least);
    merger.room(merges);
    let mut chosen = Vec::new();
    while chosen.len() < merges {
        match merger.propose(&mut slice.clone()) {
            Progress::Pending => continue,
            Progress::Exhausted => break,
            Progress::Proposal(Proposal { left, right, .. }) if turned_down(left, right, refused) => merger.refuse(),
            Progress::Proposal(Proposal { left, right, count, score }) => {
                let made = token(chosen.len());
                chosen.push((left, right, count, score.unwrap()));
                merger.merge(made, (made as usize) < merger.spans.tokens());
            }
        }
    }
    chosen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_pair_kept_and_any_slices_choose_what_counting_everything_anew_chooses(
        words in prop::collection::vec((prop::collection::vec(0u32..4, 1..12), 1u64..6), 1..40),
        least in 1u64..4,
        refused in 0u32..4,
        slice in 1usize..200,
        first in prop::sample::select(vec![0u32, 0xC000 - 9, 0xC000 + 8190]),
    ) {
        let words: Vec<(Vec<u32>, u64)> =
            words.into_iter().map(|(word, count)| (word.into_iter().map(|id| first + id).collect(), count)).collect();
        let token = |step: usize| first + 4 + step as u32;
        let expected = plain(words.clone(), token, 40, least, refused);
        prop_assert_eq!(bounded(&words, first + 4, token, 40, least, refused, slice), expected);
    }

    /// Two ways to one name: "a" + "bc" and "ab" + "c". The token is the older one, and its pairs elsewhere are counted anew.
    #[test]
    fn a_merge_into_a_token_that_existed_counts_its_pairs_anew(
        words in prop::collection::vec((prop::collection::vec(0u32..3, 1..10), 1u64..6), 1..30),
        slice in 1usize..200,
    ) {
        // A token's name is the symbols it spans.
        let names = |words: &[Step]| {
            let mut names: Vec<Vec<u32>> = (0..3).map(|id| vec![id]).collect();
            for &(left, right, ..) in words {
                let name = [names[left as usize].clone(), names[right as usize].clone()].concat();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        let mut spans_words = words.clone();
        spans_words.sort_by_key(|word| Reverse(word.1));
        let mut spans = Spans::new(3, 16).unwrap();
        for (word, count) in &spans_words {
            spans.push(word.iter().map(|&id| Some(id)), *count).unwrap();
        }
        spans.seal();
        let mut merger = GainMerger::new(spans, 1);
        let mut chosen: Vec<Step> = Vec::new();
        let mut tokens: Vec<u32> = Vec::new();
        loop {
            match merger.propose(&mut slice.clone()) {
                Progress::Pending => continue,
                Progress::Exhausted => break,
                Progress::Proposal(Proposal { left, right, count, score }) => {
                    chosen.push((left, right, count, score.unwrap()));
                    let known = names(&chosen[..chosen.len() - 1]);
                    let name = [known[left as usize].clone(), known[right as usize].clone()].concat();
                    let id = known.iter().position(|other| *other == name).unwrap_or(known.len());
                    tokens.push(id as u32);
                    merger.merge(id as u32, id < known.len());
                }
            }
        }
        let expected = plain(words, |step| tokens.get(step).copied().unwrap_or(u32::MAX), usize::MAX, 1, 0);
        prop_assert_eq!(chosen, expected);
    }
}
