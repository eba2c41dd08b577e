//! All ways to cut a word into pieces, weighed at once.
//!
//! In: a word, pieces with probabilities in a trie. Out: how often each piece is expected (forward and backward sums),
//! the best way, or the best way without one piece.
//! Sums run over probabilities, scaled by a constant per character so that they neither vanish nor overflow; where they
//! would all the same, the word is weighed in logarithms.
//! Refuses to know what the numbers are for.

use crate::rng::{exp, ln};
use crate::tokenizer::model::trie::Trie;

/// No piece: a character that none begins with.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What a character costs that no piece begins with, beside the least probable piece.
const PENALTY: f64 = 10.0;

/// e to this power per character keeps sums near one: a character's share of a piece costs about as much.
const SCALE: f64 = 2.5;

/// Pieces with their log-probabilities.
pub(super) struct Pieces {
    pub(super) trie: Trie,
    /// Minus infinity: the piece is gone.
    pub(super) scores: Vec<f64>,
    chars: Vec<u32>,
    /// exp(score + SCALE · characters)
    scaled: Vec<f64>,
    unknown: f64,
}

impl Pieces {
    /// Over pieces that are all there, and lie in the trie under their places.
    pub(super) fn new(trie: Trie, pieces: &[(String, f64)]) -> Self {
        let chars = pieces.iter().map(|(piece, _)| piece.chars().count() as u32).collect();
        let mut all = Pieces { trie, scores: Vec::new(), chars, scaled: Vec::new(), unknown: 0.0 };
        all.score(pieces.iter().map(|&(_, score)| score));
        all
    }

    /// Gives the pieces new scores, where the old ones stood.
    pub(super) fn score(&mut self, scores: impl ExactSizeIterator<Item = f64>) {
        for list in [&mut self.scores, &mut self.scaled] {
            list.clear();
            list.reserve_exact(scores.len());
        }
        self.scores.extend(scores);
        let least = self.scores.iter().copied().filter(|score| score.is_finite()).fold(f64::INFINITY, f64::min);
        self.unknown = if least.is_finite() { least - PENALTY } else { -PENALTY };
        self.scaled.extend(self.scores.iter().zip(&self.chars).map(|(&score, &chars)| scaled(score, chars)));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.trie.bytes() + self.chars.capacity() * 4 + (self.scores.capacity() + self.scaled.capacity()) * 8
    }

    fn score_of(&self, id: u32) -> f64 {
        self.scores.get(id as usize).copied().unwrap_or(self.unknown)
    }
}

fn scaled(score: f64, chars: u32) -> f64 {
    if score.is_finite() { exp(score + SCALE * f64::from(chars)) } else { 0.0 }
}

#[derive(Clone, Copy)]
struct Edge {
    from: u32,
    to: u32,
    id: u32,
}

/// Working memory for one word after another.
#[derive(Default)]
pub(super) struct Lattice {
    edges: Vec<Edge>,
    forward: Vec<f64>,
    backward: Vec<f64>,
    best: Vec<(f64, usize)>,
}

impl Lattice {
    /// Finds the edges of a word, in order of where they begin; without the piece that is the whole word, if asked.
    fn set(&mut self, word: &str, pieces: &Pieces, not_whole: bool) {
        self.edges.clear();
        let bytes = word.as_bytes();
        for (at, c) in word.char_indices() {
            let own = c.len_utf8();
            let mut single = false;
            pieces.trie.prefixes(&bytes[at..], |length, id| {
                if pieces.scores[id as usize].is_finite() && !(not_whole && length == bytes.len()) {
                    single |= length == own;
                    self.edges.push(Edge { from: at as u32, to: (at + length) as u32, id });
                }
            });
            if !single {
                self.edges.push(Edge { from: at as u32, to: (at + own) as u32, id: UNKNOWN });
            }
        }
    }

    /// Adds `weight` times the expected number of each piece in the word.
    pub(super) fn expect(&mut self, word: &str, weight: f64, pieces: &Pieces, expected: &mut [f64]) {
        self.set(word, pieces, false);
        let places = word.len() + 1;
        let unknown = scaled(pieces.unknown, 1);
        let p = |edge: &Edge| pieces.scaled.get(edge.id as usize).copied().unwrap_or(unknown);
        self.forward.clear();
        self.forward.resize(places, 0.0);
        self.backward.clear();
        self.backward.resize(places, 0.0);
        self.forward[0] = 1.0;
        self.backward[places - 1] = 1.0;
        for edge in &self.edges {
            self.forward[edge.to as usize] += self.forward[edge.from as usize] * p(edge);
        }
        let whole = self.forward[places - 1];
        if !(1e-280..1e280).contains(&whole) {
            return self.expect_in_logarithms(weight, pieces, expected, places);
        }
        for edge in self.edges.iter().rev() {
            self.backward[edge.from as usize] += self.backward[edge.to as usize] * p(edge);
        }
        let share = weight / whole;
        for edge in &self.edges {
            if let Some(sum) = expected.get_mut(edge.id as usize) {
                *sum += share * self.forward[edge.from as usize] * p(edge) * self.backward[edge.to as usize];
            }
        }
    }

