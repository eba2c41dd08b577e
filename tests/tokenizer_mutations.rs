//! Broken tokenizer files: whatever is done to one, reading it gives a tokenizer or an error, and using it too.
//!
//! A bounded number of seeded mutations runs with the tests; GRIOT_FUZZ_SECONDS=n goes on for n seconds, from a seed of
//! the clock, and prints the seed of what it finds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tokenizers/random.rs"]
mod random;
#[path = "tokenizers/stored.rs"]
mod stored;

use griot::tokenizer::{EncodeOptions, Padding, Tokenizer, Truncation};
use random::Random;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};
use stored::{NAMES, read};

const TEXTS: [&str; 5] = [
    "",
    "The cat <tool> doesn't\r\n  like 12345 É é e\u{301}",
    "\0\u{fffd} <s>😀각 ﬁ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "foo<sep> [MASK] Bar",
];

/// A value to put in place of another.
fn strange(random: &mut Random) -> Value {
    let list = ["normalizers", "pretokenizers", "decoders", "processors"][random.below(4)];
    match random.below(22) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(4_294_967_295u64),
        5 => json!(1e308),
        6 => json!(0),
        7 => json!(""),
        8 => json!("a".repeat(5000)),
        9 => json!([]),
        10 => json!({}),
        11 => (0..60).fold(json!({"type": "Lowercase"}), |inner, _| json!({"type": "Sequence", list: [inner]})),
        12 => json!({"type": "NoSuchThing"}),
        13 => {
            json!({"type": "Split", "pattern": {"Regex": "(a*)*b|(?=x)"}, "behavior": "MergedWithNext", "invert": true})
        }
        14 => json!({"type": "Split", "pattern": {"Regex": ""}, "behavior": "Contiguous", "invert": false}),
        15 => json!({"type": "Replace", "pattern": {"String": ""}, "content": "ab"}),
        16 => json!({"type": "Strip", "content": "a", "start": u64::MAX, "stop": u64::MAX}),
        17 => json!({"type": "FixedLength", "length": 1}),
        18 => json!({"type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true}),
        19 => json!({"type": "BPEDecoder", "suffix": ""}),
        20 => json!(["a", "b"]),
        _ => json!("\u{0}\u{10ffff}"),
    }
}

/// A random place in a value: goes down from the root, sometimes stopping.
fn place<'v>(value: &'v mut Value, random: &mut Random) -> &'v mut Value {
    let count = match &*value {
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    };
    if count == 0 || random.below(5) == 0 {
        return value;
    }
    let at = random.below(count);
    match value {
        Value::Array(list) => place(&mut list[at], random),
        Value::Object(object) => place(object.values_mut().nth(at).unwrap(), random),
        other => other,
    }
}

