//! What stands beside one token, counted.
//!
//! In: sightings of a token with what is before and after it. Out: each neighbour on either side with the count of the pair.
//! A neighbour is found by one look in an array. Refuses to know where the token stands.

const NONE: u32 = u32::MAX;

/// The pairs of one token.
#[derive(Default)]
pub(super) struct Neighbours {
    pub(super) before: Side,
    pub(super) after: Side,
}

/// The neighbours on one side, and how often each was seen.
#[derive(Default)]
pub(super) struct Side {
    tokens: Vec<u32>,
    counts: Vec<u64>,
    /// Where a token stands in the lists, by its id.
    index: Vec<u32>,
}

impl Side {
    pub(super) fn add(&mut self, token: u32, weight: u64) {
        let next = self.tokens.len() as u32;
        let at = &mut self.index[token as usize];
        if *at == NONE {
            *at = next;
            self.tokens.push(token);
            self.counts.push(0);
        }
        self.counts[*at as usize] += weight;
    }

    /// The neighbours with their counts, in the order in which they were met.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        self.tokens.iter().copied().zip(self.counts.iter().copied())
    }

    fn begin(&mut self, tokens: usize) {
        for token in self.tokens.drain(..) {
            self.index[token as usize] = NONE;
        }
        self.counts.clear();
        self.index.resize(tokens.max(self.index.len()), NONE);
    }
}

impl Neighbours {
    /// Forgets all; ids are below `tokens`.
    pub(super) fn begin(&mut self, tokens: usize) {
        self.before.begin(tokens);
        self.after.begin(tokens);
    }

    /// Makes room for ids below `tokens`.
    pub(super) fn room(&mut self, tokens: usize) {
        for side in [&mut self.before, &mut self.after] {
            side.index.reserve_exact(tokens.saturating_sub(side.index.len()));
        }
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        [&self.before, &self.after].iter().map(|side| side.tokens.capacity() * 4 + side.counts.capacity() * 8).sum()
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        (self.before.index.capacity() + self.after.index.capacity()) * 4
    }
}
