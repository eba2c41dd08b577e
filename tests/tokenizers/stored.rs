//! The stored tokenizers of `tests/golden`: their names, and the text of their files.

use std::path::Path;

pub const NAMES: [&str; 11] = [
    "added-bbpe",
    "added-wordpiece",
    "bbpe-gpt2",
    "bbpe-llama3",
    "char",
    "spm-bpe-llama2",
    "unigram-nfkc",
    "unigram-t5-precompiled",
    "wordlevel",
    "wordpiece-cased",
    "wordpiece-uncased",
];

/// A file of a stored tokenizer, where there is one.
pub fn read(name: &str, file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizers").join(name).join(file);
    std::fs::read_to_string(path).ok()
}
