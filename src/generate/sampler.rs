//! One token from logits: processors in the order of transformers, then the best or a draw.
//!
//! Comes in: logits of one row, the ids that stand, the settings. Goes out: an id with its log-probability. A draw is a pure function of
//! the seed and the place in the text, the same as the device's. Sums are in f64.

use std::cmp::Ordering;

use super::settings::Settings;
use crate::error::Result;
use crate::kernels::{processors, sample};
use crate::order;
use crate::{bail, ensure};

/// A token that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Its id.
    pub id: u32,
    /// Its log-probability before anything was changed.
    pub logprob: f64,
    /// The most probable ids with theirs, if wanted.
    pub top: Vec<(u32, f64)>,
}

/// The ids of the largest numbers, the largest first; equal ones in the order of their ids.
pub fn best(numbers: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    let falling =
        |a: &usize, b: &usize| numbers[*b].partial_cmp(&numbers[*a]).unwrap_or(Ordering::Equal).then(a.cmp(b));
    let count = count.min(order.len());
    if count == 0 {
        return Vec::new();
    }
    if count < order.len() {
        order::front(&mut order, count, falling);
        order.truncate(count);
    }
    order::by(&mut order, falling);
    order
}

/// Changes `scores` (logits) as the settings say. `ids` are the prompt and what was made, `made` of them made.
pub fn process(scores: &mut [f64], ids: &[u32], made: usize, settings: &Settings) {
    for (&id, &bias) in &settings.logit_bias {
        if let Some(score) = scores.get_mut(id as usize) {
            *score += f64::from(bias);
        }
    }
    let fresh = &ids[ids.len() - made..];
    let times = |of: &[u32], token: usize| of.iter().filter(|&&id| id as usize == token).count() as u32;
    if settings.repetition_penalty != 1.0 {
        let mut seen = vec![false; scores.len()];
        for &id in ids {
            if let Some(seen) = seen.get_mut(id as usize) {
                *seen = true;
            }
        }
        processors::repetition(scores, |token| seen[token], settings.repetition_penalty.into());
    }
    if settings.frequency_penalty != 0.0 || settings.presence_penalty != 0.0 {
        let (frequency, presence) = (settings.frequency_penalty.into(), settings.presence_penalty.into());
        processors::frequency_and_presence(scores, |token| times(fresh, token), frequency, presence);
    }
    let mut remove = |id: u32| {
        if let Some(score) = scores.get_mut(id as usize) {
            *score = f64::NEG_INFINITY;
        }
    };
    let size = settings.no_repeat_ngram;
    if size > 0 && ids.len() + 1 >= size {
        let tail = &ids[ids.len() + 1 - size..];
        ids.windows(size).filter(|window| window[..size - 1] == *tail).for_each(|window| remove(window[size - 1]));
    }
    if made < settings.min_tokens {
        settings.stop_tokens.iter().for_each(|&id| remove(id));
    }
    if settings.temperature > 0.0 {
        processors::temperature(scores, settings.temperature.into());
        if settings.top_k > 0 {
            processors::top_k(scores, settings.top_k);
        }
        if settings.top_p < 1.0 {
            processors::top_p(scores, settings.top_p.into(), 1);
        }
        if settings.min_p > 0.0 {
            processors::min_p(scores, settings.min_p.into(), 1);
        }
        if settings.typical_p < 1.0 {
            processors::typical(scores, settings.typical_p.into(), 1);
        }
    }
}

/// Chooses the next token of one row.
///
/// Fails with `non-finite` if the logits hold what is no number.
pub fn choose(logits: &[f32], ids: &[u32], made: usize, settings: &Settings) -> Result<Chosen> {
    ensure!(logits.iter().all(|l| !l.is_nan()), NonFinite, "generate: the model's logits are not numbers");
    let mut scores: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
    let (_, plain) = processors::softmax(&scores);
    process(&mut scores, ids, made, settings);
    let id = if settings.temperature == 0.0 {
        best(&scores, 1).first().copied()
    } else {
        Some(sample::draw(&scores, sample::lot(settings.seed, ids.len() as u32)))
    };
    let Some(id) = id.filter(|&id| scores[id] > f64::NEG_INFINITY) else {
        bail!(BadOption, "generate: the options leave no token to choose")
    };
    Ok(Chosen { id: id as u32, logprob: plain[id], top: top(&plain, settings) })
}

/// The most probable ids that the settings ask for, with their log-probabilities.
pub fn top(logprobs: &[f64], settings: &Settings) -> Vec<(u32, f64)> {
    let wanted = settings.logprobs.unwrap_or(0);
    best(logprobs, wanted).into_iter().map(|id| (id as u32, logprobs[id])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::settings::Choices;

    #[test]
    fn nothing_is_said_three_tokens_long_twice() {
        let settings = Choices { no_repeat_ngram: Some(3), temperature: Some(0.0), ..Choices::default() };
        let settings = settings.settle(None, &[]).unwrap();
        let chosen = choose(&[0.0, 1.0, 5.0, 2.0], &[1, 3, 2, 1, 3], 0, &settings).unwrap();
        assert_eq!(chosen.id, 3, "1 3 2 stands already");
        let chosen = choose(&[0.0, 1.0, 5.0, 2.0], &[1, 3, 2, 3, 1], 0, &settings).unwrap();
        assert_eq!(chosen.id, 2);
    }

    #[test]
    fn draws_have_the_probabilities_they_should_and_repeat() {
        let logits = [0.0f32, 1.0, 2.0, f32::NEG_INFINITY];
        let settings = Choices { temperature: Some(0.7), ..Choices::default() }.settle(None, &[]).unwrap();
        let mut counts = [0u32; 4];
        for seed in 0..20_000 {
            let settings = Settings { seed, ..settings.clone() };
            let chosen = choose(&logits, &[1, 2], 0, &settings).unwrap();
            assert_eq!(chosen, choose(&logits, &[1, 2], 0, &settings).unwrap());
            counts[chosen.id as usize] += 1;
        }
        let scores: Vec<f64> = logits.iter().map(|&l| f64::from(l) / 0.7).collect();
        for (count, p) in counts.iter().zip(processors::softmax(&scores).0) {
            assert!((f64::from(*count) / 20_000.0 - p).abs() < 0.012, "{counts:?}");
        }
        assert_eq!(counts[3], 0);
    }

    #[test]
    fn options_that_leave_nothing_are_refused() {
        let settings = Choices { min_tokens: Some(1), stop_tokens: Some(vec![0]), ..Choices::default() }
            .settle(None, &[])
            .unwrap();
        assert_eq!(choose(&[1.0], &[0], 0, &settings).unwrap_err().code(), "bad-option");
        assert_eq!(choose(&[f32::NAN], &[0], 0, &settings).unwrap_err().code(), "non-finite");
    }
}
