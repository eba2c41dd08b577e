//! What is done to the logits of the next token before one is drawn, in f64, in the order of transformers.
//!
//! Bias, repetition penalty, frequency and presence penalty, then temperature, top-k, top-p, min-p, typical-p. A token that is
//! out has minus infinity. This is the truth for `shaders/sample.wgsl` and what beam search uses; it sorts, the shader does not.
//! Top-k: Fan et al. 2018; top-p: Holtzman et al. 2020; typical: Meister et al. 2023; repetition penalty: Keskar et al. 2019.

use crate::order;

/// Divides positive and multiplies negative logits of the tokens that stand already.
pub fn repetition(scores: &mut [f64], seen: impl Fn(usize) -> bool, penalty: f64) {
    for (_, score) in scores.iter_mut().enumerate().filter(|(token, _)| seen(*token)) {
        *score *= if *score < 0.0 { penalty } else { 1.0 / penalty };
    }
}

/// Takes `frequency` for each time a token was made, and `presence` once if it was.
pub fn frequency_and_presence(scores: &mut [f64], count: impl Fn(usize) -> u32, frequency: f64, presence: f64) {
    for (token, score) in scores.iter_mut().enumerate() {
        let count = f64::from(count(token));
        *score -= frequency * count + presence * count.min(1.0);
    }
}

/// Divides by the temperature, which is above 0.
pub fn temperature(scores: &mut [f64], temperature: f64) {
    scores.iter_mut().for_each(|score| *score /= temperature);
}

/// Keeps the `k` best, and whatever equals the last of them.
pub fn top_k(scores: &mut [f64], k: usize) {
    if k == 0 || k >= scores.len() {
        return;
    }
    let mut order = scores.to_vec();
    order::front(&mut order, k, |a, b| b.total_cmp(a));
    let least = order[k - 1];
    scores.iter_mut().filter(|score| **score < least).for_each(|score| *score = f64::NEG_INFINITY);
}

