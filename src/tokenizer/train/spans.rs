//! Words as runs of tokens that grow together in place.
//!
//! In: words as ids with counts, the most frequent first. Out: neighbours of a place, merges, the weight of a place.
//! A token stands at the first and at the last of the slots it spans, so that both its neighbours are one look away
//! and no word is ever moved; what lies between is dead. Words are parted by a barrier that no pair crosses.
//! A slot has 16 bits. An id that does not fit takes two, one after the other: a token that was made spans at least two slots,
//! and a character with such an id is given two. Which of the two is which can be told, so they are read from either end.
//! Falling counts make the weight of a place a look into few groups instead of a number per word.
//! Refuses to know which pair is merged next.

use crate::error::Result;
use crate::{bail, ensure};

/// Stands between words, and wherever nothing begins or ends.
const BARRIER: u16 = u16::MAX;
/// Ids below this are a slot of their own.
const PLAIN: u16 = 0xC000;
/// From [`PLAIN`] to here a slot holds the low bits of a greater id, from here to the barrier the high ones.
const HIGH: u16 = 0xE000;
const LOW_BITS: u32 = 13;

/// Ids are below this.
pub(super) const IDS: usize = PLAIN as usize + (((BARRIER - HIGH) as usize) << LOW_BITS);

/// The slot in which a token begins, and the one after it, if its id takes two.
fn written(id: u32) -> (u16, Option<u16>) {
    match id.checked_sub(u32::from(PLAIN)) {
        None => (id as u16, None),
        Some(wide) => (PLAIN + (wide & ((1 << LOW_BITS) - 1)) as u16, Some(HIGH + (wide >> LOW_BITS) as u16)),
    }
}

/// The id that two slots hold, in either order.
#[cold]
fn joined(one: u16, other: u16) -> Option<u32> {
    let (low, high) = (one.min(other), one.max(other));
    let whole = (PLAIN..HIGH).contains(&low) && (HIGH..BARRIER).contains(&high);
    whole.then(|| u32::from(PLAIN) + (u32::from(high - HIGH) << LOW_BITS) + u32::from(low - PLAIN))
}

const HINT_SHIFT: usize = 6;

/// The words of a corpus, cut into tokens.
#[derive(Debug)]
pub(super) struct Spans {
    slots: Vec<u16>,
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
    pub(super) weight: u64,
}

/// The token before with its place, and the token after.
type Around = (Option<(u32, u32)>, Option<u32>);

impl Spans {
    /// No words, `alphabet` tokens that are characters, room for about `slots` places.
    pub(super) fn new(alphabet: usize, slots: usize) -> Result<Self> {
        let mut spans = Spans { slots: Vec::new(), lengths: Vec::new(), groups: Vec::new(), hints: Vec::new() };
        if spans.slots.try_reserve_exact(slots + 1).is_err() {
            bail!(OutOfMemory, "tokenizer training: no memory for {slots} characters of distinct words");
        }
        spans.slots.push(BARRIER);
        spans.lengths.extend((0..alphabet as u32).map(|id| if written(id).1.is_some() { 2 } else { 1 }));
        Ok(spans)
    }

    /// Adds a word; `None` among the ids is a place that no pair may touch. Counts must not rise from word to word.
    pub(super) fn push(&mut self, ids: impl Iterator<Item = Option<u32>>, count: u64) -> Result<()> {
        for id in ids {
            let (begin, more) = id.map_or((BARRIER, None), written);
            self.slots.push(begin);
            self.slots.extend(more);
        }
        self.slots.push(BARRIER);
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
        self.groups.shrink_to_fit();
        self.hints = Vec::with_capacity((self.slots.len() >> HINT_SHIFT) + 1);
        let mut group = 0;
        for block in 0..=self.slots.len() >> HINT_SHIFT {
            while group + 1 < self.groups.len() && self.groups[group].0 as usize <= block << HINT_SHIFT {
                group += 1;
            }
            self.hints.push(group as u32);
        }
    }

