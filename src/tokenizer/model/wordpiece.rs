//! WordPiece: the longest token that fits, again and again.
//!
//! In: a word. Out: its tokens from left to right, each the longest in the vocabulary that the rest begins with; all but
//! the first are written with a prefix (`##`). A word with no way through is one unknown token (Schuster, Nakajima 2012;
//! Devlin et al. 2018).

use super::Token;
use crate::Result;
use crate::tokenizer::vocab::{Lookup, Vocab};

/// A WordPiece model.
#[derive(Clone, Debug)]
pub struct WordPiece {
    vocab: Vocab,
    unk: String,
    unk_id: Option<u32>,
    prefix: String,
    max_chars: usize,
    /// Tokens that continue a word, without their prefix.
    rest: Lookup,
    /// The longest token in bytes: at the start of a word, and after it.
    longest: (usize, usize),
}

impl WordPiece {
    /// A model from its vocabulary, its unknown token, the prefix of pieces that continue a word (`##`), and the number
    /// of characters above which a word is not looked at (100).
    pub fn new(vocab: Vocab, unk: impl Into<String>, prefix: impl Into<String>, max_chars: usize) -> Self {
        let (unk, prefix) = (unk.into(), prefix.into());
        let mut rest = Lookup::with_capacity(vocab.len(), 0);
        let mut longest = (0, 0);
        for (token, id) in vocab.iter() {
            longest.0 = longest.0.max(token.len());
            if let Some(tail) = token.strip_prefix(prefix.as_str()) {
                rest.insert(tail.as_bytes(), id);
                longest.1 = longest.1.max(tail.len());
            }
        }
        let unk_id = vocab.id(&unk);
        WordPiece { vocab, unk, unk_id, prefix, max_chars, rest, longest }
    }

    /// The tokens.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The token for words with no way through.
    pub fn unk(&self) -> &str {
        &self.unk
    }

    /// What stands before pieces that continue a word.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The number of characters above which a word is unknown.
    pub fn max_chars(&self) -> usize {
        self.max_chars
    }

    /// The tokens of a word are appended to `out`.
    ///
    /// # Errors
    /// `bad-file` when the unknown token is needed and not in the vocabulary.
    pub fn encode(&self, piece: &str, out: &mut Vec<Token>) -> Result<()> {
        let before = out.len();
        let too_long = piece.len() > self.max_chars && piece.chars().count() > self.max_chars;
        let mut start = 0;
        while start < piece.len() && !too_long {
            let Some((id, end)) = self.longest_at(piece, start) else { break };
            out.push(Token { id, start: start as u32, end: end as u32 });
            start = end;
        }
        if start < piece.len() {
            out.truncate(before);
            let Some(id) = self.unk_id else {
                crate::bail!(BadFile, "WordPiece: the unknown token {:?} is not in the vocabulary", self.unk);
            };
            out.push(Token { id, start: 0, end: piece.len() as u32 });
        }
        Ok(())
    }

    /// The longest token at a place of a word, and where it ends.
    pub fn longest_at(&self, piece: &str, start: usize) -> Option<(u32, usize)> {
        let longest = if start == 0 { self.longest.0 } else { self.longest.1 };
        let mut end = piece.len().min(start + longest);
        while end > start {
            if piece.is_char_boundary(end) {
                let found = if start == 0 {
                    self.vocab.id_of_bytes(piece.as_bytes().get(..end)?)
                } else {
                    self.rest.find_in(piece.as_bytes(), start, end)
                };
                if let Some(id) = found {
                    return Some((id, end));
                }
            }
            end -= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(model: &WordPiece, word: &str) -> Vec<u32> {
        let mut out = Vec::new();
        model.encode(word, &mut out).unwrap();
        out.iter().map(|token| token.id).collect()
    }

    #[test]
    fn the_longest_piece_wins_and_a_dead_end_is_one_unknown_token() {
        let vocab = Vocab::from_list(["[UNK]", "un", "##aff", "##able", "##a", "u", "##n"]).unwrap();
        let model = WordPiece::new(vocab, "[UNK]", "##", 10);
        assert_eq!(ids(&model, "unaffable"), [1, 2, 3]);
        assert_eq!(ids(&model, "unaffx"), [0]);
        assert_eq!(ids(&model, "unununununun"), [0]);
    }
}
