//! Families and options beyond the first twelve models: Gemma, RoBERTa, CamemBERT, FlauBERT, Marian, gated T5, ropes, heads, biases.
//!
//! Their numbers and how they were made are in `tests/golden/families`.

use griot::device::Signal;

use crate::golden::Golden;
use crate::seat::{check_forward, check_gradients, devices, load};

/// Models that predict the next token.
const CAUSAL: [&str; 11] = [
    "families/gemma",
    "families/gemma2",
    "families/gemma3",
    "families/gemma-silu",
    "families/gemma3-caps",
    "families/llama-linear",
    "families/llama-dynamic",
    "families/llama-llama3",
    "families/llama-yarn",
    "families/llama-biases",
    "families/qwen2-windows",
];

/// Models that read whole texts, by head.
const ENCODERS: [&str; 18] = [
    "families/roberta-mlm",
    "families/roberta-seqcls",
    "families/roberta-tokcls",
    "families/roberta-qa",
    "families/camembert-mlm",
    "families/flaubert-mlm",
    "families/flaubert-pre",
    "families/flaubert-seqcls",
    "families/flaubert-tokcls",
    "families/flaubert-qa",
    "families/distilbert-seqcls",
    "families/distilbert-tokcls",
    "families/distilbert-qa",
    "families/bert-several",
    "families/bert-number",
    "families/bert-numbers",
    "families/bert-untied",
    "families/roberta-untied",
];

/// Models of two stacks.
const PAIRS: [&str; 3] = ["families/t5-gated", "families/t5-buckets", "families/marian"];

#[test]
fn causal_families_give_the_reference_numbers_and_gradients() {
    for case in CAUSAL {
        check_forward(case);
        check_gradients(case);
    }
}

#[test]
fn encoders_and_their_heads_give_the_reference_numbers_and_gradients() {
    for case in ENCODERS {
        check_forward(case);
        check_gradients(case);
    }
}

#[test]
fn two_stacks_give_the_reference_numbers_and_gradients() {
    for case in PAIRS {
        check_forward(case);
        check_gradients(case);
    }
}

#[test]
fn greedy_decoding_with_a_cache_gives_the_reference_sequences() {
    for case in CAUSAL.into_iter().chain(PAIRS) {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let model = load(&device, &golden);
            for record in golden.record["greedy"].as_array().unwrap() {
                let ids = |key: &str| -> Vec<u32> { serde_json::from_value(record[key].clone()).unwrap() };
                let (prompt, whole) = (ids("prompt"), ids("sequence"));
                let mut decoder = model.decoder(std::slice::from_ref(&prompt)).unwrap();
                // A decoder of its own begins with the token that begins.
                let mut made = if PAIRS.contains(&case) { decoder.ids(0).to_vec() } else { prompt };
                pollster::block_on(async {
                    while made.len() < whole.len() {
                        let logits = decoder.logits(&Signal::default()).await.unwrap().remove(0);
                        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap() as u32;
                        made.push(best);
                        decoder.push(&[best]).unwrap();
                    }
                });
                assert_eq!(made, whole, "{case} on {name}");
            }
        }
    }
}
