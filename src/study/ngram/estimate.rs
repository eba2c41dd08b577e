//! From counts to probabilities.
//!
//! In: what tokens came before. Out: P(token | context) for every token; the probabilities of a context sum to one.
//! With V the tokens that can come (the end token among them), c(h w) the count of w after h, h' the context without its
//! first token:
//! * none: c(h w) / c(h), on the longest end of the context that was seen;
//! * add: (c(h w) + k) / (c(h) + k V);
//! * Kneser-Ney, interpolated (Chen and Goodman 1999): max(a(h w) - D, 0) / a(h) + D n(h) / a(h) · P(w | h'), down to 1 / V.
//!   a is the count for the longest runs and those at a document's beginning, else the number of different tokens seen
//!   before the run; n(h) is how many different tokens come after h; D = n1 / (n1 + 2 n2) from the numbers of runs with
//!   a = 1 and a = 2 at that length, and 3/4 where there are none of one.

use super::Smoothing;
use super::counts::{BEGIN, Counting, Counts};
use crate::ensure;
use crate::error::Result;

/// An n-gram model over ids: tokens are the numbers below `vocab`, the last of which ends documents.
#[derive(Clone, Debug)]
pub struct NgramModel {
    counts: Counts,
    vocab: usize,
    smoothing: Smoothing,
    /// The discount at each length of context (Kneser-Ney).
    discounts: Vec<f64>,
}

/// A model in the making.
pub struct NgramCounting {
    counting: Counting,
    documents: usize,
}

impl NgramCounting {
    /// Counts runs of up to `order` tokens.
    ///
    /// # Errors
    /// `bad-option` for an order of zero or more than 16.
    pub fn new(order: usize) -> Result<Self> {
        ensure!((1..=16).contains(&order), BadOption, "order: expected 1 to 16, found {order}");
        Ok(NgramCounting { counting: Counting::new(order), documents: 0 })
    }

    /// Counts tokens of the document under way.
    ///
    /// # Errors
    /// `out-of-memory`.
    pub fn push(&mut self, ids: &[u32]) -> Result<()> {
        ids.iter().try_for_each(|&id| self.counting.push(id))
    }

    /// Ends the document with its end token.
    ///
    /// # Errors
    /// `out-of-memory`.
    pub fn end(&mut self, end: u32) -> Result<()> {
        self.documents += 1;
        self.counting.end(end)
    }

    /// Ends the counting; `vocab` tokens can come.
    ///
    /// # Errors
    /// `bad-input` when there was no document, `bad-option` for a smoothing that cannot be.
    pub fn finish(self, vocab: usize, smoothing: Smoothing) -> Result<NgramModel> {
        ensure!(self.documents > 0, BadInput, "n-gram: no document was given");
        if let Smoothing::Add(k) = smoothing {
            ensure!(k > 0.0 && k.is_finite(), BadOption, "smoothing.k: expected more than 0, found {k}");
        }
        let counts = self.counting.finish()?;
        let mut model = NgramModel { counts, vocab, smoothing, discounts: Vec::new() };
        if smoothing == Smoothing::KneserNey {
            model.discounts = model.discounts();
        }
        Ok(model)
    }
}

impl NgramModel {
    /// How many tokens a run has at most.
    pub fn order(&self) -> usize {
        self.counts.order
    }

    /// How many tokens can come.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// The context of a document's first token.
    pub fn beginning(&self) -> Vec<u32> {
        if self.counts.order > 1 { vec![BEGIN] } else { Vec::new() }
    }

