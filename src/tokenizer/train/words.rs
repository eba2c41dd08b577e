//! Vocabularies that are mere lists: whole words, or characters.
//!
//! In: word counts. Out: special tokens, then words by falling count (equal counts in string order), or characters in
//! the order of their code points.
//! Refuses to know what a word is.

use super::bpe::char_counts;
use super::{Learned, Step};
use crate::ensure;
use crate::error::Result;
use crate::order;
use crate::tokenizer::count::WordCounts;
use std::cmp::Reverse;
use std::collections::HashSet;

/// How a vocabulary of words is made.
#[derive(Clone, Debug)]
pub struct WordOptions {
    /// Tokens in all, the special ones counted; none: every word.
    pub vocab_size: Option<usize>,
    /// Words seen less often are unknown.
    pub min_frequency: u64,
    /// The first ids.
    pub special_tokens: Vec<String>,
}

/// How a vocabulary of characters is made.
#[derive(Clone, Debug)]
pub struct CharOptions {
    /// Tokens in all, the special ones counted; none: every character. The rarest are left out.
    pub vocab_size: Option<usize>,
    /// Characters seen less often are unknown.
    pub min_frequency: u64,
    /// The first ids.
    pub special_tokens: Vec<String>,
}

/// A list on its way into a vocabulary.
#[derive(Debug)]
pub(super) struct Listing {
    vocab: Vec<String>,
    specials: usize,
    waiting: std::vec::IntoIter<(String, u64)>,
}

impl Listing {
    fn new(
        specials: &[String],
        size: Option<usize>,
        entries: impl Iterator<Item = (String, u64)>,
        in_order: impl Fn(&mut Vec<(String, u64)>),
    ) -> Result<Self> {
        let mut vocab: Vec<String> = Vec::new();
        for token in specials {
            if !vocab.contains(token) {
                vocab.push(token.clone());
            }
        }
        let known: HashSet<&str> = vocab.iter().map(String::as_str).collect();
        let mut waiting: Vec<(String, u64)> = entries.filter(|(token, _)| !known.contains(token.as_str())).collect();
        order::by(&mut waiting, |a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        if let Some(size) = size {
            ensure!(
                size >= vocab.len(),
                BadOption,
                "vocabSize: {size} is less than the {} special tokens",
                vocab.len()
            );
            waiting.truncate(size - vocab.len());
        }
        in_order(&mut waiting);
        Ok(Listing { specials: vocab.len(), vocab, waiting: waiting.into_iter() })
    }

    pub(super) fn advance(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> bool {
        while *budget > 0 {
            let Some((token, count)) = self.waiting.next() else { return true };
            *budget = budget.saturating_sub(16);
            let step = self.vocab.len() - self.specials + 1;
            steps.push(Step { step, token: token.clone(), left: None, right: None, count, score: None });
            self.vocab.push(token);
        }
        self.waiting.len() == 0
    }

    pub(super) fn progress(&self) -> (usize, usize) {
        (self.vocab.len(), self.vocab.len() + self.waiting.len())
    }

    pub(super) fn bytes(&self) -> usize {
        self.vocab.iter().map(|token| token.len() + size_of::<String>()).sum()
    }

    pub(super) fn finish(self) -> Learned {
        Learned { vocab: self.vocab, ..Learned::default() }
    }
}

pub(super) fn by_word(words: &WordCounts, options: &WordOptions) -> Result<Listing> {
    let entries = words.iter().filter(|&(_, count)| count >= options.min_frequency);
    let entries = entries.map(|(word, count)| (word.to_string(), count));
    Listing::new(&options.special_tokens, options.vocab_size, entries, |_| ())
}

pub(super) fn by_char(words: &WordCounts, options: &CharOptions) -> Result<Listing> {
    let entries = char_counts(words).into_iter().filter(|&(_, count)| count >= options.min_frequency);
    let entries = entries.map(|(c, count)| (c.to_string(), count));
    // Strings of one character compare as their code points do.
    Listing::new(&options.special_tokens, options.vocab_size, entries, |chars| order::naturally(chars))
}
