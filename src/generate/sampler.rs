//! One token from logits: processors in the order of transformers, then the best or a draw.
//!
//! Comes in: logits of one row, the ids that stand, the settings. Goes out: an id with its log-probability. A draw is a pure function of
//! the seed and the place in the text. Sums are in f64.

use std::cmp::Ordering;

use super::settings::Settings;
use crate::error::Result;
use crate::rng::{threefry, unit};
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

/// Log-probabilities of logits.
pub fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, &l| most.max(f64::from(l)));
    let sum: f64 = logits.iter().map(|&l| (f64::from(l) - most).exp()).sum();
    logits.iter().map(|&l| f64::from(l) - most - sum.ln()).collect()
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
        order.select_nth_unstable_by(count - 1, falling);
        order.truncate(count);
    }
    order.sort_by(falling);
    order
}

/// Changes `scores` (logits) as the settings say. `ids` are the prompt and what was made, `made` of them made.
pub fn process(scores: &mut [f64], ids: &[u32], made: usize, settings: &Settings) {
    if settings.repetition_penalty != 1.0 {
        let penalty = f64::from(settings.repetition_penalty);
        let mut seen = ids.to_vec();
        seen.sort_unstable();
        seen.dedup();
        for id in seen {
            if let Some(score) = scores.get_mut(id as usize) {
                *score = if *score < 0.0 { *score * penalty } else { *score / penalty };
            }
        }
    }
    if settings.frequency_penalty != 0.0 || settings.presence_penalty != 0.0 {
        let mut fresh = ids[ids.len() - made..].to_vec();
        fresh.sort_unstable();
        for same in fresh.chunk_by(|a, b| a == b) {
            if let Some(score) = same.first().and_then(|&id| scores.get_mut(id as usize)) {
                *score -=
                    f64::from(settings.frequency_penalty) * same.len() as f64 + f64::from(settings.presence_penalty);
            }
        }
    }
    let size = settings.no_repeat_ngram;
    if size > 0 && ids.len() + 1 >= size {
        let tail = &ids[ids.len() + 1 - size..];
        for window in ids.windows(size) {
            if window[..size - 1] == *tail {
                if let Some(score) = scores.get_mut(window[size - 1] as usize) {
                    *score = f64::NEG_INFINITY;
                }
            }
        }
    }
    if made < settings.min_tokens {
        for &id in &settings.stop_tokens {
            if let Some(score) = scores.get_mut(id as usize) {
                *score = f64::NEG_INFINITY;
            }
        }
    }
    for (&id, &bias) in &settings.logit_bias {
        if let Some(score) = scores.get_mut(id as usize) {
            *score += f64::from(bias);
        }
    }
    if settings.temperature > 0.0 {
        warp(scores, settings);
    }
}

fn warp(scores: &mut [f64], settings: &Settings) {
    let temperature = f64::from(settings.temperature);
    scores.iter_mut().for_each(|score| *score /= temperature);
    if settings.top_k > 0 && settings.top_k < scores.len() {
        if let Some(&last) = best(scores, settings.top_k).last() {
            let least = scores[last];
            scores.iter_mut().filter(|score| **score < least).for_each(|score| *score = f64::NEG_INFINITY);
        }
    }
    if settings.top_p < 1.0 {
        let p = probabilities(scores);
        let mut rising: Vec<usize> = (0..scores.len()).collect();
        rising.sort_by(|&a, &b| scores[a].partial_cmp(&scores[b]).unwrap_or(Ordering::Equal));
        let (mut sum, last) = (0.0, scores.len().saturating_sub(1));
        // The least probable whose sum stays under what may be left out; the best always stays.
        for (rank, id) in rising.into_iter().enumerate() {
            sum += p[id];
            if sum <= 1.0 - f64::from(settings.top_p) && rank < last {
                scores[id] = f64::NEG_INFINITY;
            }
        }
    }
    if settings.min_p > 0.0 {
        let p = probabilities(scores);
        let least = p.iter().fold(0.0f64, |most, &p| most.max(p)) * f64::from(settings.min_p);
        scores.iter_mut().zip(&p).filter(|(_, p)| **p < least).for_each(|(score, _)| *score = f64::NEG_INFINITY);
    }
    if settings.typical_p < 1.0 {
        let p = probabilities(scores);
        let entropy: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let distance: Vec<f64> = p.iter().map(|p| (-p.ln() - entropy).abs()).collect();
        let mut rising: Vec<usize> = (0..scores.len()).collect();
        rising.sort_by(|&a, &b| distance[a].partial_cmp(&distance[b]).unwrap_or(Ordering::Equal));
        let mut sum = 0.0;
        let within = rising.iter().take_while(|&&id| {
            sum += p[id];
            sum < f64::from(settings.typical_p)
        });
        let last = within.count().min(scores.len().saturating_sub(1));
        if let Some(&last) = rising.get(last) {
            let most = distance[last];
            scores
                .iter_mut()
                .zip(&distance)
                .filter(|(_, d)| **d > most)
                .for_each(|(score, _)| *score = f64::NEG_INFINITY);
        }
    }
}

