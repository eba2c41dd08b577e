//! Unigram training (Kudo 2018): many pieces at first, the least useful dropped until the vocabulary fits.
//!
//! In: word counts. Out: a [`Learned`] vocabulary with log-probabilities.
//! Seeds come from [`Seeds`]. Then, again and again: two steps of EM (expected counts over all ways to cut each word;
//! scores digamma(count) - digamma(sum), pieces expected less than 0.5 times are dropped), and, while there are more than
//! 1.1 times the tokens wanted, a pruning to three quarters: a piece is worth what the likelihood loses when its
//! occurrences are cut in the second best way. Every character stays. sentencepiece does without the last two steps of
//! EM: when a pruning leaves few enough, it takes the scores from before.
//! Refuses to know about pipelines.

use super::bpe::{char_counts, covering};
use super::count::WordCounts;
use super::lattice::{Lattice, Pieces, UNKNOWN};
use super::pieces::PieceRules;
use super::seeds::Seeds;
use super::{Learned, Step};
use crate::ensure;
use crate::error::Result;
use crate::order;
use crate::rng::ln;

/// How Unigram is trained.
#[derive(Clone, Debug)]
pub struct UnigramOptions {
    /// Tokens in all, the special ones counted.
    pub vocab_size: usize,
    /// Words seen less often are left out.
    pub min_frequency: u64,
    /// The first ids.
    pub special_tokens: Vec<String>,
    /// The share of the text whose characters get a token of their own.
    pub coverage: f32,
    /// As sentencepiece has it: a piece holds letters of one script, seeds are weighed by how often they were seen, and
    /// the last choice goes by score, with those from before the last pruning; otherwise seeds are weighed by distinct
    /// words, and what was kept first is chosen, as the usual trainer does.
    pub sentencepiece: bool,
}

const SEEDS: usize = 1_000_000;
const SHRINK: f64 = 0.75;
const EM_STEPS: u32 = 2;

enum Phase {
    Seed(Box<Seeds>),
    /// Expected counts, from a word on.
    Expect {
        step: u32,
        word: usize,
    },
    /// The second best ways of pieces, from a piece on.
    Replace {
        piece: usize,
    },
    /// The best ways of words, from a word on.
    Segment {
        word: usize,
    },
    List {
        next: usize,
    },
}

/// A Unigram training under way.
pub(super) struct UnigramTrainer {
    specials: Vec<String>,
    sentencepiece: bool,
    /// Tokens wanted beside the special ones.
    target: usize,
    /// The words in order of their text, so that sums do not depend on the order of documents.
    words: Vec<(Box<str>, u64)>,
    chars: Vec<(char, u64)>,
    phase: Phase,
    names: Vec<(String, f64)>,
    pieces: Pieces,
    lattice: Lattice,
    counts: Vec<f64>,
    /// What stands in for each piece; nothing when nothing can, or nothing needs to.
    instead: Vec<Option<Vec<u32>>>,
    /// Pieces at first.
    seeds: usize,
    learned: Learned,
}

impl UnigramTrainer {
    pub(super) fn new(words: WordCounts, options: &UnigramOptions) -> Result<Self> {
        let specials = options.special_tokens.clone();
        let counts = char_counts(&words);
        let chars: Vec<(char, u64)> =
            covering(counts.clone(), options.coverage).into_iter().map(|c| (c, counts[&c])).collect();
        ensure!(
            options.vocab_size >= specials.len() + chars.len(),
            BadOption,
            "vocabSize: {} is less than the {} special tokens and characters of this text",
            options.vocab_size,
            specials.len() + chars.len()
        );
        let mut listed: Vec<(Box<str>, u64)> = words
            .iter()
            .filter(|&(_, count)| count >= options.min_frequency)
            .map(|(word, count)| (word.into(), count))
            .collect();
        drop(words);
        order::naturally(&mut listed);
        let rules = PieceRules { scripts_apart: options.sentencepiece, ..PieceRules::default() };
        let mut alphabet: Vec<char> = chars.iter().map(|&(c, _)| c).collect();
        order::naturally(&mut alphabet);
        let seeds = {
            let weight = |count| if options.sentencepiece { count } else { 1 };
            Seeds::new(listed.iter().map(|(word, count)| (&**word, weight(*count))), alphabet, rules, SEEDS)?
        };
        Ok(UnigramTrainer {
            target: options.vocab_size - specials.len(),
            specials,
            sentencepiece: options.sentencepiece,
            words: listed,
            chars,
            phase: Phase::Seed(Box::new(seeds)),
            names: Vec::new(),
            pieces: Pieces::new(&[]),
            lattice: Lattice::default(),
            counts: Vec::new(),
            instead: Vec::new(),
            seeds: 0,
            learned: Learned::default(),
        })
    }

