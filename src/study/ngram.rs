//! The counting baseline: what comes next, judged by what came next before.
//!
//! In: texts, cut into words or by a tokenizer. Out: probabilities, the next tokens, perplexity, generated text.
//! Each document ends in an end token that is predicted and counted; before its first token stands a mark that is
//! neither. The formulas stand in `ngram/estimate.rs`.
//! Refuses to know what tokens mean.

mod counts;
mod estimate;
mod generating;

pub use estimate::{NgramCounting, NgramModel};
pub use generating::{Ending, Generating};

use crate::error::Result;
use crate::order;
use crate::tokenizer::cut::part_end;
use crate::tokenizer::{Preset, Tokenizer};
use crate::{bail, ensure};
use std::collections::HashMap;

/// How unseen things get their share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smoothing {
    /// They get none.
    None,
    /// Everything was seen k times more often.
    Add(f64),
    /// Interpolated Kneser-Ney.
    KneserNey,
}

impl Smoothing {
    /// The smoothing of `none`, `add` (with k, 1 if unset) or `kneser-ney`.
    ///
    /// # Errors
    /// `bad-option` for another name, or a k that goes with none.
    pub fn of(name: &str, k: Option<f64>) -> Result<Self> {
        ensure!(k.is_none() || name == "add", BadOption, "smoothing.k: only kind add has one, found kind {name:?}");
        match name {
            "none" => Ok(Smoothing::None),
            "add" => Ok(Smoothing::Add(k.unwrap_or(1.0))),
            "kneser-ney" => Ok(Smoothing::KneserNey),
            _ => bail!(BadOption, "smoothing.kind: expected none, add or kneser-ney, found {name:?}"),
        }
    }
}

/// The name of the end token.
pub const END: &str = "<end>";
/// The name of words that were never seen.
pub const UNKNOWN: &str = "<unk>";

/// How texts become tokens.
#[derive(Clone, Debug)]
enum Units {
    Words { splitter: Box<Preset>, names: Vec<String>, ids: HashMap<String, u32> },
    Tokens(Box<Tokenizer>),
}

impl Units {
    fn cut(&mut self, text: &str) -> Result<Vec<u32>> {
        match self {
            Units::Words { splitter, names, ids } => {
                let mut out = Vec::new();
                splitter.parts.pieces(text, &mut |word| {
                    let id = match ids.get(word) {
                        Some(&id) => id,
                        None => {
                            let id = names.len() as u32;
                            names.push(word.to_string());
                            ids.insert(word.to_string(), id);
                            id
                        }
                    };
                    out.push(id);
                })?;
                Ok(out)
            }
            Units::Tokens(tokenizer) => tokenizer.ids(text, false),
        }
    }

    /// As [`Units::cut`], with nothing new.
    fn look_up(&self, text: &str) -> Result<Vec<u32>> {
        match self {
            Units::Words { splitter, ids, .. } => {
                let mut out = Vec::new();
                splitter.parts.pieces(text, &mut |word| out.push(ids.get(word).copied().unwrap_or(0)))?;
                Ok(out)
            }
            Units::Tokens(tokenizer) => tokenizer.ids(text, false),
        }
    }

    /// Tokens without the end token, whose id this is.
    fn len(&self) -> u32 {
        match self {
            Units::Words { names, .. } => names.len() as u32,
            Units::Tokens(tokenizer) => tokenizer.vocab().iter().map(|entry| entry.1 + 1).max().unwrap_or(0),
        }
    }

    fn name(&self, id: u32) -> Option<&str> {
        match self {
            Units::Words { names, .. } => names.get(id as usize).map(String::as_str),
            Units::Tokens(tokenizer) => tokenizer.id_to_token(id),
        }
    }

    fn text(&self, ids: &[u32]) -> Result<String> {
        match self {
            Units::Tokens(tokenizer) => tokenizer.decode(ids, true),
            Units::Words { names, .. } => {
                let mut out = String::new();
                let mut glue = true;
                for word in ids.iter().filter_map(|&id| names.get(id as usize)) {
                    let closes = word.starts_with(['.', ',', ')', '…', '\'', '’', ']']);
                    if !glue && !closes {
                        out.push(' ');
                    }
                    out.push_str(word);
                    glue = word.ends_with(['\'', '’', '(', '[']);
                }
                Ok(out)
            }
        }
    }
}

