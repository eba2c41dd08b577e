//! Losses over logits: awkward sizes, far logits, rows that do not count; distillation and label smoothing against PyTorch's numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::kernels::{Case, cross_entropy, distill, label_loss, span_loss};
use serde_json::Value;

use crate::devices::agree;

fn gradient(case: Case, count: usize, accumulate: u32) -> Case {
    if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 1) }
}

#[test]
fn distillation_agrees_at_every_size_and_with_far_logits() {
    let mut cases = Vec::new();
    for (rows, vocab, scale) in [(1usize, 1usize, 1.0), (3, 257, 5.0), (2, 5003, 20.0), (66_000, 2, 3.0), (4, 30, 80.0)]
    {
        for (wanted, accumulate) in [(0, 1), (1, 0), (1, 1)] {
            let params = distill::Params {
                rows: rows as u32,
                vocab: vocab as u32,
                temperature: 1.5,
                gradient: wanted,
                accumulate,
            };
            let case = Case::new(&distill::DISTILL, &params, &[])
                .uniform(rows * vocab, scale)
                .uniform(rows * vocab, scale)
                .f32((0..rows).map(|row| [0.5, 0.0, 1.0][row % 3]).collect())
                .output(rows)
                .output(rows);
            let case = gradient(case, rows * vocab, accumulate).tolerance(2e-5);
            cases.push((format!("({rows}, {vocab}) within {scale}, gradient {wanted}, accumulate {accumulate}"), case));
        }
    }
    agree(cases);
}

#[test]
fn squares_and_binary_cross_entropy_agree() {
    let mut cases = Vec::new();
    for (rows, labels) in [(1usize, 1usize), (65, 3), (4_200_000, 1)] {
        // The largest is there for its folded grid alone.
        for flags in 0..if rows > 65 { 1 } else { 4 } {
            let (binary, accumulate) = (flags & 1, flags >> 1);
            let (r, l) = (rows as u32, labels as u32);
            let params = label_loss::Params { rows: r, labels: l, binary, gradient: 1, accumulate };
            let case = Case::new(&label_loss::LABEL_LOSS, &params, &[])
                .uniform(rows * labels, 80.0)
                .uniform(rows * labels, 1.0)
                .f32((0..rows).map(|row| [0.5, 0.0, 1.0][row % 3]).collect())
                .output(rows)
                .output(rows);
            cases.push((format!("({rows}, {labels}) flags {flags}"), gradient(case, rows * labels, accumulate)));
        }
    }
    agree(cases);
}

#[test]
fn spans_agree_and_places_outside_take_no_part() {
    let mut cases = Vec::new();
    for (rows, time) in [(1usize, 1usize), (3, 7), (5, 513)] {
        for accumulate in [0, 1] {
            let params = span_loss::Params { rows: rows as u32, time: time as u32, gradient: 1, accumulate };
            let t = time as u32;
            // Some rows are padded on the left, some on the right; some targets lie outside.
            let spans =
                (0..rows as u32).flat_map(|row| [[0, t], [t / 3, t], [0, t / 2 + 1]][row as usize % 3]).collect();
            let mut logits: Vec<f32> = (0..rows * time * 2).map(|i| (i * 37 % 161) as f32 - 80.0).collect();
            if rows > 1 {
                logits[time * 2] = f32::NAN;
            }
            let case = Case::new(&span_loss::SPAN_LOSS, &params, &[])
                .f32(logits)
                .u32(spans)
                .u32((0..2 * rows as u32).map(|line| line * 5 % t).collect())
                .f32((0..2 * rows).map(|line| [0.5, 0.25, 0.0][line % 3]).collect())
                .output(2 * rows)
                .output(2 * rows);
            cases.push((
                format!("({rows}, {time}) accumulate {accumulate}"),
                gradient(case, rows * time * 2, accumulate),
            ));
        }
    }
    agree(cases);
}

fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("tests/golden/losses/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// All numbers of nested lists.
fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap() as f32],
    }
}

