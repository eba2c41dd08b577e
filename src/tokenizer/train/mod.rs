//! Corpus to vocabulary.
//!
//! In: documents, one at a time, through the splitter into [`WordCounts`]; the corpus is never held whole.
//! Out: a [`Learned`] vocabulary, by way of a [`Training`] that can be paused, stepped and dropped at any point:
//! each call to [`Training::advance`] works for a budget and tells which tokens it chose.
//! Equal corpora give equal vocabularies, in any order of documents and on any machine.
//! Refuses to know about files and about encoding.

mod bounds;
mod bpe;
mod fresh;
mod gain;
mod lattice;
mod lexicon;
mod learn;
mod merger;
mod names;
mod neighbours;
mod pairs;
mod pieces;
mod seeds;
mod sorting;
mod spans;
mod trainer;
mod unigram;
mod wordpiece;
mod words;

pub use crate::tokenizer::count::WordCounts;
pub use bpe::{BpeForm, BpeOptions};
pub use pieces::split_at_spaces;
pub use trainer::{Progress, TrainOptions, Trainer, train};
pub use unigram::UnigramOptions;
pub use wordpiece::{WordPieceOptions, WordPieceScore};
pub use words::{CharOptions, WordOptions};

use crate::error::Result;

/// A token as it was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Counts from 1.
    pub step: usize,
    /// The token as the vocabulary writes it.
    pub token: String,
    /// The left of the two tokens it was made of.
    pub left: Option<String>,
    /// The right of the two tokens it was made of.
    pub right: Option<String>,
    /// How often it was seen when it was chosen.
    pub count: u64,
    /// What it was ranked by, where that is not the count.
    pub score: Option<f64>,
}

/// What a training learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// The tokens by id.
    pub vocab: Vec<String>,
    /// Pairs of ids in the order in which they merge (BPE).
    pub merges: Vec<(u32, u32)>,
    /// The log-probability of each token (Unigram).
    pub scores: Vec<f64>,
}

/// What is trained, and how.
#[derive(Clone, Debug)]
pub enum Method {
    /// Byte-pair encoding.
    Bpe(BpeOptions),
    /// Pieces of words.
    WordPiece(WordPieceOptions),
    /// The most useful pieces.
    Unigram(UnigramOptions),
    /// Whole words.
    Word(WordOptions),
    /// Characters.
    Char(CharOptions),
}

/// A training under way.
pub struct Training {
    state: State,
}

enum State {
    Bpe(bpe::BpeTrainer),
    WordPiece(wordpiece::WordPieceTrainer),
    Unigram(Box<unigram::UnigramTrainer>),
    Listed(words::Listing),
}

impl Training {
    /// Begins to learn from words; works for a time that grows with the distinct words.
    pub fn new(words: WordCounts, method: &Method) -> Result<Self> {
        Ok(Training {
            state: match method {
                Method::Bpe(options) => State::Bpe(bpe::BpeTrainer::new(words, options)?),
                Method::WordPiece(options) => State::WordPiece(wordpiece::WordPieceTrainer::new(words, options)?),
                Method::Unigram(options) => State::Unigram(Box::new(unigram::UnigramTrainer::new(words, options)?)),
                Method::Word(options) => State::Listed(words::by_word(&words, options)?),
                Method::Char(options) => State::Listed(words::by_char(&words, options)?),
            },
        })
    }

    /// Works for about `budget` units, of some ten nanoseconds each; gives the tokens chosen, and whether it is done.
    pub fn advance(&mut self, budget: usize) -> Result<(Vec<Step>, bool)> {
        let mut steps = Vec::new();
        let mut budget = budget.max(1);
        let done = match &mut self.state {
            State::Bpe(trainer) => trainer.advance(&mut budget, &mut steps)?,
            State::WordPiece(trainer) => trainer.advance(&mut budget, &mut steps)?,
            State::Unigram(trainer) => trainer.advance(&mut budget, &mut steps),
            State::Listed(listing) => listing.advance(&mut budget, &mut steps),
        };
        Ok((steps, done))
    }

    /// Tokens known and tokens wanted.
    pub fn progress(&self) -> (usize, usize) {
        match &self.state {
            State::Bpe(trainer) => trainer.learner().progress(),
            State::WordPiece(trainer) => trainer.learner().progress(),
            State::Unigram(trainer) => trainer.progress(),
            State::Listed(listing) => listing.progress(),
        }
    }

    /// Bytes held: for the words, and for the vocabulary.
    pub fn bytes(&self) -> (usize, usize) {
        match &self.state {
            State::Bpe(trainer) => trainer.learner().bytes(),
            State::WordPiece(trainer) => trainer.learner().bytes(),
            State::Unigram(trainer) => trainer.bytes(),
            State::Listed(listing) => (0, listing.bytes()),
        }
    }

    /// What was learned so far; all there is, once [`Training::advance`] says that it is done.
    pub fn finish(self) -> Learned {
        match self.state {
            State::Bpe(trainer) => trainer.finish(),
            State::WordPiece(trainer) => trainer.finish(),
            State::Unigram(trainer) => trainer.finish(),
            State::Listed(listing) => listing.finish(),
        }
    }
}
