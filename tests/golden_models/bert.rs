//! BERT with each of its heads, and DistilBERT.

use griot::nn::Shape;

use crate::golden::Golden;
use crate::rig::{check, devices, gradients, main_batch, play};

#[test]
fn bert_predicts_masked_tokens_as_the_reference() {
    check("bert-mlm", false);
}

#[test]
fn distilbert_predicts_masked_tokens_as_the_reference() {
    check("distilbert-mlm", false);
}

#[test]
fn bert_labels_rows_as_the_reference() {
    check("bert-seqcls", false);
}

#[test]
fn bert_labels_tokens_as_the_reference() {
    check("bert-tokcls", false);
}

#[test]
fn bert_finds_answers_as_the_reference() {
    let golden = Golden::open("bert-qa");
    let (shape, mut inputs, _) = main_batch(&golden, "in", false);
    let (starts, ends) = (golden.ids("in.start_positions").1, golden.ids("in.end_positions").1);
    // The reference's softmax goes over the padding too.
    inputs.0.insert("counted".to_owned(), (0..shape.batch).flat_map(|_| [0, shape.time as u32]).collect());
    inputs.0.insert("targets".to_owned(), starts.iter().zip(&ends).flat_map(|(s, e)| [*s as u32, *e as u32]).collect());
    let each = (0.5 / shape.batch as f32).to_bits();
    inputs.0.insert("coefficients".to_owned(), vec![each; 2 * shape.batch]);
    for (name, device) in devices() {
        let maps = Shape { maps: true, ..shape.clone() };
        let found = play(&golden, &device, &maps, false, &inputs, |site| {
            let outputs = site.forward();
            vec![("logits".to_owned(), site.logits(&outputs))]
        });
        for (side, stored) in ["out.start_logits", "out.end_logits"].iter().enumerate() {
            let got: Vec<f32> = found["logits"].chunks(2).map(|pair| pair[side]).collect();
            golden.agree(&format!("{stored} on {name}"), &got, &golden.numbers(stored), None, 1e-4);
        }
        gradients(&golden, &device, &name, &shape, &inputs);
    }
}
