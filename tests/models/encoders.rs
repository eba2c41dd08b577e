//! The models that read whole texts, with each of their heads, and the one of two stacks: numbers, gradients, padding at either end.

use griot::device::Signal;
use griot::tasks::{Extras, Given, Labels};

use crate::golden::{Golden, agree};
use crate::seat::{at_tokens, batch, check_forward, check_gradients, devices, load, seen};

/// The stored encoders and the encoder-decoder.
const CASES: [&str; 6] = ["bert-mlm", "bert-seqcls", "bert-tokcls", "bert-qa", "distilbert-mlm", "t5"];

#[test]
fn forward_gives_the_reference_numbers() {
    CASES.iter().for_each(|case| check_forward(case));
}

#[test]
fn gradients_are_those_of_the_reference() {
    CASES.iter().for_each(|case| check_gradients(case));
}

/// The same rows with their padding on the left.
fn turned(given: &Given) -> Given {
    let mask = given.attention_mask.clone().unwrap();
    let shift = |row: usize| mask[row].len() - mask[row].iter().sum::<u32>() as usize;
    fn turn<T: Copy>(rows: &[Vec<T>], shift: impl Fn(usize) -> usize) -> Vec<Vec<T>> {
        let turned = |(at, row): (usize, &Vec<T>)| {
            let mut row = row.clone();
            row.rotate_right(shift(at));
            row
        };
        rows.iter().enumerate().map(turned).collect()
    }
    let moved = |places: &Vec<i64>| places.iter().enumerate().map(|(row, &at)| at + shift(row) as i64).collect();
    Given {
        input_ids: turn(&given.input_ids, shift),
        attention_mask: Some(turn(&mask, shift)),
        type_ids: given.type_ids.as_ref().map(|types| turn(types, shift)),
        labels: match &given.labels {
            Some(Labels::Tokens(labels)) if labels[0].len() == mask[0].len() => {
                Some(Labels::Tokens(turn(labels, shift)))
            }
            other => other.clone(),
        },
        starts: given.starts.as_ref().map(moved),
        ends: given.ends.as_ref().map(moved),
        ..given.clone()
    }
}

#[test]
fn padding_on_the_left_gives_what_padding_on_the_right_gives() {
    for case in CASES {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let model = load(&device, &golden);
            let run = |given: &Given| {
                pollster::block_on(model.forward(given, Extras::default(), &Signal::default())).unwrap()
            };
            let given = batch(&golden, "in");
            let other = turned(&given);
            assert_ne!(given, other, "{case}: no row is padded");
            let (right, left) = (run(&given), run(&other));
            let pick = |logits: &[f32], given: &Given| match case {
                "bert-seqcls" | "t5" => logits.to_vec(),
                _ => at_tokens(logits, &seen(given)),
            };
            let (left_logits, right_logits) = (pick(&left.logits.data, &other), pick(&right.logits.data, &given));
            agree(&format!("{case} on {name}"), &left_logits, &right_logits, 1e-5);
            // The softmax over places counts the padding's, which stand elsewhere.
            if case != "bert-qa" {
                agree(&format!("{case} on {name}: loss"), &[left.loss.unwrap()], &[right.loss.unwrap()], 1e-5);
            }
        }
    }
}

#[test]
fn what_a_task_does_not_know_is_refused_by_name() {
    let (_, device) = devices().remove(0);
    let refused = |case: &str, spoil: &dyn Fn(&mut Given), word: &str| {
        let golden = Golden::open(case);
        let model = load(&device, &golden);
        let mut given = batch(&golden, "in");
        spoil(&mut given);
        let error = pollster::block_on(model.forward(&given, Extras::default(), &Signal::default())).unwrap_err();
        assert_eq!(error.code(), "bad-input", "{case}: {error}");
        assert!(error.to_string().contains(word), "{case}: {error} does not name {word}");
    };
    refused("bert-qa", &|given| given.ends = None, "ends");
    refused("bert-qa", &|given| given.labels = Some(Labels::Rows(vec![0.0; 3])), "labels");
    refused("bert-mlm", &|given| given.starts = Some(vec![0; 3]), "starts");
    refused("bert-mlm", &|given| given.decoder_ids = Some(vec![vec![0]; 3]), "decoderIds");
    refused("bert-mlm", &|given| given.type_ids = Some(vec![vec![7; 16]; 3]), "typeIds");
    refused("distilbert-mlm", &|given| given.type_ids = Some(vec![vec![1; 16]; 3]), "typeIds");
    refused("bert-seqcls", &|given| given.labels = Some(Labels::Rows(vec![3.0; 3])), "label 3");
    refused("bert-seqcls", &|given| given.labels = Some(Labels::Rows(vec![0.5; 3])), "0.5");
    refused("bert-seqcls", &|given| given.labels = Some(Labels::Tokens(vec![vec![0; 3]; 3])), "problem_type");
    refused("bert-tokcls", &|given| given.labels = Some(Labels::Rows(vec![0.0; 3])), "labels");
    refused("t5", &|given| given.labels = None, "decoderIds");
}
