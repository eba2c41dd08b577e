//! WordPiece training: merges over characters that know whether they begin a word.
//!
//! In: word counts. Out: a [`Learned`] vocabulary; a piece that continues a word begins with `##`.
//! The initial vocabulary, so that ties are decided by the data alone: special tokens, `##c` for every character, then
//! every character, both by code point. The stock rule takes the most frequent pair, as the usual trainer does; the
//! rule as it is taught takes the greatest gain in likelihood.
//! Refuses to know about pipelines.

use super::bpe::char_counts;
use super::learn::{self, Learner, Preference};
use super::names::Names;
use super::{Learned, Step};
use crate::ensure;
use crate::error::Result;
use crate::tokenizer::count::WordCounts;
use std::collections::HashMap;

/// What marks a piece that continues a word.
pub const PREFIX: &str = "##";

/// How WordPiece chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordPieceScore {
    /// The most frequent pair.
    Count,
    /// The greatest count(ab) / (count(a) · count(b)).
    Likelihood,
}

/// How WordPiece is trained.
#[derive(Clone, Debug)]
pub struct WordPieceOptions {
    /// Tokens in all, the special ones counted.
    pub vocab_size: usize,
    /// Pairs seen less often are not merged.
    pub min_frequency: u64,
    /// The first ids.
    pub special_tokens: Vec<String>,
    /// The rule.
    pub score: WordPieceScore,
}

/// A WordPiece training under way.
pub(super) struct WordPieceTrainer {
    learner: Learner,
}

impl WordPieceTrainer {
    pub(super) fn new(words: WordCounts, options: &WordPieceOptions) -> Result<Self> {
        let mut names = Names::default();
        for token in &options.special_tokens {
            names.intern(token);
        }
        let specials = names.len();
        let chars: Vec<char> = char_counts(&words).into_keys().collect();
        let continuing: HashMap<char, u32> =
            chars.iter().map(|&c| (c, names.intern(&format!("{PREFIX}{c}")))).collect();
        let starting: HashMap<char, u32> =
            chars.iter().map(|&c| (c, names.intern(c.encode_utf8(&mut [0; 4])))).collect();
        ensure!(
            options.vocab_size >= names.len(),
            BadOption,
            "vocabSize: {} is less than the {} special tokens and characters of this text",
            options.vocab_size,
            names.len()
        );
        let places = words.bytes() + words.len();
        let mut ranked = words.into_ranked();
        let mut feed = |sink: &mut dyn learn::WordSink| -> Result<()> {
            while let Some((word, count)) = ranked.next_word() {
                let ids = word.chars().enumerate().map(|(at, c)| match at {
                    0 => starting.get(&c).copied(),
                    _ => continuing.get(&c).copied(),
                });
                sink.word(&mut { ids }, count)?;
            }
            Ok(())
        };
        let preference = match options.score {
            WordPieceScore::Count => Preference::Count,
            WordPieceScore::Likelihood => Preference::Gain,
        };
        let engine = learn::engine(&mut feed, &names, places, options.vocab_size, preference, options.min_frequency)?;
        Ok(WordPieceTrainer { learner: Learner::new(names, engine, PREFIX, specials, true, options.vocab_size) })
    }

    pub(super) fn advance(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> Result<bool> {
        self.learner.advance(budget, steps)
    }

    pub(super) fn learner(&self) -> &Learner {
        &self.learner
    }

    pub(super) fn finish(self) -> Learned {
        Learned { vocab: self.learner.names.into_names(), merges: Vec::new(), scores: Vec::new() }
    }
}
