//! The files from before tokenizer.json, the configuration beside it, and the presets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::tokenizer::{EncodeOptions, Kind, Preset, Tokenizer};
use serde_json::{Value, json};
use std::path::Path;

const TEXT: &str = "The cat doesn't like 12345 kitchen clocks. Où est l'Œuvre ? 😀\n\n  x";

fn golden(name: &str) -> (Tokenizer, Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizers").join(name).join("tokenizer.json");
    let text = std::fs::read_to_string(path).unwrap();
    (Tokenizer::from_json(&text).unwrap(), serde_json::from_str(&text).unwrap())
}

fn same(ours: &Tokenizer, theirs: &Tokenizer) {
    let options = EncodeOptions { pair: Some("a second text"), ..EncodeOptions::default() };
    assert_eq!(ours.encode(TEXT, &options).unwrap(), theirs.encode(TEXT, &options).unwrap());
    let ids = theirs.ids(TEXT, true).unwrap();
    assert_eq!(ours.decode(&ids, true).unwrap(), theirs.decode(&ids, true).unwrap());
}

#[test]
fn a_vocab_txt_is_a_bert_tokenizer() {
    let (uncased, _) = golden("wordpiece-uncased");
    let lines =
        |tokenizer: &Tokenizer| tokenizer.vocab().iter().map(|(token, _)| format!("{token}\n")).collect::<String>();
    let read = Tokenizer::from_vocab_txt(&lines(&uncased), None).unwrap();
    same(&read, &uncased);
    let (cased, _) = golden("wordpiece-cased");
    let config = json!({"do_lower_case": false, "mask_token": {"content": "[MASK]"}}).to_string();
    let read = Tokenizer::from_vocab_txt(&lines(&cased), Some(&config)).unwrap();
    same(&read, &cased);
    assert_eq!(read.role("mask"), Some(("[MASK]".to_owned(), 4)));
    assert_eq!(read.kind(), Kind::WordPiece);
}

#[test]
fn a_vocab_json_and_a_merges_txt_are_a_gpt2_tokenizer() {
    let (gpt2, json) = golden("bbpe-gpt2");
    let mut merges = "#version: 0.2\n".to_owned();
    for merge in json["model"]["merges"].as_array().unwrap() {
        merges += &format!("{} {}\n", merge[0].as_str().unwrap(), merge[1].as_str().unwrap());
    }
    let read = Tokenizer::from_vocab_and_merges(&json["model"]["vocab"].to_string(), &merges, None).unwrap();
    same(&read, &gpt2);
    let broken = Tokenizer::from_vocab_and_merges("{\"a\": 0}", "a b\n", None);
    assert_eq!(broken.unwrap_err().code(), "bad-file");
}

#[test]
fn the_configuration_gives_special_tokens_their_purpose() {
    let (llama3, _) = golden("bbpe-llama3");
    let config = json!({
        "bos_token": "<|begin_of_text|>", "eos_token": {"content": "<|eot_id|>"}, "pad_token": null,
        "added_tokens_decoder": {"645": {"content": "<|tool|>", "special": true, "normalized": false}},
        "chat_template": [{"name": "tool", "template": "no"}, {"name": "default", "template": "yes"}]
    });
    let read = llama3.with_config(&config.to_string()).unwrap();
    assert_eq!(read.role("eos"), Some(("<|eot_id|>".to_owned(), 644)));
    assert_eq!(read.token_to_id("<|tool|>"), Some(645));
    assert_eq!(read.ids("<|tool|>", false).unwrap(), [645]);
    assert_eq!(read.chat_template(None, false), Some("yes"));
    assert_eq!(read.chat_template(Some("tool"), false), Some("no"));
    assert_eq!(read.chat_template(Some("{{ messages }}"), true), Some("{{ messages }}"));
    let written = Tokenizer::from_json(&read.to_json()).unwrap().with_config(&read.to_config_json()).unwrap();
    assert_eq!(written.special(), read.special());
    assert_eq!(written.chat_template(None, true), Some("yes"));
    assert_eq!(written.chat_template(Some("tool"), true), Some("no"));
}

#[test]
fn presets_put_around_a_stored_model_encode_as_the_stored_tokenizer() {
    for (preset, name) in [
        ("gpt2", "bbpe-gpt2"),
        ("llama3", "bbpe-llama3"),
        ("llama2", "spm-bpe-llama2"),
        ("bert", "wordpiece-uncased"),
        ("bert-cased", "wordpiece-cased"),
        ("t5", "unigram-nfkc"),
        ("char", "char"),
        ("word", "wordlevel"),
    ] {
        let (stored, _) = golden(name);
        let made = Preset::of(preset).unwrap().assemble(stored.model().clone()).unwrap();
        same(&made, &stored);
        assert_eq!(Tokenizer::from_json(&made.to_json()).unwrap().to_json(), made.to_json(), "{preset}");
    }
    assert_eq!(Preset::of("gpt5").unwrap_err().code(), "bad-option");
}

#[test]
fn many_added_tokens_in_a_long_text_take_no_quadratic_time() {
    let (_, mut json) = golden("wordpiece-uncased");
    let token = json!({"id": 2000, "content": "Foo", "normalized": true, "special": false});
    json["added_tokens"].as_array_mut().unwrap().push(token);
    let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
    // A copy of the whole text at each token would be 100 GB.
    let count = 40_000;
    let started = std::time::Instant::now();
    let encoding = tokenizer.encode(&"é foo ".repeat(count), &EncodeOptions::default()).unwrap();
    let foo = tokenizer.token_to_id("Foo").unwrap(); // the next number after the others, whatever the file says
    assert_eq!(encoding.ids.iter().filter(|&&id| id == foo).count(), count);
    assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
}