    fn expect_in_logarithms(&mut self, weight: f64, pieces: &Pieces, expected: &mut [f64], places: usize) {
        self.forward.fill(f64::NEG_INFINITY);
        self.backward.fill(f64::NEG_INFINITY);
        self.forward[0] = 0.0;
        self.backward[places - 1] = 0.0;
        for edge in &self.edges {
            let way = self.forward[edge.from as usize] + pieces.score_of(edge.id);
            self.forward[edge.to as usize] = sum_of(self.forward[edge.to as usize], way);
        }
        for edge in self.edges.iter().rev() {
            let way = self.backward[edge.to as usize] + pieces.score_of(edge.id);
            self.backward[edge.from as usize] = sum_of(self.backward[edge.from as usize], way);
        }
        let whole = self.forward[places - 1];
        for edge in &self.edges {
            if let Some(sum) = expected.get_mut(edge.id as usize) {
                let way = self.forward[edge.from as usize] + pieces.scores[edge.id as usize];
                *sum += weight * exp(way + self.backward[edge.to as usize] - whole);
            }
        }
    }

    /// Calls back with the pieces of the best way, from the last to the first; gives its score. Without the piece that
    /// is the whole word, if asked.
    pub(super) fn best(&mut self, word: &str, pieces: &Pieces, not_whole: bool, mut see: impl FnMut(u32)) -> f64 {
        self.set(word, pieces, not_whole);
        self.best.clear();
        self.best.resize(word.len() + 1, (f64::NEG_INFINITY, usize::MAX));
        self.best[0].0 = 0.0;
        for (index, edge) in self.edges.iter().enumerate() {
            let way = self.best[edge.from as usize].0 + pieces.score_of(edge.id);
            if way > self.best[edge.to as usize].0 {
                self.best[edge.to as usize] = (way, index);
            }
        }
        let mut at = word.len();
        while let Some(edge) = self.edges.get(self.best[at].1) {
            see(edge.id);
            at = edge.from as usize;
        }
        self.best[word.len()].0
    }
}

/// ln(exp(a) + exp(b))
fn sum_of(a: f64, b: f64) -> f64 {
    let (more, less) = if a > b { (a, b) } else { (b, a) };
    if less == f64::NEG_INFINITY { more } else { more + ln(1.0 + exp(less - more)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Pieces {
        let pieces = [("a", 0.3), ("b", 0.2), ("ab", 0.4), ("ba", 0.1)];
        let trie = Trie::new(pieces.iter().zip(0..).map(|((piece, _), id)| (piece.as_bytes(), id)));
        Pieces::new(trie, &pieces.map(|(piece, p): (&str, f64)| (piece.to_string(), p.ln())))
    }

    #[test]
    fn expected_numbers_are_those_of_all_ways() {
        // aba: a·b·a 0.018, ab·a 0.12, a·ba 0.03.
        let mut expected = vec![0.0; 4];
        Lattice::default().expect("aba", 2.0, &pieces(), &mut expected);
        let sum = 0.168;
        let exact = [2.0 * (0.018 * 2.0 + 0.12 + 0.03) / sum, 2.0 * 0.018 / sum, 2.0 * 0.12 / sum, 2.0 * 0.03 / sum];
        assert!(expected.iter().zip(exact).all(|(ours, exact)| (ours - exact).abs() < 1e-12), "{expected:?}");
    }

    #[test]
    fn a_word_too_long_for_sums_is_weighed_in_logarithms() {
        let word = "ab".repeat(4000);
        let mut expected = vec![0.0; 4];
        Lattice::default().expect(&word, 1.0, &pieces(), &mut expected);
        let letters = expected[0] + expected[1] + 2.0 * (expected[2] + expected[3]);
        assert!((letters - 8000.0).abs() < 1e-6, "{letters}");
    }

    #[test]
    fn the_best_way_and_the_best_without_the_whole_are_found() {
        let mut way = Vec::new();
        let score = Lattice::default().best("ab", &pieces(), false, |id| way.push(id));
        assert_eq!((way.as_slice(), score), ([2].as_slice(), 0.4f64.ln()));
        way.clear();
        Lattice::default().best("ab", &pieces(), true, |id| way.push(id));
        assert_eq!(way, [1, 0]);
        way.clear();
        Lattice::default().best("c", &pieces(), false, |id| way.push(id));
        assert_eq!(way, [UNKNOWN]);
    }
}