/// A baseline in the making.
pub struct NgramTrainer {
    units: Units,
    counting: NgramCounting,
    smoothing: Smoothing,
    /// Words get their ids as they come; the end token's is known only at the end.
    end: u32,
}

impl NgramTrainer {
    /// Counts runs of up to `order` words, or tokens of a tokenizer.
    ///
    /// # Errors
    /// `bad-option` for an order of zero or more than 16.
    pub fn new(order: usize, tokenizer: Option<Tokenizer>, smoothing: Smoothing) -> Result<Self> {
        let units = match tokenizer {
            Some(tokenizer) => Units::Tokens(Box::new(tokenizer)),
            None => Units::Words {
                splitter: Box::new(Preset::of("word")?),
                names: vec![UNKNOWN.into(), END.into()],
                ids: HashMap::from([(UNKNOWN.into(), 0), (END.into(), 1)]),
            },
        };
        let end = if matches!(units, Units::Words { .. }) { 1 } else { units.len() };
        Ok(NgramTrainer { units, counting: NgramCounting::new(order)?, smoothing, end })
    }

    /// Counts a whole document.
    ///
    /// # Errors
    /// `bad-input` when the splitter gives up; `out-of-memory`.
    pub fn feed(&mut self, document: &str) -> Result<()> {
        let mut from = 0;
        loop {
            from = self.feed_part(document, from)?;
            if from >= document.len() {
                return Ok(());
            }
        }
    }

    /// Counts a part of a document from byte `from` on; gives where the next part begins, the length at its end.
    ///
    /// # Errors
    /// As [`NgramTrainer::feed`].
    pub fn feed_part(&mut self, document: &str, from: usize) -> Result<usize> {
        // A tokenizer may look at the whole text; words do not.
        let end = match self.units {
            Units::Words { .. } => part_end(document, from, false),
            Units::Tokens(_) => document.len(),
        };
        let Some(text) = document.get(from..end) else {
            bail!(BadInput, "n-gram: no character begins at byte {from} of {}", document.len());
        };
        let ids = self.units.cut(text)?;
        self.counting.push(&ids)?;
        if end == document.len() {
            self.counting.end(self.end)?;
        }
        Ok(end)
    }

    /// Ends the counting.
    ///
    /// # Errors
    /// `bad-input` when there was no document; `bad-option` for a smoothing that cannot be.
    pub fn finish(self) -> Result<Ngram> {
        let vocab = self.units.len().max(self.end + 1);
        Ok(Ngram { model: self.counting.finish(vocab as usize, self.smoothing)?, units: self.units, end: self.end })
    }
}

/// A token that may come next.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// The token; [`END`] ends the text.
    pub token: String,
    /// Its probability.
    pub p: f64,
    /// How often it was seen after this context.
    pub count: u32,
}

/// What a baseline makes of texts that it has not counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The natural logarithm of the texts' probability.
    pub log_likelihood: f64,
    /// Tokens predicted, end tokens included.
    pub tokens: usize,
    /// exp(- log-likelihood / tokens).
    pub perplexity: f64,
}

impl Evaluation {
    /// Both texts together.
    #[must_use]
    pub fn and(self, other: Evaluation) -> Evaluation {
        let (log_likelihood, tokens) = (self.log_likelihood + other.log_likelihood, self.tokens + other.tokens);
        Evaluation { log_likelihood, tokens, perplexity: (-log_likelihood / tokens as f64).exp() }
    }
}

/// How text is generated.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// At most so many tokens.
    pub max_tokens: usize,
    /// Under 1 sharper, over 1 flatter, 0 the most probable token.
    pub temperature: f64,
    /// Only so many of the most probable tokens.
    pub top_k: Option<usize>,
    /// Only the most probable tokens that together have this share.
    pub top_p: Option<f64>,
    /// Only tokens at least this share as probable as the most probable one.
    pub min_p: Option<f64>,
    /// The same seed gives the same text.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { max_tokens: 256, temperature: 1.0, top_k: None, top_p: None, min_p: None, seed: 0 }
    }
}

