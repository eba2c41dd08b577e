//! Whole pieces as tokens.
//!
//! In: a piece. Out: its token, or the unknown one. The vocabulary is all there is.

use super::Token;
use crate::Result;
use crate::tokenizer::vocab::Vocab;

/// A word-level model.
#[derive(Clone, Debug)]
pub struct Word {
    vocab: Vocab,
    unk: String,
}

impl Word {
    /// A model from its vocabulary and the name of its unknown token, which the vocabulary may lack.
    pub fn new(vocab: Vocab, unk: impl Into<String>) -> Self {
        Word { vocab, unk: unk.into() }
    }

    /// The tokens.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The token for pieces that are not in the vocabulary.
    pub fn unk(&self) -> &str {
        &self.unk
    }

    /// The token of a piece is appended to `out`.
    ///
    /// # Errors
    /// `bad-file` when the unknown token is needed and not in the vocabulary.
    pub fn encode(&self, piece: &str, out: &mut Vec<Token>) -> Result<()> {
        let Some(id) = self.vocab.id(piece).or_else(|| self.vocab.id(&self.unk)) else {
            crate::bail!(BadFile, "word model: the unknown token {:?} is not in the vocabulary", self.unk);
        };
        out.push(Token { id, start: 0, end: piece.len() as u32 });
        Ok(())
    }
}
