//! Words as runs of tokens that grow together in place.
//!
//! In: words as ids with counts, the most frequent first. Out: neighbours of a place, merges, the weight of a place.
//! A token stands at the first and at the last of the slots it spans, so that both its neighbours are one look away
//! and no word is ever moved; what lies between is dead. Words are parted by a barrier that no pair crosses.
//! Falling counts make the weight of a place a look into few groups instead of a number per word.
//! Refuses to know which pair is merged next.

use crate::error::Result;
use crate::{bail, ensure};

/// The integer that holds a token id: 16 bits where the vocabulary allows it, for half the memory.
pub(super) trait Slot: Copy + Eq {
    const BARRIER: Self;
    fn new(id: u32) -> Self;
    fn id(self) -> u32;
}

impl Slot for u16 {
    const BARRIER: u16 = u16::MAX;
    fn new(id: u32) -> u16 {
        id as u16
    }
    fn id(self) -> u32 {
        u32::from(self)
    }
}

impl Slot for u32 {
    const BARRIER: u32 = u32::MAX;
    fn new(id: u32) -> u32 {
        id
    }
    fn id(self) -> u32 {
        self
    }
}

const HINT_SHIFT: usize = 6;

/// The words of a corpus, cut into tokens.
#[derive(Debug)]
pub(super) struct Spans<S> {
    slots: Vec<S>,
    /// How many slots each token spans.
    lengths: Vec<u32>,
    /// End and count of each run of words with equal counts.
    groups: Vec<(u32, u64)>,
    /// The first group that can hold a place, for each block of places.
    hints: Vec<u32>,
}

/// What stands around a pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merged {
    pub(super) before: Option<u32>,
    pub(super) after: Option<u32>,
    /// Where the token before begins.
    pub(super) before_at: u32,
    pub(super) weight: u64,
}

/// The token before with its place, and the token after.
type Around = (Option<(u32, u32)>, Option<u32>);

impl<S: Slot> Spans<S> {
    /// No words, `alphabet` tokens of one slot each, room for about `slots` places.
    pub(super) fn new(alphabet: usize, slots: usize) -> Result<Self> {
        let mut spans = Spans { slots: Vec::new(), lengths: vec![1; alphabet], groups: Vec::new(), hints: Vec::new() };
        if spans.slots.try_reserve_exact(slots + 1).is_err() {
            bail!(OutOfMemory, "tokenizer training: no memory for {slots} characters of distinct words");
        }
        spans.slots.push(S::BARRIER);
        Ok(spans)
    }

    /// Adds a word; `None` among the ids is a place that no pair may touch. Counts must not rise from word to word.
    pub(super) fn push(&mut self, ids: impl Iterator<Item = Option<u32>>, count: u64) -> Result<()> {
        for id in ids {
            self.slots.push(id.map_or(S::BARRIER, S::new));
        }
        self.slots.push(S::BARRIER);
        ensure!(
            self.slots.len() < u32::MAX as usize,
            OutOfMemory,
            "tokenizer training: more than 4 G characters of distinct words"
        );
        let end = self.slots.len() as u32;
        match self.groups.last_mut() {
            Some((last, of)) if *of == count => *last = end,
            _ => self.groups.push((end, count)),
        }
        Ok(())
    }

    /// Ends the adding of words.
    pub(super) fn seal(&mut self) {
        self.slots.shrink_to_fit();
        let mut group = 0;
        for block in 0..=self.slots.len() >> HINT_SHIFT {
            while group + 1 < self.groups.len() && self.groups[group].0 as usize <= block << HINT_SHIFT {
                group += 1;
            }
            self.hints.push(group as u32);
        }
    }

    /// Makes room for so many tokens more, or for as many as there can be pairs; says for how many.
    pub(super) fn room(&mut self, tokens: usize) -> usize {
        let tokens = tokens.min(self.places() / 2);
        self.lengths.reserve_exact(tokens);
        tokens
    }

    /// How many tokens there are.
    pub(super) fn tokens(&self) -> usize {
        self.lengths.len()
    }

    /// How many places there are, dead ones included.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// How often the word around `place` was seen.
    pub(super) fn weight(&self, place: usize) -> u64 {
        let mut group = self.hints[place >> HINT_SHIFT] as usize;
        while self.groups[group].0 as usize <= place {
            group += 1;
        }
        self.groups[group].1
    }