/// A trained baseline.
#[derive(Clone, Debug)]
pub struct Ngram {
    model: NgramModel,
    units: Units,
    end: u32,
}

impl Ngram {
    /// Counts documents that are at hand, cut into words.
    ///
    /// # Errors
    /// As [`NgramTrainer::new`], [`NgramTrainer::feed`] and [`NgramTrainer::finish`].
    pub fn train(documents: &[impl AsRef<str>], order: usize, smoothing: Smoothing) -> Result<Ngram> {
        let mut trainer = NgramTrainer::new(order, None, smoothing)?;
        documents.iter().try_for_each(|document| trainer.feed(document.as_ref()))?;
        trainer.finish()
    }

    /// The model over ids.
    pub fn model(&self) -> &NgramModel {
        &self.model
    }

    /// Tokens that can come, the end token and the unknown one included.
    pub fn vocab(&self) -> usize {
        self.model.vocab()
    }

    fn id(&self, token: &str) -> u32 {
        match &self.units {
            Units::Words { ids, .. } => ids.get(token).copied().unwrap_or(0),
            Units::Tokens(_) if token == END => self.end,
            // An unknown token of a tokenizer was never seen: an id that nothing has.
            Units::Tokens(tokenizer) => tokenizer.token_to_id(token).unwrap_or(self.end + 1),
        }
    }

    fn token(&self, id: u32) -> &str {
        if id == self.end { END } else { self.units.name(id).unwrap_or(UNKNOWN) }
    }

    /// P(token | context), the context as tokens: `P(suis | je)`.
    pub fn probability(&self, token: &str, context: &[&str]) -> f64 {
        let context: Vec<u32> = context.iter().map(|token| self.id(token)).collect();
        self.model.probability(self.id(token), &context)
    }

    /// What may come after tokens, the most probable first.
    pub fn next(&self, context: &[&str], top: usize) -> Vec<Next> {
        let context: Vec<u32> = context.iter().map(|token| self.id(token)).collect();
        self.ranked(&context, top)
    }

    /// What may come after a text, the most probable first; after an empty text, what begins a document.
    ///
    /// # Errors
    /// `bad-input` when the splitter gives up.
    pub fn next_after(&self, text: &str, top: usize) -> Result<Vec<Next>> {
        Ok(self.ranked(&self.context(text)?, top))
    }

    fn context(&self, text: &str) -> Result<Vec<u32>> {
        let mut context = self.model.beginning();
        context.extend(self.units.look_up(text)?);
        Ok(context)
    }

    fn ranked(&self, context: &[u32], top: usize) -> Vec<Next> {
        let p = self.model.distribution(context);
        let mut order: Vec<u32> = (0..p.len() as u32).filter(|&id| p[id as usize] > 0.0).collect();
        let by_merit = |a: &u32, b: &u32| p[*b as usize].total_cmp(&p[*a as usize]).then(a.cmp(b));
        if top < order.len() {
            order::front(&mut order, top, by_merit);
            order.truncate(top);
        }
        order::by(&mut order, by_merit);
        let next = |id: u32| Next {
            token: self.token(id).to_string(),
            p: p[id as usize],
            count: self.model.count(id, context),
        };
        order.into_iter().map(next).collect()
    }

    /// Perplexity on documents.
    ///
    /// # Errors
    /// `bad-input` when there is no document, or the splitter gives up.
    pub fn evaluate<'a>(&self, documents: impl IntoIterator<Item = &'a str>) -> Result<Evaluation> {
        let mut sum = Evaluation { log_likelihood: 0.0, tokens: 0, perplexity: 0.0 };
        for document in documents {
            let (log_likelihood, tokens) = self.model.score(&self.units.look_up(document)?, self.end);
            sum.log_likelihood += log_likelihood;
            sum.tokens += tokens;
        }
        ensure!(sum.tokens > 0, BadInput, "n-gram: no document to evaluate");
        sum.perplexity = (-sum.log_likelihood / sum.tokens as f64).exp();
        Ok(sum)
    }
}
