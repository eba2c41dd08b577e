//! WordPiece as it is taught: the pair that raises the likelihood most.
//!
//! In: words as [`Spans`]. Out: one merge at a time, the greatest count(ab) / (count(a) · count(b)) (Schuster and
//! Nakajima 2012), ties to the smallest (left id, right id).
//! A merge lowers the counts of both its tokens and so raises the gain of every pair with them; no heap holds under
//! that, so each step looks at every pair once. A pair's places are found by walking the words when it is merged.
//! Refuses to know what the tokens are called.

use super::learn::Proposal;
use super::pairs::{key, unkey};
use super::spans::{Slot, Spans};
use crate::bail;
use crate::error::Result;
use crate::order;
use std::collections::BTreeMap;

pub(super) struct GainMerger<S> {
    pub(super) spans: Spans<S>,
    least: u64,
    /// Every pair with its count and the places where it came about.
    pairs: Vec<Pair>,
    index: BTreeMap<u64, u32>,
    /// How often each token stands in the corpus.
    counts: Vec<u64>,
    chosen: Option<u32>,
}

struct Pair {
    left: u32,
    right: u32,
    count: u64,
    places: Vec<u32>,
}

impl<S: Slot> GainMerger<S> {
    /// Over sealed `spans`; pairs seen less than `least` times are never merged.
    pub(super) fn new(spans: Spans<S>, least: u64) -> Result<Self> {
        let mut merger = GainMerger {
            spans,
            least: least.max(1),
            pairs: Vec::new(),
            index: BTreeMap::new(),
            counts: Vec::new(),
            chosen: None,
        };
        let mut place = 0;
        while place < merger.spans.places() {
            let next = merger.spans.next(place);
            if let Some(token) = merger.spans.at(place) {
                let weight = merger.spans.weight(place);
                merger.count(token, weight);
                if let Some(right) = merger.spans.at(next) {
                    merger.add(token, right, place as u32, weight);
                }
            }
            place = next;
        }
        if merger.pairs.len() >= u32::MAX as usize {
            bail!(OutOfMemory, "tokenizer training: more than 4 G pairs");
        }
        Ok(merger)
    }

    fn count(&mut self, token: u32, weight: u64) {
        if self.counts.len() <= token as usize {
            self.counts.resize(token as usize + 1, 0);
        }
        self.counts[token as usize] += weight;
    }

    fn add(&mut self, left: u32, right: u32, place: u32, weight: u64) {
        let next = self.pairs.len() as u32;
        let index = *self.index.entry(key(left, right)).or_insert(next);
        if index == next {
            self.pairs.push(Pair { left, right, count: 0, places: Vec::new() });
        }
        let pair = &mut self.pairs[index as usize];
        pair.count += weight;
        pair.places.push(place);
    }

    fn drop(&mut self, left: u32, right: u32, weight: u64) {
        if let Some(&index) = self.index.get(&key(left, right)) {
            let pair = &mut self.pairs[index as usize];
            pair.count = pair.count.saturating_sub(weight);
        }
    }

    /// The pair with the greatest gain.
    pub(super) fn propose(&mut self, budget: &mut usize) -> Option<Proposal> {
        *budget -= (self.pairs.len() / 8).min(*budget);
        let mut best: Option<(f64, u64, u32)> = None;
        for (index, pair) in self.pairs.iter().enumerate() {
            if pair.count < self.least {
                continue;
            }
            let (a, b) = (self.counts[pair.left as usize], self.counts[pair.right as usize]);
            let gain = pair.count as f64 / (a as f64 * b as f64);
            let tie = key(pair.left, pair.right);
            if best.is_none_or(|(most, least_tie, _)| gain > most || (gain == most && tie < least_tie)) {
                best = Some((gain, tie, index as u32));
            }
        }
        let (gain, tie, index) = best?;
        self.chosen = Some(index);
        let (left, right) = unkey(tie);
        Some(Proposal { left, right, count: self.pairs[index as usize].count, score: Some(gain) })
    }

    /// Turns the last proposal down.
    pub(super) fn refuse(&mut self) {
        if let Some(index) = self.chosen.take() {
            // Kept under its key with no places, so that it is not found again.
            let pair = &mut self.pairs[index as usize];
            pair.count = 0;
            pair.places = Vec::new();
        }
    }

    /// Merges the last proposal into `token`.
    pub(super) fn merge(&mut self, token: u32, _known: bool, budget: &mut usize) {
        let Some(index) = self.chosen.take() else { return };
        let Pair { left, right, .. } = self.pairs[index as usize];
        let mut places = std::mem::take(&mut self.pairs[index as usize].places);
        order::naturally(&mut places);
        *budget -= (places.len() * 8).min(*budget);
        self.spans.declare(token, left, right);
        for place in places {
            let Some(merged) = self.spans.merge(place as usize, left, right, token) else { continue };
            self.counts[left as usize] = self.counts[left as usize].saturating_sub(merged.weight);
            self.counts[right as usize] = self.counts[right as usize].saturating_sub(merged.weight);
            self.count(token, merged.weight);
            if let Some(before) = merged.before {
                self.drop(before, left, merged.weight);
                self.add(before, token, merged.before_at, merged.weight);
            }
            if let Some(after) = merged.after {
                self.drop(right, after, merged.weight);
                self.add(token, after, place, merged.weight);
            }
        }
        self.pairs[index as usize].count = 0;
        self.retire();
    }

    /// Forgets pairs that are gone, once they are the half of all.
    fn retire(&mut self) {
        let live = |pair: &Pair| pair.count > 0;
        if self.pairs.len() > 4096 && self.pairs.iter().filter(|pair| live(pair)).count() * 2 < self.pairs.len() {
            self.pairs.retain(live);
            self.index =
                self.pairs.iter().enumerate().map(|(at, pair)| (key(pair.left, pair.right), at as u32)).collect();
        }
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        self.spans.vocabulary_bytes() + self.counts.capacity() * 8
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        let places: usize = self.pairs.iter().map(|pair| pair.places.capacity() * 4).sum();
        self.spans.bytes() + places + self.pairs.capacity() * size_of::<Pair>() + self.index.len() * 16
    }
}