/// A part that is well formed, for the places where the file has one.
fn well_formed(part: &str, random: &mut Random) -> Value {
    let choices: Value = match part {
        "normalizer" => json!([
            {"type": "NFC"}, {"type": "NFD"}, {"type": "NFKC"}, {"type": "NFKD"}, {"type": "Lowercase"}, {"type": "Nmt"},
            {"type": "StripAccents"}, {"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "ByteLevel"},
            {"type": "Prepend", "prepend": "▁é"}, {"type": "Prepend", "prepend": ""},
            {"type": "Replace", "pattern": {"String": ""}, "content": "ab"},
            {"type": "Replace", "pattern": {"Regex": "\\s+|a*"}, "content": "▁"},
            {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": true, "lowercase": false}
        ]),
        "pre_tokenizer" => json!([
            {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
            {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false},
            {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "UnicodeScripts"},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true},
            {"type": "Punctuation", "behavior": "MergedWithNext"}, {"type": "Digits", "individual_digits": false},
            {"type": "CharDelimiterSplit", "delimiter": "a"}, {"type": "FixedLength", "length": 2},
            {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Contiguous", "invert": false},
            {"type": "Split", "pattern": {"Regex": "(a*)*b|(?=x)"}, "behavior": "MergedWithNext", "invert": true},
            {"type": "Split", "pattern": {"String": "e"}, "behavior": "MergedWithPrevious", "invert": true}
        ]),
        "post_processor" => json!([
            null, {"type": "BertProcessing", "sep": ["x", 4_000_000_000u32], "cls": ["", 0]},
            {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true, "add_prefix_space": true},
            {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
            {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}
        ]),
        _ => json!([
            null, {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
            {"type": "WordPiece", "prefix": "", "cleanup": true}, {"type": "BPEDecoder", "suffix": ""}, {"type": "Fuse"},
            {"type": "ByteFallback"}, {"type": "Strip", "content": "a", "start": u64::MAX, "stop": 3},
            {"type": "Replace", "pattern": {"String": ""}, "content": "ab"},
            {"type": "Metaspace", "replacement": "a", "prepend_scheme": "never", "split": false},
            {"type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true}
        ]),
    };
    choices[random.below(choices.as_array().unwrap().len())].clone()
}

fn mutate_value(text: &str, random: &mut Random) -> String {
    const PARTS: [(&str, &str); 4] = [
        ("normalizer", "normalizers"),
        ("pre_tokenizer", "pretokenizers"),
        ("post_processor", "processors"),
        ("decoder", "decoders"),
    ];
    let mut value: Value = serde_json::from_str(text).unwrap();
    for _ in 0..1 + random.below(4) {
        let (part, list) = PARTS[random.below(4)];
        match random.below(12) {
            0 => *place(&mut value, random) = strange(random),
            1 => *place(&mut value[part], random) = strange(random),
            2 => {
                let copy = place(&mut value["added_tokens"], random).clone();
                *place(&mut value["added_tokens"], random) = copy;
            }
            3..=6 => {
                // A leaf of the same kind, but another.
                let leaf = place(&mut value, random);
                *leaf = match &*leaf {
                    Value::Bool(flag) => json!(!flag),
                    Value::Number(_) => json!([0, 1, 7, 1299, 70_000, 4_294_967_294u32][random.below(6)]),
                    Value::String(text) => json!(["", "a", "##", "▁", "\u{0}", text][random.below(6)]),
                    other => other.clone(),
                };
            }
            _ => {
                let (old, new) = (value[part].take(), well_formed(part, random));
                let both = [old.clone(), new.clone()].into_iter().filter(|part| !part.is_null()).collect::<Vec<_>>();
                value[part] = if random.below(2) == 0 { json!({"type": "Sequence", list: both}) } else { new };
            }
        }
        if !value.is_object() {
            break;
        }
    }
    value.to_string()
}

fn mutate_bytes(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len());
        let end = (at + random.below(200)).min(bytes.len());
        match random.below(5) {
            0 => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            3 => drop(bytes.splice(at..at, b"99999999999999999999".iter().copied())),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Uses a tokenizer in all ways; errors are fine.
fn exercise(tokenizer: &Tokenizer, random: &mut Random) {
    for text in TEXTS {
        if let Ok(ids) = tokenizer.ids(text, true) {
            let _ = tokenizer.decode(&ids, random.below(2) == 0);
        }
        let truncate = Some(Truncation { length: random.below(9), stride: random.below(4), ..Truncation::default() });
        let pad = Some(Padding { multiple: Some(random.below(9)), ..Padding::default() });
        let pair = (random.below(2) == 0).then_some(TEXTS[1]);
        let _ = tokenizer.encode(text, &EncodeOptions { truncate, pad, pair, ..EncodeOptions::default() });
        let _ = tokenizer.explain(text);
    }
    let ids: Vec<u32> = (0..20).map(|_| random.below(1300) as u32).chain([u32::MAX]).collect();
    let whole = tokenizer.decode(&ids, false);
    let mut stream = tokenizer.stream(false);
    let streamed: griot::Result<String> = ids.iter().map(|&id| stream.push(id)).collect();
    let _ = (whole, streamed, stream.finish());
    let (_, _, _) = (tokenizer.vocab(), tokenizer.special(), tokenizer.vocab_size());
    let written = tokenizer.to_json();
    let again = Tokenizer::from_json(&written).map(|again| again.to_json());
    assert_eq!(again.unwrap(), written, "what is written is read again");
}

fn run(seed: u64) -> bool {
    let mut random = Random(seed);
    let text = read(NAMES[random.below(NAMES.len())], "tokenizer.json").unwrap();
    let broken = if random.below(6) == 0 { mutate_bytes(&text, &mut random) } else { mutate_value(&text, &mut random) };
    match Tokenizer::from_json(&broken) {
        Ok(tokenizer) => {
            exercise(&tokenizer, &mut random);
            true
        }
        Err(error) => {
            assert!(["bad-file", "unsupported"].contains(&error.code()), "{error:?}");
            false
        }
    }
}

#[test]
fn a_broken_file_is_an_error_or_a_tokenizer_and_never_a_panic() {
    let read = (0..400).filter(|&seed| run(seed)).count();
    assert!((100..390).contains(&read), "{read} of 400 were read: the mutations are too mild or too wild");
    let seconds = std::env::var("GRIOT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut count = 0u64;
    while Instant::now() < until {
        let started = Instant::now();
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            println!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
        assert!(started.elapsed() < Duration::from_secs(20), "seed {seed} takes too long");
        seed = seed.wrapping_add(1);
        count += 1;
    }
    println!("{count} mutations in {seconds} s");
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(200_000);
    assert_eq!(Tokenizer::from_json(&deep).unwrap_err().code(), "bad-file");
    let nested = format!("{{\"normalizer\":{}", "{\"type\":\"Sequence\",\"normalizers\":[".repeat(10_000));
    assert_eq!(Tokenizer::from_json(&nested).unwrap_err().code(), "bad-file");
}

#[test]
fn an_unknown_part_is_refused_by_its_name() {
    for part in ["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"] {
        let mut value: Value = serde_json::from_str(&read("wordlevel", "tokenizer.json").unwrap()).unwrap();
        value[part] = json!({"type": "Zaubertrick"});
        let error = Tokenizer::from_json(&value.to_string()).unwrap_err();
        assert_eq!(error.code(), "unsupported");
        assert!(error.to_string().contains("Zaubertrick"), "{error}");
    }
}

#[test]
fn merges_in_a_circle_and_equal_ids_end_all_the_same() {
    let model = json!({"type": "BPE", "merges": [["a", "b"], ["ab", ""], ["b", "a"], ["a", "b"], ["", ""]],
        "vocab": {"a": 0, "b": 1, "ab": 2, "ba": 2, "": 3}});
    let tokenizer = Tokenizer::from_json(&json!({"model": model}).to_string()).unwrap();
    assert_eq!(tokenizer.ids("abba", false).unwrap(), [2, 2]);
}
