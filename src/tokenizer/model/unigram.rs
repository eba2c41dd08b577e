//! Unigram: the most probable way to cut a piece.
//!
//! In: a piece. Out: the pieces of the vocabulary whose log-probabilities add up to the most, found by Viterbi's
//! algorithm over a trie (Kudo 2018). A character that no piece begins with costs ten less than the least probable
//! piece; runs of such characters are one unknown token, or bytes.

use super::Token;
use super::trie::Trie;
use crate::tokenizer::vocab::Vocab;
use crate::{Result, ensure};

/// A Unigram model.
#[derive(Clone, Debug)]
pub struct Unigram {
    pieces: Vec<(String, f64)>,
    vocab: Vocab,
    trie: Trie,
    unk: Option<u32>,
    unk_score: f64,
    fallback: Option<Box<[Option<u32>; 256]>>,
    byte_fallback: bool,
}

/// The best way to a place of the text: its score, the place and the token it came by.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The sum of scores so far.
    pub score: f64,
    /// Where the last token begins; `u32::MAX` when no way leads here.
    pub from: u32,
    /// The last token.
    pub id: u32,
}

/// The best ways through a piece that is under way.
#[derive(Debug, Default)]
pub struct Way {
    steps: Vec<Step>,
    /// The byte to go on from; 0: no piece is under way.
    from: usize,
    /// Once all ways are known: the byte to read the best one back from, and where the run of unknown characters ends that is being read.
    back: Option<(u32, Option<u32>)>,
    /// The tokens from there on, the last one first.
    read: Vec<Token>,
}

/// A piece of so many bytes has room for all its steps from the first; a longer one gets it as it goes on.
const SHORT: usize = 1 << 12;

const NOWHERE: Step = Step { score: 0.0, from: u32::MAX, id: 0 };

impl Unigram {
    /// A model from its pieces with their log-probabilities, in id order.
    ///
    /// # Errors
    /// `bad-file` when the unknown id is not one of the pieces, or a score is not a number.
    pub fn new(pieces: Vec<(String, f64)>, unk: Option<usize>, byte_fallback: bool) -> Result<Self> {
        if let Some(unk) = unk {
            ensure!(unk < pieces.len(), BadFile, "Unigram: unknown id {unk} of {} pieces", pieces.len());
        }
        ensure!(pieces.iter().all(|(_, score)| !score.is_nan()), BadFile, "Unigram: a score is not a number");
        let vocab = Vocab::from_list(pieces.iter().map(|(piece, _)| piece))?;
        let trie = Trie::new(pieces.iter().enumerate().map(|(id, (piece, _))| (piece.as_bytes(), id as u32)));
        let least = pieces.iter().map(|&(_, score)| score).fold(f64::INFINITY, f64::min);
        let fallback =
            byte_fallback.then(|| Box::new(std::array::from_fn(|byte| vocab.id(&format!("<0x{byte:02X}>")))));
        Ok(Unigram {
            vocab,
            trie,
            unk: unk.map(|unk| unk as u32),
            unk_score: least - 10.0,
            fallback,
            byte_fallback,
            pieces,
        })
    }

    /// The tokens.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The pieces with their log-probabilities, in id order.
    pub fn pieces(&self) -> &[(String, f64)] {
        &self.pieces
    }

    /// The unknown token.
    pub fn unk(&self) -> Option<u32> {
        self.unk
    }

    /// Whether unknown characters become bytes.
    pub fn byte_fallback(&self) -> bool {
        self.byte_fallback
    }

    /// The score of a token; an unknown one costs ten less than the least probable piece.
    pub fn score(&self, id: u32) -> f64 {
        if Some(id) == self.unk {
            return self.unk_score;
        }
        self.pieces.get(id as usize).map_or(self.unk_score, |piece| piece.1)
    }

    /// All tokens that can stand at `start`, as (end, id, score) to the callback: pieces, or else the unknown character, which has no id
    /// where the model has no unknown token.
    #[inline]
    pub fn tokens_at(&self, piece: &str, start: usize, mut found: impl FnMut(usize, Option<u32>, f64)) {
        let rest = piece.get(start..).unwrap_or_default();
        let width = rest.chars().next().map_or(1, char::len_utf8);
        let mut single = false;
        self.trie.prefixes(rest.as_bytes(), |length, id| {
            single |= length == width;
            found(start + length, Some(id), self.pieces.get(id as usize).map_or(0.0, |piece| piece.1));
        });
        if !single {
            found(start + width, self.unk, self.unk_score);
        }
    }

