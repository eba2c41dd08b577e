//! Distillation: awkward sizes, far logits, and PyTorch's numbers.

use griot::kernels::{Case, distill};
use serde_json::Value;

use crate::devices::agree;
use crate::losses::{golden, gradient, near, numbers};

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
