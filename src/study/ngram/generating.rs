//! Text from counts, token by token.
//!
//! In: a baseline, a prompt, how to draw. Out: what each token adds to the text, whole characters only, and why it ended.

use super::{Ngram, Sampling};
use crate::ensure;
use crate::error::Result;
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
    ids: Vec<u32>,
    text: String,
    ending: Option<Ending>,
}

impl Ngram {
    /// Begins to continue a text.
    ///
    /// # Errors
    /// `bad-input` when the splitter gives up; `bad-option` for a temperature below zero.
    pub fn begin(&self, prompt: &str, how: Sampling) -> Result<Generating<'_>> {
        ensure!(
            how.temperature >= 0.0 && how.temperature.is_finite(),
            BadOption,
            "temperature: expected 0 or more, found {}",
            how.temperature
        );
        let (context, rng) = (self.context(prompt)?, Rng::new(how.seed, 0));
        Ok(Generating { ngram: self, how, rng, context, ids: Vec::new(), text: String::new(), ending: None })
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
            let id = draw(&self.ngram.model.distribution(&self.context), self.how.temperature, &mut self.rng);
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
fn draw(p: &[f64], temperature: f64, rng: &mut Rng) -> u32 {
    let most = p.iter().copied().fold(0.0, f64::max);
    if temperature == 0.0 {
        return p.iter().position(|&p| p == most).unwrap_or(0) as u32;
    }
    let weight = |p: f64| if p > 0.0 { exp((ln(p) - ln(most)) / temperature) } else { 0.0 };
    let total: f64 = p.iter().map(|&p| weight(p)).sum();
    let mut left = rng.uniform() * total;
    for (id, &p) in p.iter().enumerate() {
        left -= weight(p);
        if left < 0.0 {
            return id as u32;
        }
    }
    p.iter().rposition(|&p| p > 0.0).unwrap_or(0) as u32
}
