//! How each piece of a text was built, step by step.
//!
//! In: a text. Out: for BPE every merge in its order with its rank, for WordPiece every longest match with what is left,
//! for Unigram the best path and the second best with their scores. For teaching; encoding does not come through here.

use super::Tokenizer;
use super::model::{Bpe, Memory, Model, Unigram, WordPiece};
use super::split::Pieces;
use super::walk::Stretches;
use crate::order;
use crate::{Result, ensure};

/// One step of building a piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MergeStep {
    /// The piece of the text, counted from 0.
    pub word: usize,
    /// The tokens of the piece after this step.
    pub pieces: Vec<String>,
    /// The left token of the merge; the token found by WordPiece.
    pub left: Option<String>,
    /// The right token of the merge; what WordPiece has still to match.
    pub right: Option<String>,
    /// The rank of the merge.
    pub rank: Option<u32>,
    /// The score of the path.
    pub score: Option<f64>,
}

/// The longest piece that is explained, in bytes: every step lists all tokens, so that they grow with the square.
const LONGEST: usize = 4096;

impl Tokenizer {
    /// Tells how each piece of a text is built.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`]; `bad-input` for a piece so long that telling its steps takes more than a screen can hold.
    pub fn explain(&self, text: &str) -> Result<Vec<MergeStep>> {
        let mut steps = Vec::new();
        let mut word = 0;
        self.walk(text, false, &mut |found| {
            match found {
                Stretches::Added(id, ..) => {
                    let token = self.id_to_token(id).unwrap_or_default().to_owned();
                    steps.push(MergeStep { word, pieces: vec![token], ..MergeStep::default() });
                }
                Stretches::Tokens(_, pieces, cut, _) => {
                    let text = spelled(pieces, cut);
                    ensure!(
                        text.len() <= LONGEST,
                        BadInput,
                        "explain: a piece of {} bytes, at most {LONGEST} are explained",
                        text.len()
                    );
                    match &self.model {
                        Model::Bpe(model) => merges(model, &text, word, &mut steps)?,
                        Model::WordPiece(model) => matches(model, &text, word, &mut steps),
                        Model::Unigram(model) => paths(model, &text, word, &mut steps)?,
                        Model::Word(_) => {
                            let mut tokens = Vec::new();
                            self.model.encode(&text, &mut Memory::default(), &mut tokens)?;
                            let name = |id| self.id_to_token(id).unwrap_or_default().to_owned();
                            let pieces = tokens.iter().map(|token| name(token.id)).collect();
                            steps.push(MergeStep { word, pieces, ..MergeStep::default() });
                        }
                    }
                }
            }
            word += 1;
            Ok(())
        })?;
        Ok(steps)
    }
}

/// A piece as the model's vocabulary spells it.
fn spelled(pieces: &Pieces<'_>, cut: (u32, u32)) -> String {
    let text = pieces.slice(cut);
    if pieces.raw { text.bytes().map(super::bytes::symbol).collect() } else { text.to_owned() }
}

fn merges(model: &Bpe, text: &str, word: usize, steps: &mut Vec<MergeStep>) -> Result<()> {
    let name = |id: u32| model.vocab().token(id).unwrap_or_default().to_owned();
    let first = steps.len();
    let mut tokens = Vec::new();
    model.encode(
        text,
        &mut Default::default(),
        &mut tokens,
        Some(&mut |left, right, rank, pieces| {
            let pieces = pieces.iter().map(|&(id, _)| name(id)).collect();
            let (left, right) = (Some(name(left)), Some(name(right)));
            steps.push(MergeStep { word, pieces, left, right, rank: Some(rank), score: None });
        }),
    )?;
    // What it began with: the symbols, or the token that was taken whole.
    let symbols = if steps.len() == first {
        tokens.iter().map(|token| name(token.id)).collect()
    } else {
        model.spell(text)?.into_iter().map(name).collect()
    };
    steps.insert(first, MergeStep { word, pieces: symbols, ..MergeStep::default() });
    Ok(())
}

fn matches(model: &WordPiece, text: &str, word: usize, steps: &mut Vec<MergeStep>) {
    let mut pieces = Vec::new();
    let mut start = 0;
    let too_long = text.chars().count() > model.max_chars();
    while start < text.len() {
        let Some((id, end)) = model.longest_at(text, start).filter(|_| !too_long) else {
            let right = text.get(start..).map(str::to_owned);
            let pieces = vec![model.unk().to_owned()];
            steps.push(MergeStep { word, pieces, right, ..MergeStep::default() });
            return;
        };
        let token = model.vocab().token(id).unwrap_or_default().to_owned();
        pieces.push(token.clone());
        let right = text.get(end..).filter(|rest| !rest.is_empty()).map(str::to_owned);
        steps.push(MergeStep { word, pieces: pieces.clone(), left: Some(token), right, ..MergeStep::default() });
        start = end;
    }
}

/// A way to a place: score, where its last token begins, which of the two ways there it continues.
type Way = (f64, usize, usize);

/// The two best paths, by Viterbi's algorithm with two ways kept at each place.
fn paths(model: &Unigram, text: &str, word: usize, steps: &mut Vec<MergeStep>) -> Result<()> {
    let mut ways: Vec<Vec<Way>> = vec![Vec::new(); text.len() + 1];
    if let Some(start) = ways.first_mut() {
        start.push((0.0, 0, 0));
    }
    for (start, _) in text.char_indices() {
        let here = ways.get(start).cloned().unwrap_or_default();
        model.tokens_at(text, start, |end, id, score| {
            if id.is_none() {
                return;
            }
            for (which, way) in here.iter().enumerate() {
                if let Some(there) = ways.get_mut(end) {
                    there.push((way.0 + score, start, which));
                    order::by(there, |a, b| b.0.total_cmp(&a.0));
                    there.truncate(2);
                }
            }
        });
    }
    for rank in 0..2 {
        let Some(&(score, ..)) = ways.last().and_then(|last| last.get(rank)) else { break };
        let (mut pieces, mut end, mut which) = (Vec::new(), text.len(), rank);
        while end > 0 {
            let Some(&(_, start, before)) = ways.get(end).and_then(|there| there.get(which)) else { break };
            pieces.push(text.get(start..end).unwrap_or_default().to_owned());
            (end, which) = (start, before);
        }
        pieces.reverse();
        steps.push(MergeStep { word, pieces, score: Some(score), rank: Some(rank as u32), ..MergeStep::default() });
    }
    Ok(())
}
