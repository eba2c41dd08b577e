//! What must hold for every text: round trips, offsets, batches, streams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tokenizers/stored.rs"]
mod stored;

use griot::tokenizer::{EncodeOptions, Tokenizer, Unit};
use proptest::prelude::*;
use std::sync::LazyLock;
use stored::{NAMES, read};

static ALL: LazyLock<Vec<(&str, Tokenizer)>> = LazyLock::new(|| {
    NAMES.iter().map(|&name| (name, Tokenizer::from_json(&read(name, "tokenizer.json").unwrap()).unwrap())).collect()
});

fn named(name: &str) -> &'static Tokenizer {
    &ALL.iter().find(|(known, _)| *known == name).unwrap().1
}

/// Texts of any characters, and texts of the kinds that tokenizers treat apart.
fn text() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        any::<String>(),
        "[a-zA-Z'éàœß ]{0,12}",
        "[ \t\r\n\u{a0}\u{3000}]{0,5}",
        "[0-9]{0,7}",
        "\\PC{0,6}",
        prop::sample::select(vec![
            "<s>",
            "[MASK]",
            "<|eot_id|>",
            "<sep>",
            "foo",
            "e\u{301}",
            "ﬁ",
            "각",
            "👩‍👩‍👧",
            "ſ",
            "<0x41>"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(fragment, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn byte_level_tokenizers_give_every_text_back(text in text()) {
        for name in ["bbpe-gpt2", "bbpe-llama3"] {
            let ids = named(name).ids(&text, false).unwrap();
            prop_assert_eq!(&named(name).decode(&ids, false).unwrap(), &text);
        }
    }

    #[test]
    fn byte_fallback_gives_every_text_back(text in text()) {
        // What SentencePiece's manner cannot tell apart: its mark from a space, and text around special tokens.
        let mut text = text.replace('▁', "_");
        for special in ["<s>", "</s>", "<unk>"] {
            text = text.replace(special, "");
        }
        let ids = named("spm-bpe-llama2").ids(&text, false).unwrap();
        prop_assert_eq!(named("spm-bpe-llama2").decode(&ids, false).unwrap(), text);
    }

    #[test]
    fn offsets_go_forward_and_stay_inside(text in text()) {
        for (name, tokenizer) in ALL.iter() {
            for (unit, length) in [
                (Unit::Bytes, text.len()),
                (Unit::Chars, text.chars().count()),
                (Unit::Utf16, text.encode_utf16().count()),
            ] {
                let options = EncodeOptions { special: false, unit, ..EncodeOptions::default() };
                let encoding = tokenizer.encode(&text, &options).unwrap();
                let mut before = 0;
                for &(start, end) in &encoding.offsets {
                    prop_assert!(before <= start && start <= end && end as usize <= length, "{name}: {:?}", encoding.offsets);
                    before = start;
                }
            }
        }
    }

    #[test]
    fn byte_level_offsets_cover_the_text(text in text()) {
        for name in ["bbpe-gpt2", "bbpe-llama3"] {
            let encoding = named(name).encode(&text, &EncodeOptions { special: false, ..EncodeOptions::default() }).unwrap();
            let mut covered = 0;
            for &(start, end) in &encoding.offsets {
                prop_assert!(start <= covered, "{name}: a gap before {start}");
                covered = covered.max(end);
            }
            prop_assert_eq!(covered as usize, text.encode_utf16().count());
        }
    }

    #[test]
    fn a_batch_is_its_texts_one_by_one(first in text(), second in text(), pair in text()) {
        for (_, tokenizer) in ALL.iter() {
            let options = EncodeOptions::default();
            let batch = tokenizer.encode_batch(&[(&first, None), (&second, Some(&pair))], &options).unwrap();
            prop_assert_eq!(&batch[0], &tokenizer.encode(&first, &options).unwrap());
            let with_pair = EncodeOptions { pair: Some(&pair), ..options };
            prop_assert_eq!(&batch[1], &tokenizer.encode(&second, &with_pair).unwrap());
        }
    }

    #[test]
    fn the_quick_way_gives_the_same_ids(text in text()) {
        for (name, tokenizer) in ALL.iter() {
            for special in [true, false] {
                let options = EncodeOptions { special, ..EncodeOptions::default() };
                prop_assert_eq!(tokenizer.ids(&text, special).unwrap(), tokenizer.encode(&text, &options).unwrap().ids, "{}", name);
            }
        }
    }

    #[test]
    fn a_stream_decodes_to_what_all_ids_decode_to(
        text in text(),
        random in prop::collection::vec(0u32..1200, 0..24),
        skip in any::<bool>(),
    ) {
        for (name, tokenizer) in ALL.iter() {
            let mut ids = tokenizer.ids(&text, true).unwrap();
            ids.extend(&random);
            let mut stream = tokenizer.stream(skip);
            let mut streamed = String::new();
            for &id in &ids {
                streamed += &stream.push(id).unwrap();
            }
            streamed += &stream.finish().unwrap();
            prop_assert_eq!(streamed, tokenizer.decode(&ids, skip).unwrap(), "{}", name);
        }
    }

    #[test]
    fn explaining_ends_where_encoding_does(text in text()) {
        for (name, tokenizer) in ALL.iter() {
            let steps = tokenizer.explain(&text).unwrap();
            let encoding = tokenizer.encode(&text, &EncodeOptions { special: false, ..EncodeOptions::default() }).unwrap();
            for word in 0..encoding.word_ids.iter().max().map_or(0, |last| last + 1) {
                // A Unigram model gives its best path first and then the runner-up.
                let unigram = tokenizer.kind().name() == "unigram";
                let mut of_word = steps.iter().filter(|step| step.word == word as usize && (!unigram || step.rank != Some(1)));
                let last = of_word.next_back();
                let count = encoding.word_ids.iter().filter(|&&id| id == word).count();
                // Unknown characters are one token together, and each for itself on the path.
                let unknown = unigram && last.is_some_and(|step| step.pieces.len() > count);
                prop_assert!(unknown || last.map_or(0, |step| step.pieces.len()) == count, "{name}: word {word} of {text:?}");
            }
        }
    }
}

#[test]
fn a_character_streams_only_when_it_is_whole() {
    let tokenizer = named("bbpe-gpt2");
    let ids = tokenizer.ids("a😀b", false).unwrap();
    let mut stream = tokenizer.stream(true);
    let pieces: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    assert!(ids.len() > 3, "the emoji should be several tokens");
    assert_eq!(pieces.iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>(), ["a", "😀", "b"]);
}

#[test]
fn a_long_text_in_parts_is_encoded_as_in_one() {
    let pieces = [
        "The cat doesn't sit",
        " on 1234567 mats",
        ", said É é e\u{301} ﬁ",
        "\r\n\r\n  x = y[12]\t# 中文 각",
        "  a b ",
        " <s> [MASK]foo ",
        "👩‍👩‍👧's ",
    ];
    let lines = ["中文。\n", "각", "ab", "\n", "\n/", "ｶﾞ!\n", "’s\n", "1\n", "Été \n", "\u{301}\n"];
    let mixed = |pieces: &[&str]| (0..60_000).map(|at: usize| pieces[at * at % 61 % pieces.len()]).collect::<String>();
    let texts = [mixed(&pieces), mixed(&lines), "Aa1!".repeat(20_000), "語".repeat(30_000) + " " + &"xyz".repeat(9000)];
    assert!(texts[0].len() > 400_000 && texts[1].len() > 200_000);
    for (name, text) in NAMES.iter().flat_map(|name| texts.iter().map(move |text| (*name, text))) {
        let mut json: serde_json::Value = serde_json::from_str(&read(name, "tokenizer.json").unwrap()).unwrap();
        // A token that is looked for in normalised text, and never there, keeps a tokenizer from reading in parts.
        let never = serde_json::json!({"id": 999_999, "content": "\u{e000}\u{e001}", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": true, "special": false});
        json["added_tokens"].as_array_mut().unwrap().push(never);
        let whole = Tokenizer::from_json(&json.to_string()).unwrap();
        let options = EncodeOptions::default();
        let mut encoder = named(name).begin(text, &options).unwrap();
        let mut before = 0;
        while !encoder.advance(3_000).unwrap() {
            assert!(encoder.position() >= before);
            before = encoder.position();
        }
        let same = encoder.finish().unwrap() == whole.encode(text, &options).unwrap();
        assert!(same, "{name}: {:?}…", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn a_text_without_a_place_to_cut_it_is_split_bit_by_bit_into_the_pieces_of_the_whole() {
    let hex: String = (0..400_000u64).map(|at| char::from_digit((at * at % 1009 % 16) as u32, 16).unwrap()).collect();
    for text in [hex, "a.b!".repeat(100_000), "中文，語。".repeat(30_000), "中文a1".repeat(50_000)] {
        for name in ["bbpe-gpt2", "bbpe-llama3", "wordpiece-uncased", "wordpiece-cased"] {
            let (tokenizer, mut wanted) = (named(name), Vec::new());
            tokenizer.pieces(&text, &mut |piece| wanted.push(piece.to_owned())).unwrap();
            let options = EncodeOptions { special: false, unit: Unit::Bytes, ..EncodeOptions::default() };
            let encoding = tokenizer.encode(&text, &options).unwrap();
            let mut words: Vec<(u32, u32)> = Vec::new();
            for (&word, &(start, end)) in encoding.word_ids.iter().zip(&encoding.offsets) {
                match words.get_mut(word as usize) {
                    Some(word) => word.1 = end,
                    None => words.push((start, end)),
                }
            }
            let words: Vec<&str> = words.iter().map(|&(start, end)| &text[start as usize..end as usize]).collect();
            assert!(words == wanted, "{name}: {:?}…", text.chars().take(20).collect::<String>());
        }
    }
}

#[test]
fn a_mark_is_put_before_the_text_s_beginning_alone_also_where_only_ids_are_asked_for() {
    let tokenizer = |splitter: serde_json::Value, normalized: bool| {
        let sep = serde_json::json!({"id": 5, "content": "<sep>", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": normalized, "special": !normalized});
        let vocab = serde_json::json!({"▁a": 0, "a": 1, "▁b": 2, "b": 3, "<unk>": 4});
        let json = serde_json::json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [sep],
            "normalizer": null, "pre_tokenizer": splitter, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}});
        Tokenizer::from_json(&json.to_string()).unwrap()
    };
    let marks = serde_json::json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true});
    let both = serde_json::json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, marks]});
    // As the tokenizers library, 0.23.3, gives them.
    for (tokenizer, text, wanted) in [
        (tokenizer(both.clone(), false), "a b<sep>a", ["▁a", "b", "<sep>", "a"].as_slice()),
        (tokenizer(both.clone(), false), "<sep> b a", ["<sep>", "b", "a"].as_slice()),
        (tokenizer(both, false), " a", ["a"].as_slice()),
        (tokenizer(marks.clone(), true), "a b<sep>a", ["▁a", "▁b", "<sep>", "a"].as_slice()),
        (tokenizer(marks, true), "<sep>b", ["<sep>", "b"].as_slice()),
    ] {
        let ids = tokenizer.ids(text, false).unwrap();
        let tokens: Vec<&str> = ids.iter().map(|&id| tokenizer.id_to_token(id).unwrap()).collect();
        assert_eq!(tokens, wanted, "{text}");
        assert_eq!(ids, tokenizer.encode(text, &EncodeOptions::default()).unwrap().ids);
    }
}
