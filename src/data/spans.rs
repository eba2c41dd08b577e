//! Corrupted spans, as T5 learns (Raffel et al. 2020, section 3.1.4), divided as its published code divides them.
//!
//! In: a stretch of ids, sentinels, a random stream. Out: the stretch with each noise span replaced by a sentinel, and the spans
//! behind their sentinels; both end in the end token. A stretch begins unharmed and ends harmed.

use serde::{Deserialize, Serialize};

use crate::ensure;
use crate::error::Result;
use crate::rng::Rng;

/// How much is corrupted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Spans {
    /// Corrupted tokens among all.
    pub rate: f64,
    /// Tokens of a span.
    pub mean: f64,
}

impl Default for Spans {
    fn default() -> Self {
        Spans { rate: 0.15, mean: 3.0 }
    }
}

impl Spans {
    /// Fails with `bad-option` for numbers that make no sense.
    pub fn check(&self) -> Result<()> {
        ensure!(self.rate > 0.0 && self.rate < 1.0, BadOption, "train: spans.rate: between 0 and 1, got {}", self.rate);
        ensure!(
            self.mean >= 1.0 && self.mean.is_finite(),
            BadOption,
            "train: spans.mean: at least 1, got {}",
            self.mean
        );
        Ok(())
    }

    /// Noise tokens and noise spans of a stretch of `length` tokens, at least two; halves are rounded to even.
    fn noise(&self, length: usize) -> (usize, usize) {
        let tokens = ((length as f64 * self.rate).round_ties_even() as usize).clamp(1, length.max(2) - 1);
        let most = tokens.min(length.saturating_sub(tokens)).max(1);
        let spans = (tokens as f64 / self.mean).round_ties_even() as usize;
        (tokens, spans.clamp(1, most))
    }

    /// What a stretch of `length` tokens becomes: places of the input and of the targets, the end token counted.
    pub fn lengths(&self, length: usize) -> (usize, usize) {
        let (tokens, spans) = self.noise(length);
        (length - tokens + spans + 1, tokens + spans + 1)
    }

    /// The longest stretch whose input and targets fit into `places`; none where no stretch does.
    pub fn stretch(&self, places: usize) -> Option<usize> {
        let fits = |length: usize| {
            let (input, targets) = self.lengths(length);
            input <= places && targets <= places
        };
        (2..=2 * places).take_while(|&length| fits(length)).last()
    }

    /// Input and targets of a stretch of at least two ids.
    pub fn apply(&self, ids: &[u32], sentinels: &[u32], end: u32, rng: &mut Rng) -> (Vec<u32>, Vec<u32>) {
        let (tokens, spans) = self.noise(ids.len());
        let spans = spans.min(sentinels.len()).max(1);
        let noise = segments(tokens, spans, rng);
        let plain = segments(ids.len() - tokens, spans, rng);
        let (mut input, mut targets) = (Vec::with_capacity(ids.len()), Vec::new());
        let mut at = 0;
        for ((plain, noise), &sentinel) in plain.into_iter().zip(noise).zip(sentinels) {
            input.extend_from_slice(&ids[at..at + plain]);
            input.push(sentinel);
            targets.push(sentinel);
            targets.extend_from_slice(&ids[at + plain..at + plain + noise]);
            at += plain + noise;
        }
        input.push(end);
        targets.push(end);
        (input, targets)
    }
}

/// `items` divided at random into `count` parts, none of them empty.
fn segments(items: usize, count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut begins: Vec<bool> = (0..items.saturating_sub(1)).map(|at| at + 1 < count).collect();
    rng.shuffle(&mut begins);
    let mut parts = vec![1];
    for begin in begins {
        match parts.last_mut() {
            Some(last) if !begin => *last += 1,
            _ => parts.push(1),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_published_ones() {
        // T5's own pre-training: 512 places take 568 tokens, whose targets are 114 long.
        let spans = Spans::default();
        assert_eq!(spans.stretch(512), Some(568));
        assert_eq!(spans.lengths(568), (512, 114));
        assert_eq!(spans.stretch(2), None);
    }

    #[test]
    fn input_and_targets_give_the_text_back() {
        let ids: Vec<u32> = (10..70).collect();
        let sentinels = [9, 8, 7, 6, 5];
        let spans = Spans::default();
        let (input, targets) = spans.apply(&ids, &sentinels, 1, &mut Rng::new(5, 0));
        // 9 tokens of noise in 3 spans.
        assert_eq!((input.len(), targets.len()), spans.lengths(60));
        assert_eq!((input.last(), targets.last()), (Some(&1), Some(&1)));
        assert_eq!(targets[0], 9);
        let mut whole = Vec::new();
        for &id in &input[..input.len() - 1] {
            match sentinels.iter().position(|&sentinel| sentinel == id) {
                None => whole.push(id),
                Some(_) => {
                    let from = targets.iter().position(|&target| target == id).unwrap() + 1;
                    whole.extend(targets[from..].iter().take_while(|id| **id >= 10));
                }
            }
        }
        assert_eq!(whole, ids);
        assert_eq!((input, targets), spans.apply(&ids, &sentinels, 1, &mut Rng::new(5, 0)));
    }

    #[test]
    fn a_stretch_of_two_tokens_loses_its_second() {
        let (input, targets) = Spans::default().apply(&[20, 21], &[9], 1, &mut Rng::new(0, 0));
        assert_eq!((input, targets), (vec![20, 9, 1], vec![9, 21, 1]));
    }
}