    pub(super) fn advance(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> bool {
        while *budget > 0 {
            match &mut self.phase {
                Phase::Seed(seeds) => {
                    if seeds.advance(budget) {
                        self.plant();
                    }
                }
                Phase::Expect { .. } => self.expect(budget),
                Phase::Replace { .. } => self.replace(budget),
                Phase::Segment { .. } => self.segment(budget),
                Phase::List { .. } => return self.list(budget, steps),
            }
        }
        false
    }

    /// Characters and seeds become the first pieces, as probable as they cover the text.
    fn plant(&mut self) {
        let next = Phase::Expect { step: 0, word: 0 };
        let Phase::Seed(seeds) = std::mem::replace(&mut self.phase, next) else { return };
        let chars = self.chars.iter().map(|&(c, count)| (c.to_string(), count));
        let planted: Vec<(String, u64)> = chars.chain(seeds.finish()).collect();
        let sum = ln(planted.iter().map(|(_, score)| *score as f64).sum());
        self.names = planted.into_iter().map(|(piece, score)| (piece, ln(score as f64) - sum)).collect();
        self.seeds = self.names.len();
        self.pieces = Pieces::new(&self.names);
        self.counts = vec![0.0; self.names.len()];
    }

    fn expect(&mut self, budget: &mut usize) {
        let Phase::Expect { step, mut word } = self.phase else { return };
        while word < self.words.len() && *budget > 0 {
            let (text, count) = &self.words[word];
            *budget = budget.saturating_sub(text.len() * 8);
            self.lattice.expect(text, *count as f64, &self.pieces, &mut self.counts);
            word += 1;
        }
        if word < self.words.len() {
            self.phase = Phase::Expect { step, word };
            return;
        }
        self.maximise();
        let left = self.pieces.scores.iter().filter(|score| score.is_finite()).count();
        self.phase = if step + 1 < EM_STEPS {
            Phase::Expect { step: step + 1, word: 0 }
        } else if left <= self.wanted() {
            self.choose();
            Phase::List { next: 0 }
        } else {
            self.gather();
            Phase::Replace { piece: 0 }
        };
    }

    /// The size at which pruning ends, a tenth above the target.
    fn wanted(&self) -> usize {
        (self.target + self.specials.len()) * 11 / 10
    }

    fn maximise(&mut self) {
        let kept = |count: f64| count >= 0.5;
        let sum: f64 = self.counts.iter().copied().filter(|&count| kept(count)).sum();
        let sum = digamma(sum);
        let score = |&count: &f64| if kept(count) { digamma(count) - sum } else { f64::NEG_INFINITY };
        self.pieces.score(self.counts.iter().map(score).collect());
        self.counts.fill(0.0);
    }

    /// Lets go of the pieces that EM dropped.
    fn gather(&mut self) {
        let scores = std::mem::take(&mut self.pieces.scores);
        let names = std::mem::take(&mut self.names).into_iter().zip(scores);
        let kept = names.filter(|(_, score)| score.is_finite()).map(|((piece, _), score)| (piece, score));
        self.names = kept.collect();
        self.pieces = Pieces::new(&self.names);
        self.counts = vec![0.0; self.names.len()];
        self.instead = Vec::with_capacity(self.names.len());
    }

    fn replace(&mut self, budget: &mut usize) {
        let Phase::Replace { mut piece } = self.phase else { return };
        while piece < self.names.len() && *budget > 0 {
            let (name, score) = &self.names[piece];
            *budget = budget.saturating_sub(name.len() * 8);
            let mut ways = Vec::new();
            let without = match name.chars().nth(1) {
                None => f64::NEG_INFINITY,
                Some(_) => self.lattice.best(name, &self.pieces, true, |id| ways.push(id)),
            };
            // A piece that is better cut is no best piece of any word, and will not be missed.
            self.instead.push(if without == f64::NEG_INFINITY || without > *score { None } else { Some(ways) });
            piece += 1;
        }
        self.phase = match piece < self.names.len() {
            true => Phase::Replace { piece },
            false => Phase::Segment { word: 0 },
        };
    }

    fn segment(&mut self, budget: &mut usize) {
        let Phase::Segment { mut word } = self.phase else { return };
        while word < self.words.len() && *budget > 0 {
            let (text, count) = &self.words[word];
            *budget = budget.saturating_sub(text.len() * 8);
            let counts = &mut self.counts;
            self.lattice.best(text, &self.pieces, false, |id| {
                if let Some(sum) = counts.get_mut(id as usize) {
                    *sum += *count as f64;
                }
            });
            word += 1;
        }
        if word < self.words.len() {
            self.phase = Phase::Segment { word };
            return;
        }
        self.prune();
        self.phase = if self.sentencepiece && self.names.len() <= self.wanted() {
            self.choose();
            Phase::List { next: 0 }
        } else {
            Phase::Expect { step: 0, word: 0 }
        };
    }

    /// Keeps the pieces whose loss would cost the most.
    fn prune(&mut self) {
        let words: f64 = self.words.iter().map(|(_, count)| *count as f64).sum();
        let sum: f64 = self.counts.iter().sum();
        let mut kept: Vec<usize> = Vec::new();
        let mut candidates: Vec<(f64, usize)> = Vec::new();
        for (id, &count) in self.counts.iter().enumerate() {
            let single = self.names[id].0.chars().nth(1).is_none();
            match &self.instead[id] {
                // A character has no other way.
                None if single || count > 0.0 => kept.push(id),
                None => {}
                Some(_) if count == 0.0 => {}
                Some(ways) => {
                    let alone = ln(count) - ln(sum);
                    let after = ln(sum + count * (ways.len() as f64 - 1.0));
                    let of = |way: &u32| if *way == UNKNOWN { 0.0 } else { self.counts[*way as usize] };
                    let instead: f64 = ways.iter().map(|way| ln(of(way) + count) - after).sum();
                    candidates.push((count / words * (alone - instead), id));
                }
            }
        }
        let size = self.wanted().max((self.names.len() as f64 * SHRINK) as usize);
        order::by(&mut candidates, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        kept.extend(candidates.into_iter().map(|(_, id)| id).take(size.saturating_sub(kept.len())));
        self.names = kept.into_iter().map(|id| std::mem::take(&mut self.names[id])).collect();
        self.pieces = Pieces::new(&self.names);
        self.counts = vec![0.0; self.names.len()];
        self.instead = Vec::new();
    }

    /// The final vocabulary: all characters, then the most useful pieces; by falling score.
    fn choose(&mut self) {
        self.gather();
        if self.sentencepiece {
            order::by(&mut self.names, |a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        let least = self.names.iter().map(|&(_, score)| score).fold(0.0, f64::min);
        let mut vocab: Vec<(String, f64)> = Vec::new();
        let mut penalty = 0.0;
        for &(c, _) in &self.chars {
            let mut text = [0; 4];
            let text = &*c.encode_utf8(&mut text);
            let known = self.names.iter_mut().find(|(piece, _)| piece == text);
            vocab.push(match known {
                Some((piece, score)) => (std::mem::take(piece), *score),
                // A character that EM dropped comes back below all others.
                None => {
                    penalty += 0.0001;
                    (text.to_string(), least + penalty - 0.0001)
                }
            });
        }
        let left = self.target.saturating_sub(vocab.len());
        let rest = self.names.drain(..).filter(|(piece, _)| !piece.is_empty() && !self.specials.contains(piece));
        vocab.extend(rest.take(left));
        order::by(&mut vocab, |a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.learned.vocab = self.specials.clone();
        self.learned.scores = vec![0.0; self.specials.len()];
        self.names = vocab;
        self.words = Vec::new();
    }

    fn list(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> bool {
        let Phase::List { mut next } = self.phase else { return false };
        while next < self.names.len() && *budget > 0 {
            *budget = budget.saturating_sub(16);
            let (token, score) = self.names[next].clone();
            self.learned.vocab.push(token.clone());
            self.learned.scores.push(score);
            next += 1;
            steps.push(Step { step: next, token, left: None, right: None, count: 0, score: Some(score) });
        }
        self.phase = Phase::List { next };
        next == self.names.len()
    }

    /// Pieces dropped, and pieces to drop; both grow by the tokens listed.
    pub(super) fn progress(&self) -> (usize, usize) {
        let listed = if let Phase::List { next } = self.phase { next } else { 0 };
        let total = self.seeds.saturating_sub(self.target) + self.target;
        match self.phase {
            Phase::Seed(_) => (0, self.target),
            Phase::List { .. } => (self.seeds.saturating_sub(self.target) + listed, total),
            _ => (self.seeds.saturating_sub(self.names.len().max(self.target)), total),
        }
    }

    /// Bytes held: for the words, and for the pieces.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let words: usize = self.words.iter().map(|(word, _)| word.len() + 24).sum();
        let pieces: usize = self.names.iter().map(|(piece, _)| piece.len() + 80).sum();
        let seeds = if let Phase::Seed(seeds) = &self.phase { seeds.bytes() } else { (0, 0) };
        (words + seeds.0, pieces + seeds.1)
    }

    /// Stopped early, the vocabulary is chosen from the pieces that there are.
    pub(super) fn finish(mut self) -> Learned {
        if matches!(self.phase, Phase::Seed(_)) {
            self.plant();
        }
        if !matches!(self.phase, Phase::List { .. }) {
            self.choose();
            self.phase = Phase::List { next: 0 };
        }
        let mut unlimited = usize::MAX;
        self.list(&mut unlimited, &mut Vec::new());
        self.learned
    }
}

/// The derivative of ln Γ, by recurrence to 7 and its asymptotic series there.
fn digamma(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 7.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let half = x - 0.5;
    let square = 1.0 / (half * half);
    sum + ln(half)
        + square * (1.0 / 24.0 - square * (7.0 / 960.0 - square * (31.0 / 8064.0 - square * 127.0 / 30720.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_is_that_of_the_tables() {
        let cases = [(1.0, -0.577_215_664_901_532_9), (0.5, -1.963_510_026_021_423_5), (10.0, 2.251_752_589_066_721)];
        for (x, expected) in cases {
            assert!((digamma(x) - expected).abs() < 1e-9, "{x}: {}", digamma(x));
        }
    }
}