/// The sum of binding `terms`, and the numbers of binding `dlogits`, near what is stored.
fn near(case: &Case, terms: usize, dlogits: usize, loss: f64, gradient: &[f32]) {
    let got = case.expected();
    let total: f64 = got[terms].iter().sum::<f64>();
    assert!((total - loss).abs() <= 1e-5 * loss.abs(), "loss {total}, stored {loss}");
    let scale = gradient.iter().fold(0.0f32, |most, g| most.max(g.abs()));
    for (got, stored) in got[dlogits].iter().zip(gradient) {
        assert!((got - f64::from(*stored)).abs() <= 1e-5 * f64::from(scale), "{got} stored {stored}");
    }
}

#[test]
fn distillation_is_that_of_the_stored_numbers() {
    let golden = golden("distillation");
    let check = |student: &Value, teacher: &Value, temperature: f32, coefficients: Vec<f32>, loss: f64| {
        let rows = coefficients.len();
        let vocab = numbers(student).len() / rows;
        let params =
            distill::Params { rows: rows as u32, vocab: vocab as u32, temperature, gradient: 1, accumulate: 0 };
        let case = Case::new(&distill::DISTILL, &params, &[])
            .f32(numbers(student))
            .f32(numbers(teacher))
            .f32(coefficients)
            .output(rows)
            .output(rows)
            .output(rows * vocab);
        agree([(format!("at {temperature}"), case.clone())]);
        let total: f64 = case.expected()[4].iter().sum();
        assert!((total - loss).abs() <= 1e-5 * loss, "{total}, stored {loss}");
        case
    };
    for case in golden["cases"].as_array().unwrap() {
        let temperature = case["temperature"].as_f64().unwrap() as f32;
        let (student, teacher, loss) = (&case["student_logits"], &case["teacher_logits"], &case["soft_loss"]);
        let mine = check(student, teacher, temperature, vec![0.2; 5], loss.as_f64().unwrap());
        if case["alpha"].as_f64() == Some(1.0) {
            near(&mine, 4, 5, loss.as_f64().unwrap(), &numbers(&case["grad_student"]));
        }
    }
    let masked = &golden["masked_sequence"];
    let labels = numbers(&masked["labels"]);
    let count = labels.iter().filter(|&&label| label >= 0.0).count() as f32;
    let coefficients = labels.iter().map(|&label| if label >= 0.0 { 1.0 / count } else { 0.0 }).collect();
    let loss = masked["soft_loss"].as_f64().unwrap();
    let mine = check(&masked["student_logits"], &masked["teacher_logits"], 2.0, coefficients, loss);
    near(&mine, 4, 5, loss, &numbers(&masked["grad_student"]));
}

#[test]
fn label_smoothing_is_that_of_the_stored_numbers() {
    for case in golden("label_smoothing")["cases"].as_array().unwrap() {
        let targets: Vec<i64> = case["target"].as_array().unwrap().iter().map(|t| t.as_i64().unwrap()).collect();
        let counted = targets.iter().filter(|&&target| target >= 0).count() as f32;
        let one = if case["reduction"] == "mean" { 1.0 / counted } else { 1.0 };
        let params = cross_entropy::Params {
            rows: 6,
            vocab: 11,
            first: 0,
            gradient: 1,
            smoothing: case["label_smoothing"].as_f64().unwrap() as f32,
            z_loss: 0.0,
            softcap: 0.0,
        };
        let mine = Case::new(&cross_entropy::CROSS_ENTROPY, &params, &[])
            .u32(targets.iter().map(|&target| target as u32).collect())
            .f32(targets.iter().map(|&target| if target >= 0 { one } else { 0.0 }).collect())
            .f32(numbers(&case["logits"]))
            .output(6)
            .output(6);
        agree([("stored".to_owned(), mine.clone())]);
        near(&mine, 4, 2, case["loss"].as_f64().unwrap(), &numbers(&case["grad_logits"]));
    }
}
