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
use super::lattice::{Lattice, Pieces, UNKNOWN};
use super::lexicon::{Lexicon, Mark, Ordering};
use super::pieces::PieceRules;
use super::seeds::{Seed, Seeds};
use super::sorting::Sorting;
use super::{Learned, Step};
use crate::ensure;
use crate::error::Result;
use crate::order;
use crate::rng::ln;
use crate::tokenizer::count::WordCounts;
use crate::tokenizer::model::trie::{Growing, Trie};
use std::collections::HashMap;

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
    /// Words are put into the order of their text, so that sums do not depend on the order of documents.
    Order(Box<Ordering>),
    Seed(Box<Seeds>),
    /// Seeds become pieces, from a seed on.
    Plant {
        seeds: Vec<Seed>,
        next: usize,
        sum: f64,
    },
    /// A trie is made of the pieces: first they are sorted, then it grows. Then to the second phase, else to the first.
    Build {
        order: Sorting<u32>,
        trie: Option<(Vec<u32>, Growing)>,
        replaces: bool,
    },
    /// Expected counts, from a word on.
    Expect {
        step: u32,
        mark: Mark,
    },
    /// The second best ways of pieces, from a piece on.
    Replace {
        piece: usize,
    },
    /// The best ways of words, from a word on.
    Segment {
        mark: Mark,
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
    words: Lexicon,
    chars: Vec<(char, u64)>,
    /// Whether there are characters that are not among them.
    unknown: bool,
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
        let unknown = chars.len() < counts.len();
        Ok(UnigramTrainer {
            target: options.vocab_size - specials.len(),
            specials,
            sentencepiece: options.sentencepiece,
            phase: Phase::Order(Box::new(Ordering::new(words, options.min_frequency))),
            words: Lexicon::default(),
            chars,
            unknown,
            names: Vec::new(),
            pieces: Pieces::new(Trie::default(), &[]),
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
                Phase::Order(ordering) => {
                    if ordering.advance(budget) {
                        self.seed();
                    }
                }
                Phase::Seed(seeds) => {
                    if seeds.advance(&self.words, budget) {
                        self.sow();
                    }
                }
                Phase::Plant { .. } => self.plant(budget),
                Phase::Build { .. } => self.build(budget),
                Phase::Expect { .. } => self.expect(budget),
                Phase::Replace { .. } => self.replace(budget),
                Phase::Segment { .. } => self.segment(budget),
                Phase::List { .. } => return self.list(budget, steps),
            }
        }
        false
    }

    /// Begins the search for seeds.
    fn seed(&mut self) {
        let next = Phase::List { next: 0 };
        let Phase::Order(ordering) = std::mem::replace(&mut self.phase, next) else { return };
        self.words = ordering.finish();
        let rules = PieceRules { scripts_apart: self.sentencepiece, ..PieceRules::default() };
        let mut alphabet: Vec<char> = self.chars.iter().map(|&(c, _)| c).collect();
        order::naturally(&mut alphabet);
        let seeds = Seeds::new(&self.words, self.sentencepiece, (alphabet, self.unknown), rules, SEEDS);
        self.phase = Phase::Seed(Box::new(seeds));
    }

    /// Characters and seeds are to become the first pieces, as probable as they cover the text.
    fn sow(&mut self) {
        let next = Phase::List { next: 0 };
        let Phase::Seed(seeds) = std::mem::replace(&mut self.phase, next) else { return };
        let seeds = seeds.finish();
        let scores = self.chars.iter().map(|&(_, count)| count).chain(seeds.iter().map(|seed| seed.score));
        let sum = ln(scores.map(|score| score as f64).sum());
        self.names.reserve_exact(self.chars.len() + seeds.len());
        self.names.extend(self.chars.iter().map(|&(c, count)| (c.to_string(), ln(count as f64) - sum)));
        self.seeds = self.chars.len() + seeds.len();
        self.phase = Phase::Plant { seeds, next: 0, sum };
    }

    fn plant(&mut self, budget: &mut usize) {
        let Phase::Plant { seeds, next, sum } = &mut self.phase else { return };
        while let Some(seed) = seeds.get(*next) {
            if *budget == 0 {
                return;
            }
            *budget = budget.saturating_sub(16);
            let (text, score) = seed.read(&self.words);
            self.names.push((text.to_string(), ln(score as f64) - *sum));
            *next += 1;
        }
        self.make_trie(false);
    }

    /// Begins to make a trie of the pieces; then their replacements are looked for, or their counts.
    fn make_trie(&mut self, replaces: bool) {
        self.pieces = Pieces::new(Trie::default(), &[]);
        let order = Sorting::new((0..self.names.len() as u32).collect());
        self.phase = Phase::Build { order, trie: None, replaces };
    }

    fn build(&mut self, budget: &mut usize) {
        let names = &self.names;
        let text = |id: u32| names.get(id as usize).map_or("", |name| name.0.as_str());
        let Phase::Build { order, trie, replaces } = &mut self.phase else { return };
        let Some((sorted, growing)) = trie else {
            if order.advance(budget, |&a, &b| text(a).cmp(text(b))) {
                let sorted = std::mem::replace(order, Sorting::new(Vec::new())).finish();
                let growing = Growing::new(sorted.len());
                *trie = Some((sorted, growing));
            }
            return;
        };
        let replaces = *replaces;
        let key = |index: usize| sorted.get(index).map_or((&b""[..], 0), |&id| (text(id).as_bytes(), id));
        if !growing.advance(budget, key) {
            return;
        }
        let trie = std::mem::replace(growing, Growing::new(0)).finish();
        self.pieces = Pieces::new(trie, &self.names);
        self.counts = vec![0.0; self.names.len()];
        self.phase = match replaces {
            true => Phase::Replace { piece: 0 },
            false => Phase::Expect { step: 0, mark: Mark::default() },
        };
    }

    fn expect(&mut self, budget: &mut usize) {
        let Phase::Expect { step, mark } = &mut self.phase else { return };
        while *budget > 0
            && let Some((text, count)) = self.words.next(mark)
        {
            *budget = budget.saturating_sub(text.len() * 8);
            self.lattice.expect(text, count as f64, &self.pieces, &mut self.counts);
        }
        if !self.words.is_end(*mark) {
            return;
        }
        let step = *step;
        self.maximise();
        let left = self.pieces.scores.iter().filter(|score| score.is_finite()).count();
        if step + 1 < EM_STEPS {
            self.phase = Phase::Expect { step: step + 1, mark: Mark::default() };
        } else if left <= self.wanted() {
            self.gather();
            self.choose();
        } else {
            self.gather();
            self.instead = Vec::with_capacity(self.names.len());
            self.make_trie(true);
        }
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
        self.pieces.score(self.counts.iter().map(score));
        self.counts.fill(0.0);
    }

    /// Lets go of the pieces that EM dropped.
    fn gather(&mut self) {
        let scores = std::mem::take(&mut self.pieces.scores);
        let names = std::mem::take(&mut self.names).into_iter().zip(scores);
        let kept = names.filter(|(_, score)| score.is_finite()).map(|((piece, _), score)| (piece, score));
        self.names = kept.collect();
        self.pieces = Pieces::new(Trie::default(), &[]);
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
            false => Phase::Segment { mark: Mark::default() },
        };
    }

    fn segment(&mut self, budget: &mut usize) {
        let Phase::Segment { mark } = &mut self.phase else { return };
        while *budget > 0
            && let Some((text, count)) = self.words.next(mark)
        {
            *budget = budget.saturating_sub(text.len() * 8);
            let counts = &mut self.counts;
            self.lattice.best(text, &self.pieces, false, |id| {
                if let Some(sum) = counts.get_mut(id as usize) {
                    *sum += count as f64;
                }
            });
        }
        if !self.words.is_end(*mark) {
            return;
        }
        self.prune();
        if self.sentencepiece && self.names.len() <= self.wanted() {
            self.choose();
        } else {
            self.make_trie(false);
        }
    }

    /// Keeps the pieces whose loss would cost the most.
    fn prune(&mut self) {
        let words: f64 = self.words.iter().map(|(_, count)| count as f64).sum();
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
        self.instead = Vec::new();
    }

    /// The final vocabulary: all characters, then the most useful pieces; by falling score.
    fn choose(&mut self) {
        self.words = Lexicon::default();
        if self.sentencepiece {
            order::by(&mut self.names, |a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        let least = self.names.iter().map(|&(_, score)| score).fold(0.0, f64::min);
        let mut vocab: Vec<(String, f64)> = Vec::with_capacity(self.chars.len() + self.names.len());
        let mut penalty = 0.0;
        let single = |piece: &str| piece.chars().next().filter(|c| c.len_utf8() == piece.len());
        let singles = self.names.iter().enumerate().filter_map(|(at, (piece, _))| Some((single(piece)?, at)));
        let singles: HashMap<char, usize> = singles.collect();
        for &(c, _) in &self.chars {
            vocab.push(match singles.get(&c).and_then(|&at| self.names.get_mut(at)) {
                Some((piece, score)) => (std::mem::take(piece), *score),
                // A character that EM dropped comes back below all others.
                None => {
                    penalty += 0.0001;
                    (c.to_string(), least + penalty - 0.0001)
                }
            });
        }
        let left = self.target.saturating_sub(vocab.len());
        let rest = self.names.drain(..).filter(|(piece, _)| !piece.is_empty() && !self.specials.contains(piece));
        vocab.extend(rest.take(left));
        order::by(&mut vocab, |a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.learned.vocab.reserve_exact(self.specials.len() + vocab.len());
        self.learned.scores.reserve_exact(self.specials.len() + vocab.len());
        self.learned.vocab.extend(self.specials.iter().cloned());
        self.learned.scores.resize(self.specials.len(), 0.0);
        self.names = vocab;
        self.phase = Phase::List { next: 0 };
    }

    fn list(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> bool {
        let Phase::List { mut next } = self.phase else { return false };
        while next < self.names.len() && *budget > 0 {
            *budget = budget.saturating_sub(16);
            let (token, score) = std::mem::take(&mut self.names[next]);
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
            Phase::Order(_) | Phase::Seed(_) | Phase::Plant { .. } => (0, self.target),
            Phase::List { .. } => (self.seeds.saturating_sub(self.target) + listed, total),
            _ => (self.seeds.saturating_sub(self.names.len().max(self.target)), total),
        }
    }

    /// Bytes held: for the words, and for the pieces.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let names: usize = self.names.iter().map(|(piece, _)| piece.capacity()).sum();
        let instead: usize = self.instead.iter().flatten().map(|ways| ways.capacity() * 4 + 24).sum();
        let pieces = names + instead + self.names.capacity() * 32 + self.counts.capacity() * 8 + self.pieces.bytes();
        let (words, more) = match &self.phase {
            Phase::Order(ordering) => (ordering.bytes(), 0),
            Phase::Seed(seeds) => seeds.bytes(),
            Phase::Plant { seeds, .. } => (0, seeds.capacity() * size_of::<Seed>()),
            Phase::Build { order, trie, .. } => {
                (0, order.bytes() + trie.as_ref().map_or(0, |(sorted, trie)| sorted.capacity() * 4 + trie.bytes()))
            }
            _ => (0, 0),
        };
        (self.words.bytes() + words, pieces + more)
    }

    /// Stopped early, the vocabulary is chosen from the pieces that there are.
    pub(super) fn finish(mut self) -> Learned {
        let mut unlimited = usize::MAX;
        loop {
            match &mut self.phase {
                Phase::Order(ordering) => {
                    if ordering.advance(&mut unlimited) {
                        self.seed();
                    }
                }
                Phase::Seed(seeds) => {
                    if seeds.advance(&self.words, &mut unlimited) {
                        self.sow();
                    }
                }
                Phase::Plant { .. } => self.plant(&mut unlimited),
                Phase::Build { .. } => break self.choose(),
                Phase::Expect { .. } | Phase::Replace { .. } | Phase::Segment { .. } => {
                    self.gather();
                    break self.choose();
                }
                Phase::List { .. } => break,
            }
        }
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