    /// Writes every token into as few slots as its id takes, and lets go of words that no pair is left in.
    pub(super) fn compact(&mut self) {
        let mut groups: Vec<(u32, u64)> = Vec::new();
        let (mut from, mut to, mut word, mut tokens) = (1, 1, 1, 0);
        while from < self.slots.len() {
            let (token, weight) = (self.at(from), self.weight(from));
            from = self.next(from);
            if let Some(token) = token {
                let (begin, more) = written(token);
                for slot in std::iter::once(begin).chain(more) {
                    self.slots[to] = slot;
                    to += 1;
                }
                tokens += 1;
                continue;
            }
            if tokens < 2 {
                (to, tokens) = (word, 0);
                continue;
            }
            tokens = 0;
            self.slots[to] = BARRIER;
            to += 1;
            word = to;
            match groups.last_mut() {
                Some((last, of)) if *of == weight => *last = to as u32,
                _ => groups.push((to as u32, weight)),
            }
        }
        self.slots.truncate(to);
        // Where all words are gone, a place still has a weight.
        groups.extend(groups.is_empty().then_some((1, 0)));
        self.groups = groups;
        for (id, length) in (0..).zip(&mut self.lengths) {
            *length = if written(id).1.is_some() { 2 } else { 1 };
        }
        self.seal();
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
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> Option<u32> {
        let slots = self.slots.as_slice(); // a list's own indexing is a call where code is compiled for size
        match slots[place] {
            BARRIER => None,
            slot if slot < PLAIN => Some(u32::from(slot)),
            slot => joined(slot, slots[place + 1]),
        }
    }

    /// The token that ends before `place`, if it is not a barrier.
    #[inline]
    pub(super) fn before(&self, place: usize) -> Option<u32> {
        match self.slots[place - 1] {
            BARRIER => None,
            slot if slot < PLAIN => Some(u32::from(slot)),
            slot => joined(slot, self.slots[place - 2]),
        }
    }

    /// The place after the token that begins at `place`.
    #[inline(always)]
    pub(super) fn next(&self, place: usize) -> usize {
        match self.at(place) {
            Some(token) => place + self.lengths.as_slice()[token as usize] as usize,
            None => place + 1,
        }
    }

    /// Merges `left` and `right` at `place` into `token`, unless they no longer stand there.
    #[inline]
    pub(super) fn merge(&mut self, place: usize, left: u32, right: u32, token: u32) -> Option<Merged> {
        if self.at(place) != Some(left) {
            return None;
        }
        let second = place + self.lengths[left as usize] as usize;
        if self.at(second) != Some(right) {
            return None;
        }
        let end = second + self.lengths[right as usize] as usize;
        let weight = self.weight(place);
        let before = self.before(place);
        let after = self.at(end);
        // What lies within must not be taken for a begin or an end again.
        for slot in &mut self.slots[place + 1..end - 1] {
            *slot = BARRIER;
        }
        let (begin, more) = written(token);
        // The end first: where a token spans two slots, its begin decides.
        (self.slots[end - 1], self.slots[end - 2]) = (begin, more.unwrap_or(self.slots[end - 2]));
        (self.slots[place], self.slots[place + 1]) = (begin, more.unwrap_or(self.slots[place + 1]));
        Some(Merged { before, after, weight })
    }

    /// The tokens before (with its place) and after `token`, if it begins at `place`.
    pub(super) fn around(&self, place: usize, token: u32) -> Option<Around> {
        // The last place of a token of several also holds its id; only the first is a begin.
        if self.at(place) != Some(token) {
            return None;
        }
        let before = self.before(place).map(|left| (left, (place - self.lengths[left as usize] as usize) as u32));
        Some((before, self.at(self.next(place))))
    }

    /// The first place from `from` to before `to` where `one` or `other` begins. `from` must be where a token begins or ends.
    pub(super) fn find(&self, one: u32, other: u32, from: usize, to: usize) -> Option<usize> {
        const WIDTH: usize = 32;
        let (a, b) = (written(one).0, written(other).0);
        let here = |slot: &u16| *slot == a || *slot == b;
        let mut from = from;
        while from < to {
            let rest = &self.slots[from..to];
            // Whole chunks without a branch within, which is many slots at once.
            let holds = |chunk: &[u16; WIDTH]| chunk.iter().fold(0, |any, slot| any | u16::from(here(slot))) != 0;
            let chunks = rest.chunks_exact(WIDTH).filter_map(|chunk| chunk.try_into().ok());
            let empty = chunks.take_while(|chunk| !holds(chunk));
            let skipped = empty.count() * WIDTH;
            let place = from + skipped + rest[skipped..].iter().position(here)?;
            // Slots of ids that take two may be those of another token.
            if self.at(place).is_some_and(|token| token == one || token == other) {
                return Some(place);
            }
            from = place + 1;
        }
        None
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        self.lengths.capacity() * 4
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * 2 + self.groups.capacity() * 16 + self.hints.capacity() * 4
    }
}

#[cfg(test)]
impl Spans {
    /// Of words as they come, sealed.
    pub(super) fn of(alphabet: usize, counts: usize, words: &[(impl AsRef<[u32]>, u64)]) -> Spans {
        let mut spans = Spans::new(alphabet, counts).unwrap();
        for (ids, count) in words {
            spans.push(ids.as_ref().iter().map(|&id| Some(id)), *count).unwrap();
        }
        spans.seal();
        spans
    }
}

/// Puts `made` for two neighbours wherever they stand in a word, as merging does, in the plainest way.
#[cfg(test)]
pub(super) fn join(words: &mut [(Vec<u32>, u64)], (left, right): (u32, u32), made: u32) {
    for (word, _) in words {
        let mut at = 0;
        while at + 1 < word.len() {
            if (word[at], word[at + 1]) == (left, right) {
                word.splice(at..at + 2, [made]);
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(words: &[(&[u32], u64)]) -> Spans {
        Spans::of(4, 64, words)
    }

    fn tokens(spans: &Spans) -> Vec<Option<u32>> {
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
        assert_eq!((merged.before, merged.after, merged.weight), (Some(0), Some(3), 5));
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

    #[test]
    fn ids_of_two_slots_are_read_from_either_end_whatever_their_length() {
        for first in [u32::from(PLAIN), u32::from(PLAIN) + (1 << LOW_BITS), IDS as u32 - 5] {
            let mut spans = Spans::new(4, 64).unwrap();
            spans.lengths.resize(first as usize, 1);
            spans.push((0..7).map(|id| Some(id % 4)), 5).unwrap();
            spans.seal();
            spans.declare(first, 0, 1);
            spans.declare(first + 1, first, 2);
            spans.declare(first + 2, first + 1, 3);
            spans.merge(1, 0, 1, first).unwrap();
            spans.merge(5, 0, 1, first).unwrap();
            assert_eq!((spans.at(1), spans.before(3), spans.before(7)), (Some(first), Some(first), Some(first)));
            let merged = spans.merge(5, first, 2, first + 1).unwrap();
            assert_eq!((merged.before, merged.after, spans.before(8)), (Some(3), None, Some(first + 1)));
            spans.merge(1, first, 2, first + 1).unwrap();
            spans.merge(1, first + 1, 3, first + 2).unwrap();
            assert_eq!(tokens(&spans), [None, Some(first + 2), Some(first + 1), None]);
            // Where a token no longer begins, none is found.
            assert!((2..5).all(|place| spans.merge(place, first, 2, first + 1).is_none()));
            assert_eq!(spans.find(first + 1, first, 1, spans.places()), Some(5));
            spans.compact();
            assert_eq!((tokens(&spans), spans.places()), (vec![None, Some(first + 2), Some(first + 1), None], 6));
        }
    }

    #[test]
    fn compacting_keeps_what_can_merge_with_its_weight() {
        let mut spans = spans(&[(&[0, 1], 9), (&[0, 1, 2], 5), (&[3], 4), (&[2, 0, 1], 2)]);
        spans.declare(4, 0, 1);
        for place in [1, 4, 11] {
            spans.merge(place, 0, 1, 4).unwrap();
        }
        spans.compact();
        assert_eq!(tokens(&spans), [None, Some(4), Some(2), None, Some(2), Some(4), None]);
        assert_eq!((spans.weight(1), spans.weight(5), spans.next(1)), (5, 2, 2));
        spans.declare(5, 4, 2);
        spans.merge(1, 4, 2, 5).unwrap();
        spans.compact();
        assert_eq!(tokens(&spans), [None, Some(2), Some(4), None]);
    }
}
