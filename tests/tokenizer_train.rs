//! Trained vocabularies against the stored results of the reference trainers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::tokenizer::Preset;
use griot::tokenizer::train::{
    BpeForm, BpeOptions, CharOptions, Learned, Method, Training, WordCounts, WordOptions, WordPieceOptions,
    WordPieceScore, split_at_spaces,
};
use serde_json::Value;

fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/tokenizers/training/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn corpus() -> Vec<String> {
    serde_json::from_value(golden("corpus")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|token| token.as_str().unwrap().to_string()).collect()
}

/// The words of the corpus as a preset's normaliser and splitter make them.
fn words(preset: &str, documents: &[String]) -> WordCounts {
    let parts = Preset::of(preset).unwrap().parts;
    let mut counts = WordCounts::new();
    for document in documents {
        parts.pieces(document, &mut |piece| counts.add(piece, 1).unwrap()).unwrap();
    }
    counts
}

/// Trains in one go and in small slices; both must give the same.
fn train(words: WordCounts, method: &Method) -> Learned {
    let mut whole = Training::new(words.clone(), method).unwrap();
    assert!(whole.advance(usize::MAX).unwrap().1);
    let mut sliced = Training::new(words, method).unwrap();
    let mut steps = Vec::new();
    loop {
        let (more, done) = sliced.advance(1000).unwrap();
        steps.extend(more);
        if done {
            break;
        }
    }
    assert!(steps.iter().enumerate().all(|(at, step)| step.step == at + 1));
    let learned = whole.finish();
    assert_eq!(learned, sliced.finish());
    learned
}

fn assert_same(ours: &[String], theirs: &[String]) {
    let differ = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs);
    assert_eq!(differ.map(|at| (at, &ours[at], &theirs[at])), None);
    assert_eq!(ours.len(), theirs.len());
}

fn bpe(words: WordCounts, form: BpeForm, specials: &[&str], name: &str) {
    let golden = golden(name);
    let size = golden["vocab_size"].as_u64().or(golden["options"]["vocab_size"].as_u64()).unwrap();
    let method = Method::Bpe(BpeOptions {
        form,
        vocab_size: size as usize,
        min_frequency: 0,
        special_tokens: specials.iter().map(|token| token.to_string()).collect(),
    });
    let learned = train(words, &method);
    assert_same(&learned.vocab, &strings(&golden["result"]["vocab"]));
    let name = |id: u32| learned.vocab[id as usize].clone();
    let merges: Vec<String> =
        learned.merges.iter().map(|&(left, right)| format!("{} {}", name(left), name(right))).collect();
    let theirs: Vec<[String; 2]> = serde_json::from_value(golden["result"]["merges"].clone()).unwrap();
    assert_same(&merges, &theirs.iter().map(|pair| pair.join(" ")).collect::<Vec<_>>());
}

#[test]
fn byte_level_bpe_equals_the_reference() {
    bpe(words("gpt2", &corpus()), BpeForm::Bytes, &["<|endoftext|>"], "bbpe-gpt2");
    bpe(words("llama3", &corpus()), BpeForm::Bytes, &[], "bbpe-llama3");
}

#[test]
fn sentencepiece_bpe_equals_the_reference() {
    let mut counts = WordCounts::new();
    let parts = Preset::of("llama2").unwrap().parts;
    for document in corpus() {
        let document = document.replace('\n', " ");
        parts.pieces(&document, &mut |text| split_at_spaces(text, |word| counts.add(word, 1).unwrap())).unwrap();
    }
    bpe(counts, BpeForm::Sentencepiece { coverage: 0.985 }, &["<unk>", "<s>", "</s>"], "spm-bpe-llama2");
}

#[test]
fn wordpiece_equals_the_reference() {
    for (preset, name) in [("bert", "wordpiece-uncased"), ("bert-cased", "wordpiece-cased")] {
        let golden = golden(name);
        let learned = train(
            words(preset, &corpus()),
            &Method::WordPiece(WordPieceOptions {
                vocab_size: golden["vocab_size"].as_u64().unwrap() as usize,
                min_frequency: 0,
                special_tokens: strings(&golden["special_tokens"]),
                score: WordPieceScore::Count,
            }),
        );
        assert_same(&learned.vocab, &strings(&golden["result"]["vocab"]));
    }
}

#[test]
fn words_and_characters_equal_the_reference() {
    let stored = golden("wordlevel");
    let learned = train(
        words("word", &corpus()),
        &Method::Word(WordOptions {
            vocab_size: Some(400),
            min_frequency: 2,
            special_tokens: strings(&stored["special_tokens"]),
        }),
    );
    assert_same(&learned.vocab, &strings(&stored["result"]["vocab"]));
    let specials = ["<pad>", "<s>", "</s>", "<unk>"].map(String::from).to_vec();
    let options = CharOptions { vocab_size: None, min_frequency: 3, special_tokens: specials };
    let learned = train(words("char", &corpus()), &Method::Char(options));
    assert_same(&learned.vocab, &strings(&golden("char")["result"]["vocab"]));
}

#[test]
fn neither_the_order_of_documents_nor_their_cut_matters() {
    let mut turned = corpus();
    turned.reverse();
    let options = WordPieceOptions {
        vocab_size: 1200,
        min_frequency: 2,
        special_tokens: vec!["[UNK]".into()],
        score: WordPieceScore::Likelihood,
    };
    for method in [
        Method::WordPiece(options.clone()),
        Method::WordPiece(WordPieceOptions { score: WordPieceScore::Count, ..options }),
    ] {
        assert_eq!(train(words("bert", &corpus()), &method), train(words("bert", &turned), &method));
    }
}

#[test]
fn likelihood_takes_the_pair_with_the_greatest_gain_first() {
    // hug 10, pug 5, pun 12, bun 4, hugs 5: g occurs 20 times and s 5, so gs has 5 / (20 · 5), more than any other.
    let mut counts = WordCounts::new();
    for (word, count) in [("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5)] {
        counts.add(word, count).unwrap();
    }
    let options = WordPieceOptions {
        vocab_size: 17,
        min_frequency: 1,
        special_tokens: vec![],
        score: WordPieceScore::Likelihood,
    };
    let mut training = Training::new(counts, &Method::WordPiece(options)).unwrap();
    let (steps, _) = training.advance(usize::MAX).unwrap();
    assert_eq!((steps[0].token.as_str(), steps[0].count, steps[0].score), ("##gs", 5, Some(0.05)));
    // Now every pair with u has 1 / 36; of equals the smallest ids go first, and ##u ##g has them.
    assert_eq!((steps[1].token.as_str(), steps[1].count, steps[1].score), ("##ug", 15, Some(1.0 / 36.0)));
}

#[test]
fn a_vocabulary_smaller_than_its_alphabet_is_refused() {
    let method = |vocab_size| {
        Method::Bpe(BpeOptions {
            form: BpeForm::Bytes,
            vocab_size,
            min_frequency: 2,
            special_tokens: vec!["</s>".into()],
        })
    };
    let error = Training::new(WordCounts::new(), &method(256)).err().unwrap();
    assert_eq!(error.code(), "bad-option");
    assert!(error.to_string().contains("257"), "{error}");
    assert_eq!(Training::new(WordCounts::new(), &method(257)).unwrap().finish().vocab.len(), 257);
}
