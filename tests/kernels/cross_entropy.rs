//! The loss of rows of logits: awkward vocabularies, far logits, rows that do not count, every flag.

use griot::kernels::Case;
use griot::kernels::cross_entropy::{CROSS_ENTROPY, Params};

use crate::devices::agree;
use crate::losses::{golden, near, numbers};

fn case(rows: usize, vocab: usize, scale: f32, params: Params) -> Case {
    let all = rows + params.first as usize;
    let targets = (0..all).map(|row| (row * 7919 % vocab) as u32).collect();
    let coefficients = (0..all).map(|row| [1.0, 0.0, 0.3][row % 3]).collect();
    // What lies before the chunk's first row must stay as it is.
    Case::new(&CROSS_ENTROPY, &params, &[])
        .u32(targets)
        .f32(coefficients)
        .accumulate(rows * vocab, scale)
        .accumulate(all, 1.0)
        .accumulate(all, 1.0)
}

fn params(rows: usize, vocab: usize) -> Params {
    Params { rows: rows as u32, vocab: vocab as u32, first: 2, gradient: 1, smoothing: 0.0, z_loss: 0.0, softcap: 0.0 }
}

#[test]
fn losses_and_gradients_agree_with_every_flag() {
    let mut cases = Vec::new();
    for (rows, vocab) in [(1usize, 1usize), (3, 2), (5, 257), (4, 5003), (66_000, 3)] {
        // The many rows are there for their folded grid alone.
        for flags in if rows > 10 { 15..16u32 } else { 0..16 } {
            let on = |bit: u32, value: f32| if flags >> bit & 1 == 1 { value } else { 0.0 };
            let params = Params {
                gradient: flags & 1,
                smoothing: on(1, 0.1),
                z_loss: on(2, 1e-2),
                softcap: on(3, 30.0),
                ..params(rows, vocab)
            };
            cases.push((format!("({rows}, {vocab}) flags {flags}"), case(rows, vocab, 10.0, params)));
        }
    }
    agree(cases);
}

#[test]
fn logits_of_eighty_overflow_nothing() {
    let softcap = Params { softcap: 50.0, ..params(6, 1000) };
    agree([
        ("plain".to_owned(), case(6, 1000, 80.0, params(6, 1000)).tolerance(2e-5)),
        ("softcap".to_owned(), case(6, 1000, 80.0, softcap).tolerance(2e-5)),
    ]);
}

#[test]
fn rows_that_do_not_count_are_zero_whatever_their_logits_are() {
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0];
    let params = Params { first: 0, ..params(3, 4) };
    let ignored = |targets: Vec<u32>, coefficients: Vec<f32>| {
        Case::new(&CROSS_ENTROPY, &params, &[]).u32(targets).f32(coefficients).f32(bad.repeat(3)).output(3).output(3)
    };
    let outside = vec![u32::MAX, 4, u32::MAX - 99];
    let cases = [ignored(vec![0, 1, 2], vec![0.0; 3]), ignored(outside, vec![1.0; 3])];
    for case in &cases {
        assert!(case.expected()[2..].iter().flatten().all(|&number| number == 0.0));
    }
    agree(cases.map(|case| ("ignored".to_owned(), case)));
}

#[test]
fn a_logit_that_is_no_number_makes_the_loss_none() {
    let params = Params { first: 0, ..params(1, 20) };
    let mut logits = vec![0.5; 20];
    logits[3] = f32::NAN;
    let case = Case::new(&CROSS_ENTROPY, &params, &[]).u32(vec![1]).f32(vec![1.0]).f32(logits);
    let case = case.output(1).output(1);
    let cpu = &crate::devices::all()[0].1;
    let outcome = pollster::block_on(cpu.run(&case)).unwrap();
    assert!(f32::from_bits(outcome[4][0]).is_nan() && f32::from_bits(outcome[2][3]).is_nan());
}

#[test]
fn label_smoothing_is_that_of_the_stored_numbers() {
    for case in golden("label_smoothing")["cases"].as_array().unwrap() {
        let targets: Vec<i64> = case["target"].as_array().unwrap().iter().map(|t| t.as_i64().unwrap()).collect();
        let counted = targets.iter().filter(|&&target| target >= 0).count() as f32;
        let one = if case["reduction"] == "mean" { 1.0 / counted } else { 1.0 };
        let params = Params {
            rows: 6,
            vocab: 11,
            first: 0,
            gradient: 1,
            smoothing: case["label_smoothing"].as_f64().unwrap() as f32,
            z_loss: 0.0,
            softcap: 0.0,
        };
        let mine = Case::new(&CROSS_ENTROPY, &params, &[])
            .u32(targets.iter().map(|&target| target as u32).collect())
            .f32(targets.iter().map(|&target| if target >= 0 { one } else { 0.0 }).collect())
            .f32(numbers(&case["logits"]))
            .output(6)
            .output(6);
        agree([("stored".to_owned(), mine.clone())]);
        near(&mine, 4, 2, case["loss"].as_f64().unwrap(), &numbers(&case["grad_logits"]));
    }
}
