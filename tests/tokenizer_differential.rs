//! Tokenizer files of every part in random arrangements, against what Hugging Face's library gives for them (`tests/golden/differential`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::tokenizer::{EncodeOptions, Encoding, Tokenizer, Truncation, Unit};
use serde_json::{Value, json};

fn lists(tokenizer: &Tokenizer, encoding: &Encoding) -> Value {
    json!({
        "ids": encoding.ids, "tokens": tokenizer.tokens(encoding).collect::<Vec<_>>(), "offsets": encoding.offsets,
        "types": encoding.type_ids, "special": encoding.special_mask, "words": encoding.word_ids,
    })
}

fn encoded(tokenizer: &Tokenizer, case: &Value) -> Value {
    let truncate = case.get("truncate").map(|how| {
        let number = |field: &str| how[field].as_u64().unwrap() as usize;
        Truncation { length: number("length"), stride: number("stride"), ..Truncation::default() }
    });
    let pair = case.get("pair").and_then(Value::as_str);
    let special = case["add"].as_bool().unwrap();
    let options = EncodeOptions { pair, special, truncate, unit: Unit::Chars, ..EncodeOptions::default() };
    let text = case["text"].as_str().unwrap();
    let mut out = match tokenizer.encode(text, &options) {
        Ok(encoding) => {
            let mut out = lists(tokenizer, &encoding);
            if truncate.is_some() {
                out["overflow"] = encoding.overflow.iter().map(|part| lists(tokenizer, part)).collect();
            }
            if pair.is_none() && truncate.is_none() {
                assert_eq!(tokenizer.ids(text, special).unwrap(), encoding.ids, "the quick way, {text:?}");
            }
            out
        }
        Err(_) => json!({ "error": true }),
    };
    for field in ["text", "add", "pair", "truncate"] {
        if let Some(value) = case.get(field) {
            out[field] = value.clone();
        }
    }
    out
}

fn decoded(tokenizer: &Tokenizer, case: &Value) -> Value {
    let ids: Vec<u32> = serde_json::from_value(case["ids"].clone()).unwrap();
    let skip = case["skip"].as_bool().unwrap();
    let mut stream = tokenizer.stream(skip);
    let mut streamed: String = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    streamed += &stream.finish().unwrap();
    let text = tokenizer.decode(&ids, skip).unwrap();
    assert_eq!(streamed, text, "the stream");
    json!({ "ids": ids, "skip": skip, "text": text })
}

#[test]
fn files_of_every_part_encode_and_decode_as_the_reference_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/differential/cases.json");
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (at, entry) in stored["entries"].as_array().unwrap().iter().enumerate() {
        let read = Tokenizer::from_json(&entry["file"].to_string()).unwrap();
        // What is written says the same.
        let written = Tokenizer::from_json(&read.to_json()).unwrap();
        for tokenizer in [&read, &written] {
            for case in entry["cases"].as_array().unwrap() {
                assert_eq!(encoded(tokenizer, case), *case, "entry {at}");
            }
            for case in entry["decode"].as_array().unwrap() {
                assert_eq!(decoded(tokenizer, case), *case, "entry {at}");
            }
        }
    }
}