/// Keeps the fewest best whose probabilities reach `p`, at least `least` of them; of equals, those with the lower ids.
pub fn top_p(scores: &mut [f64], p: f64, least: usize) {
    let (probabilities, _) = softmax(scores);
    // Tokens below this share cannot reach 1 - p together, so few are left to sort.
    let low = if least > 1 { 0.0 } else { (1.0 - p) / scores.len() as f64 * (1.0 - 1e-9) };
    let (mut order, rest): (Vec<usize>, Vec<usize>) =
        (0..scores.len()).partition(|&token| probabilities[token] >= low && scores[token] > f64::NEG_INFINITY);
    rest.into_iter().for_each(|token| scores[token] = f64::NEG_INFINITY);
    order::by(&mut order, |&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let mut before = 0.0;
    for (place, token) in order.into_iter().enumerate() {
        // What the removed and this one hold together, as transformers compares it.
        if place >= least.max(1) && 1.0 - before <= 1.0 - p {
            scores[token] = f64::NEG_INFINITY;
        }
        before += probabilities[token];
    }
}

/// Keeps those with at least `p` times the best one's probability, at least `least` of them.
pub fn min_p(scores: &mut [f64], p: f64, least: usize) {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let limit = best + p.ln();
    let mut order: Vec<usize> = (0..scores.len()).filter(|&token| scores[token] > f64::NEG_INFINITY).collect();
    if least > 1 {
        order::by(&mut order, |&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        order.drain(..least.min(order.len()));
    }
    for token in order {
        if scores[token] < limit.min(best) {
            scores[token] = f64::NEG_INFINITY;
        }
    }
}

/// Keeps those whose surprise is nearest to the mean surprise, until their probabilities reach `mass`; at least `least`.
pub fn typical(scores: &mut [f64], mass: f64, least: usize) {
    let (probabilities, logs) = softmax(scores);
    let surprise: f64 = probabilities.iter().zip(&logs).filter(|(p, _)| **p > 0.0).map(|(p, log)| -p * log).sum();
    let distance = |token: usize| (-logs[token] - surprise).abs();
    let mut order: Vec<usize> = (0..scores.len()).filter(|&token| scores[token] > f64::NEG_INFINITY).collect();
    order::by(&mut order, |&a, &b| distance(a).total_cmp(&distance(b)));
    let mut held = 0.0;
    let mut last = 0;
    for (place, &token) in order.iter().enumerate() {
        last = place;
        held += probabilities[token];
        if held >= mass && place + 1 >= least {
            break;
        }
    }
    let Some(limit) = order.get(last).map(|&token| distance(token)) else { return };
    for token in order.into_iter().filter(|&token| distance(token) > limit) {
        scores[token] = f64::NEG_INFINITY;
    }
}

/// Probabilities and their logarithms.
pub fn softmax(scores: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log = best + scores.iter().map(|score| (score - best).exp()).sum::<f64>().ln();
    (scores.iter().map(|score| (score - log).exp()).collect(), scores.iter().map(|score| score - log).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn golden() -> Value {
        let text = include_str!("../../tests/golden/logits/processors.json");
        serde_json::from_str(text).unwrap()
    }

    fn row(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NEG_INFINITY)).collect()
    }

    fn rows(value: &Value) -> Vec<Vec<f64>> {
        value.as_array().unwrap().iter().map(row).collect()
    }

    /// The same numbers, and the same tokens out; of equal ones only how many are out.
    fn compare(got: &[f64], expected: &[f64], start: &[f64], what: &str) {
        for (token, (g, e)) in got.iter().zip(expected).enumerate() {
            if g.is_finite() && e.is_finite() {
                assert!((g - e).abs() <= 1e-5 * e.abs().max(1e-2), "{what}: token {token} is {g}, not {e}");
            } else if g.is_finite() != e.is_finite() {
                let kept = |scores: &[f64]| {
                    (0..scores.len()).filter(|&t| scores[t].is_finite() && start[t] == start[token]).count()
                };
                let equals = start.iter().filter(|&&s| s == start[token]).count();
                assert!(equals > 1 && kept(got) == kept(expected), "{what}: token {token} is {g}, not {e}");
            }
        }
    }

    fn apply(name: &str, args: &Value, scores: &mut [f64]) -> bool {
        let number = |key: &str| args[key].as_f64().unwrap();
        let least = args["min_tokens_to_keep"].as_u64().unwrap_or(1) as usize;
        match name {
            "TemperatureLogitsWarper" => temperature(scores, number("temperature")),
            "TopKLogitsWarper" => top_k(scores, (number("top_k") as usize).max(least)),
            "TopPLogitsWarper" => top_p(scores, number("top_p"), least),
            "MinPLogitsWarper" => min_p(scores, number("min_p"), least),
            "TypicalLogitsWarper" => {
                typical(scores, args["mass"].as_f64().unwrap_or_else(|| number("typical_p")), least);
            }
            _ => return false,
        }
        true
    }

    #[test]
    fn every_processor_does_what_transformers_does() {
        let golden = golden();
        let mut checked = 0;
        for case in golden["warpers"].as_array().unwrap() {
            let (name, vector) = (case["processor"].as_str().unwrap(), case["vector"].as_str().unwrap());
            let starts = rows(&golden["vectors"][vector]);
            for (start, expected) in starts.iter().zip(rows(&case["output"])) {
                let mut scores = start.clone();
                if apply(name, &case["args"], &mut scores) {
                    compare(&scores, &expected, start, &format!("{name} {} {vector}", case["args"]));
                    checked += 1;
                }
            }
        }
        assert!(checked > 250, "only {checked} rows");
    }

    #[test]
    fn repetition_penalties_and_pipelines_are_those_of_transformers() {
        let golden = golden();
        let seen = |case: &Value, row: usize| -> Vec<usize> {
            case["input_ids"][row].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as usize).collect()
        };
        for case in golden["repetition_penalty"].as_array().unwrap() {
            let starts = rows(&golden["vectors"][case["vector"].as_str().unwrap()]);
            for (at, (start, expected)) in starts.iter().zip(rows(&case["output"])).enumerate() {
                let (mut scores, seen) = (start.clone(), seen(case, at));
                repetition(&mut scores, |token| seen.contains(&token), case["args"]["penalty"].as_f64().unwrap());
                compare(&scores, &expected, start, "repetition");
            }
        }
        let mut checked = 0;
        for case in golden["pipelines"].as_array().unwrap() {
            let order: Vec<&str> =
                case["order"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            if order.contains(&"NoRepeatNGramLogitsProcessor") {
                continue;
            }
            let starts = rows(&golden["vectors"][case["vector"].as_str().unwrap()]);
            for (at, (start, expected)) in starts.iter().zip(rows(&case["output"])).enumerate() {
                let (mut scores, seen) = (start.clone(), seen(case, at));
                for name in &order {
                    if !apply(name, &case["args"], &mut scores) {
                        let penalty = case["args"]["repetition_penalty"].as_f64().unwrap();
                        repetition(&mut scores, |token| seen.contains(&token), penalty);
                    }
                }
                compare(&scores, &expected, start, &format!("{order:?}"));
                let probabilities = row(&case["probabilities"][at]);
                let worst =
                    softmax(&scores).0.iter().zip(&probabilities).map(|(p, e)| (p - e).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-5, "{order:?}: probabilities off by {worst:.1e}");
                checked += 1;
            }
        }
        assert!(checked >= 12, "only {checked} rows");
    }

    #[test]
    fn frequency_counts_and_presence_does_not() {
        let mut scores = vec![1.0, 1.0, 1.0];
        frequency_and_presence(&mut scores, |token| [0, 1, 3][token], 0.5, 0.25);
        assert_eq!(scores, [1.0, 0.25, -0.75]);
    }
}
