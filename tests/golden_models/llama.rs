//! GPT-2, and LLaMA with its relatives: grouped heads, windows, biases, norms on queries and keys, tied heads.

use crate::rig::{check, check_logits};

const CAUSAL: [&str; 6] = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "smollm"];

#[test]
fn causal_models_give_the_reference_numbers_and_gradients() {
    for case in CAUSAL {
        check(case, true);
    }
}

#[test]
fn left_padding_and_longer_rows_give_the_reference_logits() {
    for case in CAUSAL {
        check_logits(case, "leftpad");
        check_logits(case, "long");
    }
}
