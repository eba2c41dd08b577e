//! Corpora: what is counted, in which order, how much of it is held, and what yields nothing.

use griot::data::document::Document;
use griot::data::row::Row;
use griot::train::options::Options;
use griot::train::{Report, Source};

use crate::bench::{Corpus, begin, config, cpu, learn, model, run, tales, tokenizer};

fn rows(texts: &[String], options: &Options, block: usize, count: usize) -> (Vec<Row>, usize) {
    let tokenizer = tokenizer(&tales(6));
    let model = model(&cpu(), &config(), &tokenizer);
    let mut corpus = Corpus { block, ..Corpus::texts(texts) };
    let mut supply = corpus.supply(&model, options).unwrap();
    let mut rows = Vec::new();
    while rows.len() < count {
        match supply.row().unwrap() {
            Some(row) => rows.push(row),
            None => {
                let want = supply.wants().unwrap();
                let read = corpus.next(want).map(|document| supply.maker().read(document).unwrap());
                supply.give(read).unwrap();
            }
        }
    }
    (rows, corpus.passes)
}

#[test]
fn rows_in_order_are_the_same_however_much_is_held() {
    let (texts, options) = (tales(6), Options { steps: Some(1), shuffle: false, ..Options::default() });
    let (whole, passes) = rows(&texts, &options, 1 << 20, 200);
    assert_eq!(passes, 1);
    for block in [1, 100, 1000] {
        let (streamed, passes) = rows(&texts, &options, block, 200);
        assert!(streamed == whole && passes > 1, "blocks of {block}");
    }
}

#[test]
fn a_shuffled_epoch_visits_every_row_once_in_blocks_or_whole() {
    let (texts, options) = (tales(6), Options { steps: Some(1), ..Options::default() });
    let in_order = Options { shuffle: false, ..options.clone() };
    let tokenizer = tokenizer(&tales(6));
    let model = model(&cpu(), &config(), &tokenizer);
    let counted = Options { epochs: Some(1.0), ..options.clone() };
    let count = Corpus::texts(&texts).supply(&model, &counted).unwrap().rows().unwrap();
    let sorted = |rows: Vec<Row>| {
        let mut ids: Vec<Vec<u32>> = rows.into_iter().map(|row| row.ids).collect();
        ids.sort();
        ids
    };
    let plain = rows(&texts, &in_order, 1 << 20, count).0;
    for block in [500, 1 << 20] {
        let mixed = rows(&texts, &options, block, count).0;
        assert_ne!(mixed, plain, "blocks of {block}");
        assert_eq!(sorted(mixed), sorted(plain.clone()), "blocks of {block}");
    }
}

#[test]
fn epochs_end_where_the_data_ends_also_in_parts_and_blocks() {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    let model = model(&cpu(), &config(), &tokenizer);
    let tokens = |epochs: f64, block: usize| -> (usize, usize) {
        let options = Options { epochs: Some(epochs), batch: 8, ..Options::default() };
        let mut corpus = Corpus { block, ..Corpus::texts(&texts) };
        let mut trainer = begin(&model, &options, &mut corpus, false).unwrap();
        let reports = run(&mut trainer, &mut corpus, usize::MAX).unwrap();
        (reports.len(), reports.iter().map(|report| report.tokens).sum())
    };
    let (steps, once) = tokens(1.0, 1 << 20);
    assert_eq!(tokens(1.0, 600), (steps, once));
    assert_eq!(tokens(2.0, 1 << 20).1, 2 * once);
    let (half_steps, half) = tokens(0.5, 1 << 20);
    assert!(half_steps == steps.div_ceil(2) && half.abs_diff(once / 2) < 40, "{half} of {once}");
}

#[test]
fn accumulated_batches_equal_one_batch() {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    let options = Options { steps: Some(5), dropout: Some(0.0), ..Options::default() };
    let of = |batch: usize, accumulate: usize| -> Vec<Report> {
        let model = model(&cpu(), &config(), &tokenizer);
        learn(&model, &Options { batch, accumulate, ..options.clone() }, &texts)
    };
    for (one, many) in of(12, 1).into_iter().zip(of(4, 3)) {
        assert_eq!((one.tokens, one.step), (many.tokens, many.step));
        assert!((one.loss - many.loss).abs() < 1e-5 * one.loss, "step {}: {} and {}", one.step, one.loss, many.loss);
        assert!((one.norm - many.norm).abs() < 1e-4 * one.norm, "step {}: {} and {}", one.step, one.norm, many.norm);
    }
}

#[test]
fn what_yields_nothing_and_what_ends_too_early_is_refused() {
    let texts = tales(6);
    let tokenizer = tokenizer(&texts);
    let model = model(&cpu(), &config(), &tokenizer);
    let options = Options { steps: Some(50), ..Options::default() };
    for texts in [vec![], vec![String::new()], vec![String::new(); 3]] {
        assert_eq!(begin(&model, &options, &mut Corpus::texts(&texts), false).err().unwrap().code(), "bad-input");
    }
    let mut once = Corpus { block: 500, again: false, ..Corpus::texts(&texts) };
    let mut trainer = begin(&model, &options, &mut once, false).unwrap();
    assert_eq!(run(&mut trainer, &mut once, usize::MAX).unwrap_err().code(), "bad-input");
    drop(trainer);
    // What was read whole can be visited again and again.
    let mut whole = Corpus { again: false, ..Corpus::texts(&texts) };
    let mut trainer = begin(&model, &options, &mut whole, false).unwrap();
    assert_eq!(run(&mut trainer, &mut whole, usize::MAX).unwrap().len(), 50);
    let pair = Document::Example(Box::default());
    assert_eq!(begin(&model, &options, &mut Corpus::of(vec![pair]), false).err().unwrap().code(), "bad-input");
    let none = Source::Batches(Vec::new());
    let made = griot::train::Trainer::new(model.placed().clone(), options, none, 1e-3, model.training(), false);
    assert_eq!(pollster::block_on(made).err().unwrap().code(), "bad-input");
}