    /// Declares the token that `left` and `right` make; its id is the next one, or that of an equal token.
    pub(super) fn declare(&mut self, token: u32, left: u32, right: u32) {
        if token as usize == self.lengths.len() {
            self.lengths.push(self.lengths[left as usize] + self.lengths[right as usize]);
        }
    }

    /// The token that begins at `place`, if it is not a barrier.
    pub(super) fn at(&self, place: usize) -> Option<u32> {
        let slot = self.slots[place];
        (slot != S::BARRIER).then(|| slot.id())
    }

    /// The place after the token that begins at `place`.
    pub(super) fn next(&self, place: usize) -> usize {
        match self.at(place) {
            Some(token) => place + self.lengths[token as usize] as usize,
            None => place + 1,
        }
    }

    /// Merges `left` and `right` at `place` into `token`, unless they no longer stand there.
    #[inline]
    pub(super) fn merge(&mut self, place: usize, left: u32, right: u32, token: u32) -> Option<Merged> {
        let (l, r, t) = (S::new(left), S::new(right), S::new(token));
        let second = place + self.lengths[left as usize] as usize;
        if self.slots[place] != l || self.slots[second] != r {
            return None;
        }
        let end = second + self.lengths[right as usize] as usize;
        let weight = self.weight(place);
        let before = self.at(place - 1);
        let after = self.at(end);
        // The second token's first place must not be taken for its begin again.
        self.slots[second] = S::BARRIER;
        self.slots[place] = t;
        self.slots[end - 1] = t;
        let before_at = before.map_or(0, |token| place - self.lengths[token as usize] as usize) as u32;
        Some(Merged { before, after, before_at, weight })
    }

    /// The tokens before (with its place) and after `token`, if it begins at `place`.
    pub(super) fn around(&self, place: usize, token: u32) -> Option<Around> {
        // The last place of a token of several also holds its id; only the first is a begin.
        if self.slots[place] != S::new(token) {
            return None;
        }
        let before = self.at(place - 1).map(|left| (left, (place - self.lengths[left as usize] as usize) as u32));
        Some((before, self.at(self.next(place))))
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        self.lengths.capacity() * 4
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<S>() + self.groups.capacity() * 16 + self.hints.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(words: &[(&[u32], u64)]) -> Spans<u16> {
        let mut spans = Spans::new(4, 64).unwrap();
        for (ids, count) in words {
            spans.push(ids.iter().map(|&id| Some(id)), *count).unwrap();
        }
        spans.seal();
        spans
    }

    fn tokens(spans: &Spans<u16>) -> Vec<Option<u32>> {
        let mut out = Vec::new();
        let mut place = 0;
        while place < spans.places() {
            out.push(spans.at(place));
            place = spans.next(place);
        }
        out
    }

    #[test]
    fn a_merge_reports_its_neighbours_and_leaves_its_word_whole() {
        let mut spans = spans(&[(&[0, 1, 2, 3], 5), (&[1, 2], 2)]);
        spans.declare(4, 1, 2);
        let merged = spans.merge(2, 1, 2, 4).unwrap();
        assert_eq!((merged.before, merged.after, merged.before_at, merged.weight), (Some(0), Some(3), 1, 5));
        assert!(spans.merge(2, 1, 2, 4).is_none());
        spans.declare(5, 0, 4);
        assert_eq!(spans.merge(1, 0, 4, 5).unwrap().after, Some(3));
        assert_eq!(tokens(&spans), [None, Some(5), Some(3), None, Some(1), Some(2), None]);
        assert_eq!(spans.weight(6), 2);
    }

    #[test]
    fn a_run_of_equal_tokens_merges_from_the_left_once_each() {
        let mut spans = spans(&[(&[0, 0, 0, 0, 0], 1)]);
        spans.declare(4, 0, 0);
        let merged = (1..5).filter(|&place| spans.merge(place, 0, 0, 4).is_some()).count();
        assert_eq!(merged, 2);
        assert_eq!(tokens(&spans), [None, Some(4), Some(4), Some(0), None]);
    }
}
