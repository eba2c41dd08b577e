//! The models that predict the next token: numbers, gradients, ten steps of AdamW, greedy decoding, each through the public model.

use griot::device::Signal;
use griot::tasks::{Extras, Given, Labels};
use griot::train::options::{Clip, Decay, Form, Optimizer, Options, Timing};
use griot::train::{Source, Trainer};

use crate::golden::Golden;
use crate::seat::{check_forward, check_gradients, devices, greedy, load, training_batches};

/// The stored causal models.
const CASES: [&str; 6] = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "smollm"];

#[test]
fn forward_gives_the_reference_numbers() {
    CASES.iter().for_each(|case| check_forward(case));
}

#[test]
fn a_label_after_padding_alone_does_not_count() {
    let golden = Golden::open("gpt2");
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let loss = |given: &Given| {
            pollster::block_on(model.forward(given, Extras::default(), &Signal::default())).unwrap().loss.unwrap()
        };
        let row = |left: usize, right: usize, label: i64| Given {
            input_ids: vec![[vec![0; left], vec![5, 6, 7], vec![0; right]].concat()],
            attention_mask: Some(vec![[vec![0; left], vec![1; 3], vec![0; right]].concat()]),
            labels: Some(Labels::Tokens(vec![[vec![label; left], vec![5, 6, 7], vec![-100; right]].concat()])),
            ..Given::default()
        };
        let plain = loss(&row(0, 0, -100));
        for given in [row(2, 0, -100), row(2, 0, 9), row(0, 2, -100)] {
            let padded = loss(&given);
            assert!((padded - plain).abs() <= 1e-5 * plain, "{padded} and {plain} on {name}");
        }
    }
}

#[test]
fn gradients_are_those_of_the_reference() {
    CASES.iter().for_each(|case| check_gradients(case));
}

#[test]
fn ten_steps_of_training_give_the_reference_losses_and_weights() {
    CASES.iter().for_each(|case| ten_steps(case));
}

fn ten_steps(case: &str) {
    let golden = Golden::open(case);
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let batches: Vec<_> =
            training_batches(&golden).iter().map(|given: &Given| given.batch(model.config()).unwrap()).collect();
        let options = Options {
            steps: Some(10),
            optimizer: Optimizer {
                lr: Some(1e-3),
                betas: [0.9, 0.999],
                weight_decay: 0.1,
                decay: Decay::All,
                clip: Clip::Norm(1.0),
                ..Optimizer::default()
            },
            schedule: Timing { form: Form::Constant, warmup: 0.0, ..Timing::default() },
            dropout: Some(0.0),
            ..Options::default()
        };
        let record = &golden.record["train"];
        let numbers =
            |key: &str| -> Vec<f64> { record[key].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect() };
        let (losses, norms) = (numbers("losses"), numbers("grad_norms_before_clip"));
        let allowed = 4.0 * record["max_abs_loss_difference_to_f64"].as_f64().unwrap();
        pollster::block_on(async {
            let source = Source::Batches(batches);
            let mut trainer =
                Trainer::new(model.placed().clone(), options, source, 1e-3, model.training(), false).await.unwrap();
            let mut steps = 0;
            while let Some(report) = trainer.advance(&Signal::default()).await.unwrap() {
                let (loss, expected) = (f64::from(report.loss), losses[steps]);
                assert!(
                    (loss - expected).abs() <= 1e-4 * expected + allowed,
                    "{case}, step {steps} on {name}: {loss}, expected {expected}"
                );
                let (norm, expected) = (f64::from(report.norm), norms[steps]);
                assert!(
                    (norm - expected).abs() <= 1e-3 * expected,
                    "{case}, step {steps} on {name}: norm {norm}, expected {expected}"
                );
                steps += 1;
            }
            assert_eq!(steps, 10);
            for (parameter, tensor) in model.weights(None).await.unwrap() {
                let expected = &record["final_parameters"][&parameter];
                let noise = expected["max_abs_difference_to_f64"].as_f64().unwrap();
                if noise > 1e-4 {
                    continue; // its gradient is noise in exact arithmetic; see the golden README
                }
                let l2 = tensor.data.iter().map(|&w| f64::from(w) * f64::from(w)).sum::<f64>().sqrt();
                let wanted = expected["l2"].as_f64().unwrap();
                assert!(
                    (l2 - wanted).abs() <= 1e-4 * wanted,
                    "{case}, {parameter} on {name}: l2 {l2}, expected {wanted}"
                );
                for (got, wanted) in tensor.data.iter().zip(expected["first"].as_array().unwrap()) {
                    let off = (f64::from(*got) - wanted.as_f64().unwrap()).abs();
                    assert!(off <= 1e-4 + 4.0 * noise, "{case}, {parameter} on {name}: off by {off:.1e}");
                }
            }
        });
    }
}

#[test]
fn greedy_decoding_with_a_cache_gives_the_reference_sequences() {
    CASES.iter().for_each(|case| greedy(case));
}