/// Probabilities of scores, of which some may be minus infinity.
pub fn probabilities(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

/// Chooses the next token of one row.
///
/// Fails with `non-finite` if the logits hold what is no number.
pub fn choose(logits: &[f32], ids: &[u32], made: usize, settings: &Settings) -> Result<Chosen> {
    ensure!(logits.iter().all(|l| !l.is_nan()), NonFinite, "generate: the model's logits are not numbers");
    let plain = log_softmax(logits);
    let mut scores: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
    process(&mut scores, ids, made, settings);
    let id = if settings.temperature == 0.0 {
        best(&scores, 1).first().copied()
    } else {
        draw(&scores, ids.len(), settings.seed)
    };
    let Some(id) = id.filter(|&id| scores[id] > f64::NEG_INFINITY) else {
        bail!(BadOption, "generate: the options leave no token to choose")
    };
    let wanted = settings.logprobs.unwrap_or(0);
    let top = best(&plain, wanted).into_iter().map(|id| (id as u32, plain[id])).collect();
    Ok(Chosen { id: id as u32, logprob: plain[id], top })
}

/// A draw from the probabilities of `scores`: the same for the same seed and place.
fn draw(scores: &[f64], at: usize, seed: u32) -> Option<usize> {
    let p = probabilities(scores);
    let [word, low] = threefry([seed, 0x7361_6d70], [at as u32, 0]);
    let point = f64::from(unit(word)) + f64::from(unit(low)) / 16_777_216.0;
    let mut sum = 0.0;
    let mut last = None;
    for (id, &p) in p.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        sum += p;
        last = Some(id);
        if point < sum {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::generate::settings::Choices;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap_or(f64::NEG_INFINITY)).collect()
    }

    fn settings(args: &Value) -> Settings {
        let real = |name: &str| args.get(name).and_then(Value::as_f64).map(|n| n as f32);
        let whole = |name: &str| args.get(name).and_then(Value::as_u64).map(|n| n as usize);
        let choices = Choices {
            temperature: Some(real("temperature").unwrap_or(1.0)),
            top_k: whole("top_k"),
            top_p: real("top_p"),
            min_p: real("min_p"),
            typical_p: real("typical_p"),
            repetition_penalty: real("repetition_penalty").or(real("penalty")),
            no_repeat_ngram: whole("no_repeat_ngram_size").or(whole("ngram_size")),
            ..Choices::default()
        };
        choices.settle(None, &[]).unwrap()
    }

    fn compare(name: &str, got: &[f64], expected: &[f64]) {
        for (id, (got, expected)) in got.iter().zip(expected).enumerate() {
            let same = if expected.is_finite() {
                (got - expected).abs() <= 1e-5 * expected.abs().max(1.0)
            } else {
                got == expected
            };
            assert!(same, "{name}, token {id}: {got}, expected {expected}");
        }
    }

    #[test]
    fn pipelines_are_those_of_the_reference() {
        let text = include_str!("../../tests/golden/logits/processors.json");
        let all: Value = serde_json::from_str(text).unwrap();
        let mut checked = 0;
        for case in all["pipelines"].as_array().unwrap() {
            let vector = &all["vectors"][case["vector"].as_str().unwrap()];
            for (row, expected) in case["output"].as_array().unwrap().iter().enumerate() {
                let mut scores = numbers(&vector[row]);
                let ids: Vec<u32> = numbers(&case["input_ids"][row]).into_iter().map(|n| n as u32).collect();
                process(&mut scores, &ids, 0, &settings(&case["args"]));
                compare(&case["order"].to_string(), &scores, &numbers(expected));
                compare("probabilities", &probabilities(&scores), &numbers(&case["probabilities"][row]));
                checked += 1;
            }
        }
        for case in all["warpers"].as_array().unwrap() {
            let vector = &all["vectors"][case["vector"].as_str().unwrap()];
            let known = ["Temperature", "TopK", "TopP", "MinP", "Typical"];
            let name = case["processor"].as_str().unwrap();
            let args = case["args"].as_object().unwrap();
            let plain = ["temperature", "top_k", "top_p", "min_p", "typical_p"];
            if !known.iter().any(|known| name.starts_with(known))
                || args.keys().any(|key| !plain.contains(&key.as_str()))
            {
                continue; // epsilon and eta cutoffs, filter values and counts to keep are no options of ours
            }
            for (row, expected) in case["output"].as_array().unwrap().iter().enumerate() {
                let mut scores = numbers(&vector[row]);
                process(&mut scores, &[], 0, &settings(&case["args"]));
                compare(name, &scores, &numbers(expected));
                checked += 1;
            }
        }
        assert!(checked > 20, "only {checked} cases were found");
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
        for (count, p) in counts.iter().zip(probabilities(&scores)) {
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
