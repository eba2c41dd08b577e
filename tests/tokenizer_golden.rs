//! All stored tokenizer vectors, exactly: ids, tokens, offsets, decodings, pairs, truncation, padding.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tokenizers/stored.rs"]
mod stored;

use griot::tokenizer::{EncodeOptions, Encoding, Padding, Side, Strategy, Tokenizer, Truncation, Unit};
use serde_json::Value;
use stored::{NAMES, read};

fn load(name: &str) -> Tokenizer {
    Tokenizer::from_json(&read(name, "tokenizer.json").unwrap()).unwrap()
}

fn json(name: &str, file: &str) -> Option<Value> {
    Some(serde_json::from_str(&read(name, file)?).unwrap())
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn offsets(value: &Value) -> Vec<(u32, u32)> {
    let pair = |pair: &Value| {
        let pair = ids(pair);
        (pair[0], pair[1])
    };
    value.as_array().unwrap().iter().map(pair).collect()
}

fn options<'p>() -> EncodeOptions<'p> {
    EncodeOptions { unit: Unit::Chars, ..EncodeOptions::default() }
}

/// What the stored object says of an encoding, field by field as far as it goes.
fn agrees(tokenizer: &Tokenizer, encoding: &Encoding, stored: &Value, about: &str) {
    assert_eq!(encoding.ids, ids(&stored["ids"]), "ids of {about}");
    assert_eq!(encoding.offsets, offsets(&stored["offsets"]), "offsets of {about}");
    if let Some(tokens) = stored.get("tokens") {
        assert_eq!(tokenizer.tokens(encoding).collect::<Vec<_>>(), texts(tokens), "tokens of {about}");
    }
    for (field, ours) in [
        ("type_ids", &encoding.type_ids),
        ("attention_mask", &encoding.attention_mask),
        ("special_tokens_mask", &encoding.special_mask),
    ] {
        if let Some(theirs) = stored.get(field) {
            assert_eq!(*ours, ids(theirs), "{field} of {about}");
        }
    }
    if let Some(parts) = stored.get("overflowing") {
        let parts = parts.as_array().unwrap();
        assert_eq!(encoding.overflow.len(), parts.len(), "overflowing parts of {about}");
        encoding.overflow.iter().zip(parts).for_each(|(ours, theirs)| agrees(tokenizer, ours, theirs, about));
    }
}

fn check_vectors(name: &str, tokenizer: &Tokenizer) {
    let stored = json(name, "vectors.json").unwrap();
    assert_eq!(tokenizer.vocab_size() as u64, stored["vocab_size"].as_u64().unwrap());
    for vector in stored["vectors"].as_array().unwrap() {
        let text = vector["text"].as_str().unwrap();
        let about = format!("{text:?} by {name}");
        let encoding = tokenizer.encode(text, &options()).unwrap();
        agrees(tokenizer, &encoding, vector, &about);
        assert_eq!(tokenizer.ids(text, true).unwrap(), encoding.ids, "the quick way for {about}");
        let plain = ids(&vector["ids_without_special"]);
        let without = tokenizer.encode(text, &EncodeOptions { special: false, ..options() }).unwrap();
        assert_eq!(without.ids, plain, "ids without special tokens of {about}");
        assert_eq!(tokenizer.ids(text, false).unwrap(), plain, "the quick way without special tokens for {about}");
        for (ids, skip, field) in [
            (&encoding.ids, true, "decoded"),
            (&encoding.ids, false, "decoded_with_special"),
            (&plain, false, "decoded_without_special_ids"),
        ] {
            assert_eq!(tokenizer.decode(ids, skip).unwrap(), vector[field].as_str().unwrap(), "{field} of {about}");
        }
    }
    for vector in stored["decode"].as_array().unwrap() {
        let ids = ids(&vector["ids"]);
        assert_eq!(tokenizer.decode(&ids, true).unwrap(), vector["decoded"].as_str().unwrap(), "{ids:?} by {name}");
        let with = vector["decoded_with_special"].as_str().unwrap();
        assert_eq!(tokenizer.decode(&ids, false).unwrap(), with, "{ids:?} by {name}, special tokens too");
    }
}

#[test]
fn every_vector_is_met_exactly() {
    for name in NAMES {
        check_vectors(name, &load(name));
    }
}

#[test]
fn a_tokenizer_written_and_read_again_meets_every_vector() {
    for name in NAMES {
        let written = load(name).to_json();
        let again = Tokenizer::from_json(&written).unwrap();
        check_vectors(name, &again);
        assert_eq!(again.to_json(), written);
    }
}

fn truncation(options: &Value) -> Truncation {
    let count = |field: &str| options.get(field).and_then(Value::as_u64).unwrap_or(0) as usize;
    let strategy = match options.get("strategy").and_then(Value::as_str) {
        None | Some("longest_first") => Strategy::Longest,
        Some("only_first") => Strategy::First,
        Some("only_second") => Strategy::Second,
        Some(other) => unreachable!("{other}"),
    };
    let side = if options.get("direction").and_then(Value::as_str) == Some("left") { Side::Left } else { Side::Right };
    Truncation { length: count("max_length"), strategy, stride: count("stride"), side }
}

#[test]
fn pairs_and_truncation_are_met_exactly() {
    let mut seen = 0;
    for name in NAMES {
        let Some(stored) = json(name, "pairs.json") else { continue };
        let tokenizer = load(name);
        for case in stored["pairs"].as_array().unwrap() {
            let about = format!("{} and {} by {name}", case["a"], case["b"]);
            let pair = EncodeOptions { pair: case["b"].as_str(), ..options() };
            let a = case["a"].as_str().unwrap();
            agrees(&tokenizer, &tokenizer.encode(a, &pair).unwrap(), case, &about);
            let without = tokenizer.encode(a, &EncodeOptions { special: false, ..pair }).unwrap();
            agrees(&tokenizer, &without, &case["without_special"], &about);
            seen += 1;
        }
        for case in stored["truncation"].as_array().unwrap() {
            let about = format!("{} of {} and {} by {name}", case["options"], case["a"], case["b"]);
            let truncate = Some(truncation(&case["options"]));
            let cut = EncodeOptions { pair: case["b"].as_str(), truncate, ..options() };
            let encoding = tokenizer.encode(case["a"].as_str().unwrap(), &cut);
            if case.get("error").is_some() {
                assert_eq!(encoding.map(|_| ()).map_err(|error| error.code()), Err("bad-option"), "{about}");
            } else {
                agrees(&tokenizer, &encoding.unwrap(), case, &about);
            }
            seen += 1;
        }
    }
    assert!(seen > 300, "only {seen} cases were found");
}

fn padding(options: &Value) -> Padding {
    let count = |field: &str| options.get(field).and_then(Value::as_u64).map(|count| count as usize);
    let left = options.get("direction").and_then(Value::as_str) == Some("left");
    let token = options["pad_token"].as_str().unwrap().to_owned();
    Padding {
        length: count("length"),
        multiple: count("pad_to_multiple_of"),
        side: Some(if left { Side::Left } else { Side::Right }),
        token: Some((token, options["pad_id"].as_u64().unwrap() as u32)),
    }
}

#[test]
fn padding_is_met_exactly() {
    let mut seen = 0;
    for name in NAMES {
        let Some(stored) = json(name, "pairs.json") else { continue };
        let tokenizer = load(name);
        for case in stored["padding"].as_array().unwrap() {
            let batch: Vec<(&str, Option<&str>)> = texts(&case["batch"]).into_iter().map(|text| (text, None)).collect();
            let pad = Some(padding(&case["options"]));
            let encodings = tokenizer.encode_batch(&batch, &EncodeOptions { pad, ..options() }).unwrap();
            let about = format!("{} by {name}", case["options"]);
            for (ours, theirs) in encodings.iter().zip(case["encodings"].as_array().unwrap()) {
                agrees(&tokenizer, ours, theirs, &about);
            }
            assert_eq!(encodings.len(), case["encodings"].as_array().unwrap().len());
            seen += 1;
        }
        if let Some(case) = stored.get("truncated_and_padded_pairs") {
            let batch: Vec<(String, Option<String>)> = case["batch"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    let row = texts(row);
                    (row[0].to_owned(), row.get(1).map(|text| (*text).to_owned()))
                })
                .collect();
            let batch: Vec<(&str, Option<&str>)> = batch.iter().map(|(a, b)| (a.as_str(), b.as_deref())).collect();
            let length = case["max_length"].as_u64().unwrap() as usize;
            let truncate = Some(Truncation { length, ..Truncation::default() });
            let cut = EncodeOptions { truncate, pad: Some(Padding::default()), ..options() };
            let encodings = tokenizer.encode_batch(&batch, &cut).unwrap();
            for (ours, theirs) in encodings.iter().zip(case["encodings"].as_array().unwrap()) {
                agrees(&tokenizer, ours, theirs, &format!("truncated and padded pairs by {name}"));
            }
            seen += 1;
        }
    }
    assert!(seen > 5, "only {seen} cases were found");
}