    /// The tokens of a piece are appended to `out`.
    ///
    /// # Errors
    /// `bad-file` when an unknown token is needed and there is none.
    pub fn encode(&self, piece: &str, way: &mut Way, out: &mut Vec<Token>) -> Result<()> {
        let mut unlimited = usize::MAX;
        way.from = 0;
        self.encode_on(piece, way, out, &mut unlimited).map(drop)
    }

    /// As [`Unigram::encode`], in slices of about `budget` bytes: the tokens are appended when it comes to `true`, and until then the same
    /// piece must be given.
    ///
    /// # Errors
    /// As [`Unigram::encode`].
    pub fn encode_on(&self, piece: &str, way: &mut Way, out: &mut Vec<Token>, budget: &mut usize) -> Result<bool> {
        let Way { steps: path, from, back, read } = way;
        if *from == 0 {
            path.clear();
            path.reserve(piece.len() + 1);
            path.resize(piece.len().min(SHORT) + 1, NOWHERE);
            *back = None;
            read.clear();
        }
        let first = *from;
        for (at, c) in piece.get(first..).unwrap_or_default().char_indices() {
            if *budget == 0 {
                return Ok(false);
            }
            *budget = budget.saturating_sub(c.len_utf8());
            let start = first + at;
            *from = start + c.len_utf8();
            let so_far = path.get(start).map_or(0.0, |step| step.score);
            let mut missing = false;
            self.tokens_at(piece, start, |end, id, score| {
                let score = score + so_far;
                let new = Step { score, from: start as u32, id: id.unwrap_or_default() };
                let Some(step) = path.get_mut(end) else {
                    path.resize(end, NOWHERE);
                    missing |= id.is_none();
                    return path.push(new);
                };
                if step.from == u32::MAX || score > step.score {
                    missing |= id.is_none();
                    *step = new;
                }
            });
            ensure!(!missing, BadFile, "Unigram: an unknown character, and the model has no unknown token");
        }
        let (mut end, mut unknown) = back.unwrap_or((piece.len() as u32, None));
        while let Some(step) = path.get(end as usize).filter(|step| step.from < end) {
            if *budget == 0 {
                *back = Some((end, unknown));
                return Ok(false);
            }
            *budget -= 1;
            if Some(step.id) == self.unk {
                unknown = unknown.or(Some(end));
            } else {
                if let Some(last) = unknown.take() {
                    self.push_unknown(piece, end, last, read);
                }
                read.push(Token { id: step.id, start: step.from, end });
            }
            end = step.from;
        }
        if let Some(last) = unknown {
            self.push_unknown(piece, 0, last, read);
        }
        *from = 0;
        out.extend(read.iter().rev());
        Ok(true)
    }

    /// A run of unknown characters, last token first: a piece after all, bytes, or the unknown token.
    fn push_unknown(&self, piece: &str, start: u32, end: u32, out: &mut Vec<Token>) {
        let run = piece.get(start as usize..end as usize).unwrap_or_default();
        let coded = |byte: u8| self.fallback.as_ref().and_then(|ids| ids.get(byte as usize).copied().flatten());
        if let Some(id) = self.vocab.id(run) {
            out.push(Token { id, start, end });
        } else if self.byte_fallback && run.bytes().all(|byte| coded(byte).is_some()) {
            out.extend(run.bytes().rev().filter_map(coded).map(|id| Token { id, start, end }));
        } else if let Some(id) = self.unk {
            out.push(Token { id, start, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(model: &Unigram, text: &str) -> Vec<(u32, u32, u32)> {
        let mut out = Vec::new();
        model.encode(text, &mut Way::default(), &mut out).unwrap();
        out.iter().map(|token| (token.id, token.start, token.end)).collect()
    }

    #[test]
    fn the_best_path_wins_over_the_longest_piece() {
        let pieces = [("<unk>", 0.0), ("a", -1.0), ("b", -1.0), ("ab", -3.0), ("ba", -1.5)];
        let model = Unigram::new(pieces.map(|(p, s)| (p.to_owned(), s)).to_vec(), Some(0), false).unwrap();
        assert_eq!(cut(&model, "aba"), [(1, 0, 1), (4, 1, 3)]);
        assert_eq!(cut(&model, "axyb"), [(1, 0, 1), (0, 1, 3), (2, 3, 4)]);
    }
}
