//! Text from counts, token by token.
//!
//! In: a baseline, a prompt, how to draw. Out: what each token adds to the text, whole characters only, and why it ended.

use super::{Ngram, Sampling};
use crate::ensure;
use crate::error::Result;
use crate::order;
use crate::rng::{Rng, exp, ln};

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The end token came.
    Stop,
    /// There are as many tokens as were wanted.
    Length,
}

/// A text in the making.
pub struct Generating<'n> {
    ngram: &'n Ngram,
    how: Sampling,
    rng: Rng,
    context: Vec<u32>,
    prompt_tokens: usize,
    ids: Vec<u32>,
    text: String,
    ending: Option<Ending>,
}

impl Ngram {
    /// Begins to continue a text.
    ///
    /// # Errors
    /// `bad-input` when the splitter gives up; `bad-option` for a temperature below zero or shares that are none.
    pub fn begin(&self, prompt: &str, how: Sampling) -> Result<Generating<'_>> {
        ensure!(
            how.temperature >= 0.0 && how.temperature.is_finite(),
            BadOption,
            "temperature: expected 0 or more, found {}",
            how.temperature
        );
        for (name, share) in [("topP", how.top_p), ("minP", how.min_p)] {
            let share = share.unwrap_or(0.0);
            ensure!((0.0..=1.0).contains(&share), BadOption, "{name}: expected a number from 0 to 1, found {share}");
        }
        ensure!(how.top_k != Some(0), BadOption, "topK: expected 1 or more, found 0");
        let (context, rng) = (self.context(prompt)?, Rng::new(how.seed, 0));
        let prompt_tokens = context.len() - self.model.beginning().len();
        Ok(Generating {
            ngram: self,
            how,
            rng,
            context,
            prompt_tokens,
            ids: Vec::new(),
            text: String::new(),
            ending: None,
        })
    }

    /// Continues a text token by token; `piece` gets what each token adds and says whether to go on.
    ///
    /// # Errors
    /// As [`Ngram::begin`].
    pub fn generate(&self, prompt: &str, how: Sampling, mut piece: impl FnMut(&str) -> bool) -> Result<String> {
        let mut generating = self.begin(prompt, how)?;
        while let Some((_, added)) = generating.piece()? {
            if !piece(&added) {
                break;
            }
        }
        generating.text()
    }
}

impl Generating<'_> {
    /// The next piece, with the id of the token that completed it; `None` at the end.
    ///
    /// # Errors
    /// `bad-input` when the ids cannot be decoded.
    pub fn piece(&mut self) -> Result<Option<(u32, String)>> {
        while self.ending.is_none() {
            if self.ids.len() >= self.how.max_tokens {
                self.ending = Some(Ending::Length);
                break;
            }
            let id = draw(&self.ngram.model.distribution(&self.context), &self.how, &mut self.rng);
            if id == self.ngram.end {
                self.ending = Some(Ending::Stop);
                break;
            }
            self.context.push(id);
            self.ids.push(id);
            let whole = self.ngram.units.text(&self.ids)?;
            // A split character shows as a replacement until its last byte is there.
            if whole.ends_with('\u{FFFD}') || !whole.starts_with(&self.text) {
                continue;
            }
            let added = whole.get(self.text.len()..).unwrap_or_default().to_string();
            self.text = whole;
            return Ok(Some((id, added)));
        }
        Ok(None)
    }

    /// Why it ended; `None` while it has not.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// How many tokens the prompt has.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt_tokens
    }

    /// The ids so far, without the prompt's and without the end token.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The whole text of the ids so far.
    ///
    /// # Errors
    /// `bad-input` when the ids cannot be decoded.
    pub fn text(&self) -> Result<String> {
        self.ngram.units.text(&self.ids)
    }
}

/// Draws an id; with temperature 0 the most probable, of equals the first.
fn draw(p: &[f64], how: &Sampling, rng: &mut Rng) -> u32 {
    let most = p.iter().copied().fold(0.0, f64::max);
    if how.temperature == 0.0 {
        return p.iter().position(|&p| p == most).unwrap_or(0) as u32;
    }
    let weight = |&p: &f64| if p > 0.0 { exp((ln(p) - ln(most)) / how.temperature) } else { 0.0 };
    let mut weights: Vec<f64> = p.iter().map(weight).collect();
    narrow(&mut weights, how);
    let total: f64 = weights.iter().sum();
    let mut left = rng.uniform() * total;
    for (id, &weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return id as u32;
        }
    }
    weights.iter().rposition(|&weight| weight > 0.0).unwrap_or(0) as u32
}

/// Takes their weight from the tokens that shall not be drawn: beyond the first k, then beyond a share of the sum, then
/// below a share of the greatest. Of equals the first are kept.
fn narrow(weights: &mut [f64], how: &Sampling) {
    if how.top_k.is_some() || how.top_p.is_some() {
        let mut order: Vec<usize> = (0..weights.len()).filter(|&id| weights[id] > 0.0).collect();
        order::by(&mut order, |&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
        let mut kept = order.len().min(how.top_k.unwrap_or(usize::MAX));
        if let Some(share) = how.top_p {
            let sum: f64 = order[..kept].iter().map(|&id| weights[id]).sum();
            let mut so_far = 0.0;
            let enough = |&id: &usize| {
                so_far += weights[id];
                so_far >= share * sum
            };
            kept = order[..kept].iter().position(enough).map_or(kept, |at| at + 1);
        }
        order[kept..].iter().for_each(|&id| weights[id] = 0.0);
    }
    if let Some(share) = how.min_p {
        let most = weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| **weight < share * most).for_each(|weight| *weight = 0.0);
    }
}
