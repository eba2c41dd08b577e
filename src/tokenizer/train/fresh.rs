//! The pairs that one merge brings about, counted while it goes on.
//!
//! In: each pair with the new token as it comes and goes. Out: their counts and places.
//! A pair with the new token is found by its other token, one look in an array.
//! Refuses to know whether a pair is worth following.

const NONE: u32 = u32::MAX;

/// A pair with the new token.
#[derive(Clone, Copy)]
pub(super) struct FreshPair {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) count: u64,
    pub(super) places: u32,
    /// The record that follows it, if any.
    pub(super) record: u32,
}

#[derive(Default)]
pub(super) struct Fresh {
    pub(super) pairs: Vec<FreshPair>,
    token: u32,
    /// The pair with a token before the new one, by that token.
    before: Vec<u32>,
    /// The pair with a token after the new one, by that token.
    after: Vec<u32>,
}

impl Fresh {
    /// Begins a merge into `token`.
    pub(super) fn begin(&mut self, token: u32) {
        self.token = token;
        let size = self.before.len().max(token as usize + 1);
        self.before.resize(size, NONE);
        self.after.resize(size, NONE);
    }

    /// Makes room for so many tokens.
    pub(super) fn room(&mut self, tokens: usize) {
        self.before.reserve_exact(tokens);
        self.after.reserve_exact(tokens);
    }

    fn index(&mut self, left: u32, right: u32) -> &mut u32 {
        match right == self.token {
            true => &mut self.before[left as usize],
            false => &mut self.after[right as usize],
        }
    }

    /// The pair came about.
    pub(super) fn add(&mut self, left: u32, right: u32, weight: u64) {
        let next = self.pairs.len() as u32;
        let index = self.index(left, right);
        if *index == NONE {
            *index = next;
            self.pairs.push(FreshPair { left, right, count: 0, places: 0, record: NONE });
        }
        let index = *self.index(left, right);
        let pair = &mut self.pairs[index as usize];
        pair.count = pair.count.saturating_add(weight);
        pair.places += 1;
    }

    /// The pair went again.
    pub(super) fn subtract(&mut self, left: u32, right: u32, weight: u64) {
        let index = *self.index(left, right);
        if let Some(pair) = self.pairs.get_mut(index as usize) {
            pair.count = pair.count.saturating_sub(weight);
        }
    }

    /// The record that follows the pair.
    pub(super) fn record(&mut self, left: u32, right: u32) -> Option<usize> {
        let index = *self.index(left, right);
        self.pairs.get(index as usize).map(|pair| pair.record).filter(|&record| record != NONE).map(|at| at as usize)
    }

    /// Ends the merge.
    pub(super) fn forget(&mut self) {
        for index in 0..self.pairs.len() {
            let FreshPair { left, right, .. } = self.pairs[index];
            *self.index(left, right) = NONE;
        }
        self.pairs.clear();
    }

    /// Bytes held for the merge.
    pub(super) fn bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<FreshPair>()
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        (self.before.capacity() + self.after.capacity()) * 4
    }
}
