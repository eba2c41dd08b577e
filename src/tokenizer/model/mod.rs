//! The models: a piece of text to tokens of a vocabulary.
//!
//! In: a piece, as a splitter cut it. Out: tokens with the bytes of the piece they cover. Each model has its file;
//! this one chooses among them and knows what they have in common.

pub mod bpe;
pub mod trie;
pub mod unigram;
pub mod word;
pub mod wordpiece;

pub use bpe::{Bpe, BpeOptions, Scratch};
pub use unigram::Unigram;
pub use word::Word;
pub use wordpiece::WordPiece;

use crate::Result;
use crate::tokenizer::vocab::Vocab;

/// A token and the bytes of its piece that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The number in the vocabulary.
    pub id: u32,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// One of the models that a tokenizer can have.
#[derive(Clone, Debug)]
pub enum Model {
    /// Byte pair encoding; with no merges, characters.
    Bpe(Bpe),
    /// Longest match first, as in BERT.
    WordPiece(WordPiece),
    /// The most probable path, as in SentencePiece.
    Unigram(Unigram),
    /// Whole pieces.
    Word(Word),
}

/// Working memory of the models, kept between pieces.
#[derive(Debug, Default)]
pub struct Memory {
    /// For BPE.
    pub bpe: Scratch,
    /// For Unigram.
    pub way: unigram::Way,
}

impl Model {
    /// The tokens of a piece are appended to `out`.
    ///
    /// # Errors
    /// `bad-file` when an unknown token is needed and the vocabulary has none.
    pub fn encode(&self, piece: &str, memory: &mut Memory, out: &mut Vec<Token>) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        match self {
            Model::Bpe(model) => model.encode(piece, &mut memory.bpe, out, None),
            Model::WordPiece(model) => model.encode(piece, out),
            Model::Unigram(model) => model.encode(piece, &mut memory.way, out),
            Model::Word(model) => model.encode(piece, out),
        }
    }

    /// As [`Model::encode`] for a long piece, in slices of about `budget` bytes: the tokens are appended when it comes to `true`, and until then
    /// the same piece must be given. If `raw`, the symbols of a BPE model are its bytes.
    ///
    /// # Errors
    /// As [`Model::encode`].
    pub fn encode_on(
        &self,
        piece: &str,
        raw: bool,
        memory: &mut Memory,
        out: &mut Vec<Token>,
        budget: &mut usize,
    ) -> Result<bool> {
        match self {
            Model::Bpe(model) => model.encode_on(piece, raw, &mut memory.bpe, out, budget),
            Model::Unigram(model) => model.encode_on(piece, &mut memory.way, out, budget),
            model => {
                *budget = budget.saturating_sub(piece.len());
                model.encode(piece, memory, out).map(|()| true)
            }
        }
    }

    /// The tokens.
    pub fn vocab(&self) -> &Vocab {
        match self {
            Model::Bpe(model) => model.vocab(),
            Model::WordPiece(model) => model.vocab(),
            Model::Unigram(model) => model.vocab(),
            Model::Word(model) => model.vocab(),
        }
    }

    /// How many tokens the model counts; a Unigram model counts equal pieces twice.
    pub fn size(&self) -> usize {
        match self {
            Model::Unigram(model) => model.pieces().len(),
            _ => self.vocab().len(),
        }
    }

    /// The token of an id.
    pub fn token(&self, id: u32) -> Option<&str> {
        match self {
            Model::Unigram(model) => model.pieces().get(id as usize).map(|(piece, _)| piece.as_str()),
            _ => self.vocab().token(id),
        }
    }

    /// The token for what is not in the vocabulary, where there is one.
    pub fn unk(&self) -> Option<&str> {
        match self {
            Model::Bpe(model) => model.options().unk.as_deref(),
            Model::WordPiece(model) => Some(model.unk()),
            Model::Unigram(model) => model.unk().and_then(|id| self.token(id)),
            Model::Word(model) => Some(model.unk()),
        }
    }
}
