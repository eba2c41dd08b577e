//! Where training could go wrong quietly: devices that drift apart, memory that grows, numbers that are none.

use griot::data::batch::Batch;
use griot::device::Signal;
use griot::train::evaluate::evaluate;
use griot::train::options::{Clip, Optimizer, Options};
use pollster::block_on;

use crate::bench::{Corpus, begin, config, cpu, devices, learn, model, run, tales, tokenizer, weights};

#[test]
fn fifty_losses_are_the_same_on_every_device() {
    let texts = tales(20);
    let tokenizer = tokenizer(&texts);
    let options = Options { steps: Some(50), batch: 4, ..Options::default() };
    let found: Vec<_> = devices()
        .into_iter()
        .map(|(name, device)| (name, learn(&model(&device, &config(), &tokenizer), &options, &texts)))
        .collect();
    let (_, first) = &found[0];
    for (name, other) in &found[1..] {
        for (one, other) in first.iter().zip(other) {
            let off = (one.loss - other.loss).abs();
            assert!(off < 1e-3, "step {}: {} on the CPU, {} on {name}", one.step, one.loss, other.loss);
        }
    }
    assert!(first[49].loss < first[0].loss - 0.5, "{} after {}", first[49].loss, first[0].loss);
}

#[test]
fn five_thousand_steps_take_no_more_memory_than_a_few() {
    let texts = tales(3);
    let tokenizer = tokenizer(&texts);
    let small = serde_json::json!({ "model_type": "gpt2", "vocab_size": 400, "n_positions": 16, "n_embd": 8, "n_layer": 1,
        "n_head": 1, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0 });
    let device = cpu();
    let model = model(&device, &small, &tokenizer);
    let options = Options { steps: Some(5000), batch: 1, ..Options::default() };
    let mut corpus = Corpus::texts(&texts);
    let mut trainer = begin(&model, &options, &mut corpus, false).unwrap();
    run(&mut trainer, &mut corpus, 200).unwrap();
    let (live, peak) = (device.ledger().live(), device.ledger().peak());
    let reports = run(&mut trainer, &mut corpus, usize::MAX).unwrap();
    assert_eq!(reports.len(), 4800);
    assert_eq!((device.ledger().live(), device.ledger().peak()), (live, peak));
    drop(trainer);
    assert!(device.ledger().live() < live, "gradients and plans stay after the run");
}

#[test]
fn a_rate_that_diverges_skips_steps_and_ends_with_the_last_good_weights() {
    let texts = tales(3);
    let tokenizer = tokenizer(&texts);
    for (name, device) in devices() {
        let model = model(&device, &config(), &tokenizer);
        let optimizer = Optimizer { lr: Some(1e30), clip: Clip::Flag(false), ..Optimizer::default() };
        let options = Options { steps: Some(100), batch: 2, optimizer, ..Options::default() };
        let mut corpus = Corpus::texts(&texts);
        let mut trainer = begin(&model, &options, &mut corpus, false).unwrap();
        trainer.hold_every(1);
        let mut good = weights(&model);
        let mut skipped = 0;
        let error = loop {
            match run(&mut trainer, &mut corpus, skipped + 1) {
                Ok(reports) => {
                    let last = reports.last().unwrap();
                    if last.skipped {
                        assert!(weights(&model) == good, "a skipped step changed weights on {name}");
                    } else {
                        good = weights(&model);
                    }
                    skipped += 1;
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), "non-finite", "{error:?} on {name}");
        assert!(weights(&model) == good && skipped >= 9, "{skipped} steps on {name}");
        drop(trainer);
    }
}

#[test]
fn measuring_is_the_mean_over_all_tokens_and_changes_nothing() {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    let options = Options { steps: Some(3), batch: 4, dropout: Some(0.0), ..Options::default() };
    for (name, device) in devices() {
        let model = model(&device, &config(), &tokenizer);
        let mut corpus = Corpus::texts(&texts);
        let mut supply = corpus.supply(&model, &options).unwrap();
        let rows: Vec<_> = (0..9).map(|_| supply.row().unwrap().unwrap()).collect();
        let before = weights(&model);
        let mean = |chunk: usize| {
            let batches: Vec<Batch> = rows.chunks(chunk).map(Batch::of_rows).collect();
            let mut between = async |_| Ok(());
            block_on(evaluate(model.placed(), &batches, &Signal::default(), &mut between)).unwrap()
        };
        let (one, many) = (mean(9), mean(2));
        assert_eq!(one.tokens, many.tokens);
        assert!((one.loss - many.loss).abs() < 1e-5 * one.loss, "{} and {} on {name}", one.loss, many.loss);
        assert!((one.loss - (400f64).ln()).abs() < 0.3, "{} before learning", one.loss);
        assert!(weights(&model) == before);
    }
}
