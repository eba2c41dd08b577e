//! Going on equals never having stopped, bitwise on the same device.

use std::rc::Rc;

use griot::checkpoint::{to_bytes, write_header};
use griot::device::Device;
use griot::kernels::Format;
use griot::tasks::Model;
use griot::train::options::{Optimizer, Options, Rule};
use pollster::block_on;

use crate::bench::{Corpus, begin, config, devices, learn, model, run, tales, tokenizer, weights};

/// The bytes of a model's training state: JSON, and the file of its moments.
fn saved(model: &Model) -> (String, Vec<u8>) {
    let state = model.training().borrow().clone().unwrap();
    let moments = model.moments(&state.options).unwrap();
    let heads: Vec<_> = moments.iter().map(|moment| (moment.name.clone(), moment.shape.clone())).collect();
    let mut bytes = write_header(&heads, Format::F32).unwrap();
    for moment in moments {
        let words = block_on(model.placed().arenas.read(moment.slice)).unwrap();
        bytes.extend(to_bytes(&words.into_iter().map(f32::from_bits).collect::<Vec<_>>(), Format::F32));
    }
    (state.to_json().to_string(), bytes)
}

/// A second model with the weights and the training state of the first, through bytes.
fn reloaded(device: &Rc<Device>, first: &Model) -> Model {
    let second = model(device, &config(), &first.tokenizer().unwrap());
    second.set_weights(&block_on(first.weights(None)).unwrap()).unwrap();
    let (json, bytes) = saved(first);
    block_on(async {
        let mut restoring = second.restore(&json, bytes.len() as u64).await.unwrap();
        bytes.chunks(1_003).for_each(|chunk| restoring.feed(chunk).unwrap());
        restoring.finish().unwrap();
    });
    second
}

fn continues(options: &Options, stops: &[usize], block: usize) {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    for (name, device) in devices() {
        let whole = model(&device, &config(), &tokenizer);
        let mut corpus = Corpus { block, ..Corpus::texts(&texts) };
        let mut trainer = begin(&whole, options, &mut corpus, false).unwrap();
        let reports = run(&mut trainer, &mut corpus, usize::MAX).unwrap();
        drop(trainer);
        for &stop in stops {
            let first = model(&device, &config(), &tokenizer);
            let mut corpus = Corpus { block, ..Corpus::texts(&texts) };
            let mut trainer = begin(&first, options, &mut corpus, false).unwrap();
            trainer.hold_every(stop);
            run(&mut trainer, &mut corpus, stop).unwrap();
            drop(trainer);
            for second in [reloaded(&device, &first), first] {
                let mut corpus = Corpus { block, ..Corpus::texts(&texts) };
                let mut trainer = begin(&second, options, &mut corpus, true).unwrap();
                let rest = run(&mut trainer, &mut corpus, usize::MAX).unwrap();
                assert_eq!(rest, reports[stop..], "stopped after {stop} on {name}");
                assert!(weights(&second) == weights(&whole), "stopped after {stop} on {name}");
            }
        }
    }
}

#[test]
fn going_on_after_any_step_equals_never_having_stopped() {
    // About 85 rows: an epoch ends within the fourth step.
    let options = Options { steps: Some(7), batch: 5, accumulate: 5, seed: 3, ..Options::default() };
    continues(&options, &[1, 3, 4, 6], 1 << 20);
}

#[test]
fn going_on_within_a_corpus_that_is_read_block_by_block_equals_never_having_stopped() {
    let options = Options { steps: Some(6), batch: 8, ..Options::default() };
    continues(&options, &[2, 5], 700);
}

#[test]
fn every_rule_goes_on() {
    for rule in [Rule::Adam, Rule::Sgd] {
        let momentum = if rule == Rule::Sgd { 0.9 } else { 0.0 };
        let optimizer = Optimizer { rule, momentum, lr: Some(1e-2), ..Optimizer::default() };
        continues(&Options { steps: Some(4), batch: 4, optimizer, ..Options::default() }, &[2], 1 << 20);
    }
}

#[test]
fn a_second_run_begins_anew_and_a_run_without_a_state_cannot_go_on() {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    let options = Options { steps: Some(3), batch: 4, ..Options::default() };
    for (name, device) in devices() {
        let model = model(&device, &config(), &tokenizer);
        let before = block_on(model.weights(None)).unwrap();
        let refused = begin(&model, &options, &mut Corpus::texts(&texts), true);
        assert_eq!(refused.err().unwrap().code(), "bad-input");
        learn(&model, &options, &texts);
        let first = weights(&model);
        model.set_weights(&before).unwrap();
        learn(&model, &options, &texts);
        assert!(weights(&model) == first, "the second run began with the moments of the first on {name}");
    }
}

#[test]
fn a_state_that_does_not_fit_is_refused_by_name() {
    let texts = tales(3);
    let tokenizer = tokenizer(&texts);
    let (_, device) = devices().remove(0);
    let first = model(&device, &config(), &tokenizer);
    learn(&first, &Options { steps: Some(1), batch: 2, ..Options::default() }, &texts);
    let (json, bytes) = saved(&first);
    let mut narrow = config();
    narrow["n_embd"] = 16.into();
    for (config, cut, wrong) in [(narrow, bytes.len(), "shape"), (crate::bench::config(), 5_000, "ends after")] {
        let second = model(&device, &config, &tokenizer);
        let outcome = block_on(async {
            let mut restoring = second.restore(&json, bytes.len() as u64).await?;
            restoring.feed(&bytes[..cut])?;
            restoring.finish()
        });
        let error = outcome.unwrap_err();
        assert!(error.code() == "bad-file" && error.to_string().contains(wrong), "{error:?}");
        assert!(second.training().borrow().is_none());
    }
}
