//! Masked tokens, as BERT learns (Devlin et al. 2019), drawn anew at each visit as in RoBERTa.
//!
//! In: a row of ids with the word of each (-1: a special token) and a random stream. Out: the row with some tokens chosen (each word, or
//! each token, with probability `rate`; one at least): of these `mask` become the mask token, `random` any token, the rest stay.
//! What was chosen is predicted, all else is not.

use serde::{Deserialize, Serialize};

use super::row::{IGNORED, Row};
use crate::ensure;
use crate::error::Result;
use crate::rng::Rng;

/// The shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Masking {
    /// Chosen tokens among all.
    pub rate: f64,
    /// Masked ones among the chosen.
    pub mask: f64,
    /// Replaced ones among the chosen.
    pub random: f64,
    /// Whether words are chosen whole.
    pub whole_words: bool,
}

impl Default for Masking {
    fn default() -> Self {
        Masking { rate: 0.15, mask: 0.8, random: 0.1, whole_words: false }
    }
}

impl Masking {
    /// Fails with `bad-option` for shares that are none.
    pub fn check(&self) -> Result<()> {
        let Masking { rate, mask, random, .. } = self;
        ensure!(*rate > 0.0 && *rate < 1.0, BadOption, "train: masking.rate: between 0 and 1, got {rate}");
        for (name, share) in [("mask", mask), ("random", random)] {
            ensure!((0.0..=1.0).contains(share), BadOption, "train: masking.{name}: 0 to 1, got {share}");
        }
        ensure!(mask + random <= 1.0, BadOption, "train: masking: mask and random are {} together", mask + random);
        Ok(())
    }

    /// Chooses tokens of a row; `mask` is the mask token, `vocab` the number of tokens.
    pub fn apply(&self, mut row: Row, mask: u32, vocab: usize, rng: &mut Rng) -> Row {
        let mut chosen: Vec<bool> = vec![false; row.ids.len()];
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (at, &word) in row.words.iter().enumerate() {
            if word < 0 {
                continue;
            }
            let goes_on = self.whole_words && at > 0 && row.words.get(at - 1) == Some(&word);
            match groups.last_mut() {
                Some((_, end)) if goes_on => *end = at + 1,
                _ => groups.push((at, at + 1)),
            }
        }
        let mut take = |(from, to): (usize, usize)| chosen.iter_mut().take(to).skip(from).for_each(|one| *one = true);
        let mut any = false;
        for &group in &groups {
            if rng.uniform() < self.rate {
                take(group);
                any = true;
            }
        }
        if !any && !groups.is_empty() {
            take(groups[rng.below(groups.len() as u64) as usize]);
        }
        row.targets = vec![IGNORED; row.ids.len()];
        for (at, _) in chosen.iter().enumerate().filter(|(_, chosen)| **chosen) {
            row.targets[at] = row.ids[at];
            let draw = rng.uniform();
            if draw < self.mask {
                row.ids[at] = mask;
            } else if draw < self.mask + self.random {
                row.ids[at] = rng.below(vocab as u64) as u32;
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(length: usize) -> Row {
        let words = (0..length as i32).map(|at| if at == 0 { -1 } else { at / 2 }).collect();
        Row { words, ..Row::new((100..100 + length as u32).collect(), Vec::new(), 0) }
    }

    #[test]
    fn shares_are_those_asked_for_and_special_tokens_stay() {
        let masking = Masking::default();
        let (mut chosen, mut masked, mut kept) = (0.0, 0.0, 0.0);
        for draw in 0..40 {
            let made = masking.apply(row(1001), 4, 5000, &mut Rng::new(3, draw));
            assert_eq!((made.ids[0], made.targets[0]), (100, IGNORED));
            for at in 1..1001 {
                let was = 100 + at as u32;
                if made.targets[at] == IGNORED {
                    assert_eq!(made.ids[at], was);
                    continue;
                }
                assert_eq!(made.targets[at], was);
                chosen += 1.0;
                masked += f64::from(made.ids[at] == 4);
                kept += f64::from(made.ids[at] == was);
            }
        }
        // Of 40,000: standard deviations 0.0018, and 0.0052 and 0.0039 among the 6,000.
        assert!((chosen / 40_000.0 - 0.15f64).abs() < 0.008, "{chosen}");
        assert!((masked / chosen - 0.8f64).abs() < 0.025, "{masked} of {chosen}");
        assert!((kept / chosen - 0.1f64).abs() < 0.02, "{kept} of {chosen}");
    }

    #[test]
    fn whole_words_are_chosen_whole() {
        let masking = Masking { whole_words: true, ..Masking::default() };
        let made = masking.apply(row(401), 4, 5000, &mut Rng::new(3, 1));
        for at in (2..400).step_by(2) {
            assert_eq!(made.targets[at] == IGNORED, made.targets[at + 1] == IGNORED, "{at}");
        }
        assert!(made.targets.iter().any(|&target| target != IGNORED));
    }

    #[test]
    fn a_short_row_learns_something_and_the_same_draw_is_the_same_row() {
        for draw in 0..50 {
            let made = Masking::default().apply(row(3), 4, 50, &mut Rng::new(1, draw));
            assert!(made.targets.iter().any(|&target| target != IGNORED));
            assert_eq!(made, Masking::default().apply(row(3), 4, 50, &mut Rng::new(1, draw)));
        }
    }

    #[test]
    fn shares_that_are_none_are_refused() {
        for masking in [
            Masking { rate: 0.0, ..Masking::default() },
            Masking { mask: 0.95, ..Masking::default() },
            Masking { random: -0.1, ..Masking::default() },
        ] {
            assert_eq!(masking.check().unwrap_err().code(), "bad-option");
        }
    }
}