    /// What of a context counts: its last n - 1 tokens.
    fn tail<'c>(&self, context: &'c [u32]) -> &'c [u32] {
        &context[context.len() - context.len().min(self.counts.order - 1)..]
    }

    fn discounts(&self) -> Vec<f64> {
        let mut seen = vec![[0u64; 2]; self.counts.order];
        self.counts.contexts(|length, run| {
            for (_, next) in self.counts.after(run) {
                match self.counts.adjusted(length, next) {
                    1 => seen[length][0] += 1,
                    2 => seen[length][1] += 1,
                    _ => {}
                }
            }
        });
        let discount = |&[once, twice]: &[u64; 2]| match once == 0 || twice == 0 {
            true => 0.75,
            false => once as f64 / (once + 2 * twice) as f64,
        };
        seen.iter().map(discount).collect()
    }

    /// How often a token was seen after a context, whole.
    pub fn count(&self, token: u32, context: &[u32]) -> u32 {
        let run = self.counts.run(self.tail(context)).and_then(|run| self.counts.next(run, token));
        run.map_or(0, |run| self.counts.get(run).count)
    }

    /// P(token | context).
    pub fn probability(&self, token: u32, context: &[u32]) -> f64 {
        let context = self.tail(context);
        match self.smoothing {
            Smoothing::None => {
                let run = self.longest_seen(context);
                let total = self.counts.get(run).total;
                let count = self.counts.next(run, token).map_or(0, |next| self.counts.get(next).count);
                f64::from(count) / total as f64
            }
            Smoothing::Add(k) => {
                let Some(run) = self.counts.run(context) else { return 1.0 / self.vocab as f64 };
                let total = self.counts.get(run).total;
                let count = self.counts.next(run, token).map_or(0, |next| self.counts.get(next).count);
                (f64::from(count) + k) / (total as f64 + k * self.vocab as f64)
            }
            Smoothing::KneserNey => {
                let mut p = 1.0 / self.vocab as f64;
                for length in 0..=context.len() {
                    let Some(run) = self.counts.run(&context[context.len() - length..]) else { break };
                    let (total, kinds) = self.mass(run);
                    if total == 0.0 {
                        break;
                    }
                    let discount = self.discounts[length];
                    let own = self
                        .counts
                        .next(run, token)
                        .map_or(0, |next| self.counts.adjusted(length, self.counts.get(next)));
                    p = (f64::from(own) - discount).max(0.0) / total + discount * kinds / total * p;
                }
                p
            }
        }
    }

    /// a(h) and n(h).
    fn mass(&self, run: u32) -> (f64, f64) {
        let run = self.counts.get(run);
        (run.adjusted as f64, f64::from(run.kinds))
    }

    /// The longest end of the context that something was seen after.
    fn longest_seen(&self, context: &[u32]) -> u32 {
        let seen = |from: usize| {
            let run = self.counts.run(&context[from..])?;
            (self.counts.get(run).total > 0).then_some(run)
        };
        (0..=context.len()).find_map(seen).unwrap_or(0)
    }

    /// P(· | context) for every token, in order of ids.
    pub fn distribution(&self, context: &[u32]) -> Vec<f64> {
        let context = self.tail(context);
        let uniform = vec![1.0 / self.vocab as f64; self.vocab];
        match self.smoothing {
            Smoothing::None => self.shares(self.longest_seen(context), 0.0),
            Smoothing::Add(k) => self.counts.run(context).map_or(uniform, |run| self.shares(run, k)),
            Smoothing::KneserNey => {
                let mut p = uniform;
                for length in 0..=context.len() {
                    let Some(run) = self.counts.run(&context[context.len() - length..]) else { break };
                    let (total, kinds) = self.mass(run);
                    if total == 0.0 {
                        break;
                    }
                    let discount = self.discounts[length];
                    p.iter_mut().for_each(|p| *p *= discount * kinds / total);
                    for (token, next) in self.counts.after(run) {
                        let own = f64::from(self.counts.adjusted(length, next));
                        if let Some(p) = p.get_mut(token as usize) {
                            *p += (own - discount).max(0.0) / total;
                        }
                    }
                }
                p
            }
        }
    }

    fn shares(&self, run: u32, k: f64) -> Vec<f64> {
        let total = self.counts.get(run).total;
        let total = total as f64 + k * self.vocab as f64;
        let mut p = vec![k / total; self.vocab];
        for (token, next) in self.counts.after(run) {
            if let Some(p) = p.get_mut(token as usize) {
                *p = (f64::from(next.count) + k) / total;
            }
        }
        p
    }

    /// The natural logarithm of a document's probability, its end included; and how many tokens that is.
    pub fn score(&self, ids: &[u32], end: u32) -> (f64, usize) {
        let mut context = self.beginning();
        let mut sum = 0.0;
        for &id in ids.iter().chain([&end]) {
            sum += self.probability(id, &context).ln();
            context.push(id);
            if context.len() > 64 {
                context.drain(..48);
            }
        }
        (sum, ids.len() + 1)
    }
}
