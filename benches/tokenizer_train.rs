//! Training speed, one thread, beside rustbpe and the `tokenizers` crate in one run; and what memory a training holds.
//!
//! In: with `--text FILE` a text, else a made-up mixture. Out: from documents to a vocabulary, splitting and counting included: medians and
//! ratios; then for our own learning the longest slice and the bytes held per byte of distinct words.
//! rustbpe is a Python extension and is measured where there is a Python (feature `rustbpe`). Run by `cargo xtask bench tokenizer_train`.

use griot::tokenizer::train::{
    BpeForm, BpeOptions, Method, TrainOptions, Training, UnigramOptions, WordCounts, WordPieceOptions, WordPieceScore,
    train,
};
use griot::tokenizer::{Kind, Preset};
use griot_peers::{Contestant, cpu_seconds, documents, race, text};
use std::hint::black_box;
use tokenizers::models::{TrainerWrapper, bpe, unigram, wordpiece};
use tokenizers::{AddedToken, Model, TokenizerBuilder};

/// Turns of each contestant.
const ROUNDS: usize = 3;
/// Units of work between two looks at the clock.
const SLICE: usize = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Peers count words on all cores unless told otherwise; nothing runs yet beside this thread.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "1") };
    let text = text()?;
    let documents = documents(&text, 8192);
    let megabytes = text.len() as f64 / 1e6;
    for (kind, size) in [
        (Kind::Bpe, 8192),
        (Kind::Bpe, 32_768),
        (Kind::WordPiece, 8192),
        (Kind::WordPiece, 32_768),
        (Kind::Unigram, 8192),
        (Kind::Unigram, 32_768),
    ] {
        let ours = || {
            let options = TrainOptions { vocab_size: Some(size), ..TrainOptions::new(kind) };
            drop(black_box(train(documents.iter().copied(), options)));
        };
        let theirs = || drop(black_box(crate_trained(kind, size, &documents)));
        let mut contestants: Vec<Contestant> =
            vec![("griot".into(), Box::new(ours)), ("tokenizers".into(), Box::new(theirs))];
        #[cfg(feature = "rustbpe")]
        if kind == Kind::Bpe {
            contestants.push(("rustbpe".into(), Box::new(|| rustbpe_trained(size, &documents))));
        }
        race(&format!("{} to {size} tokens from {megabytes:.1} MB", kind.name()), megabytes, ROUNDS, &mut contestants);
    }
    memory(&documents)?;
    Ok(())
}

fn crate_trained(kind: Kind, size: usize, documents: &[&str]) -> tokenizers::Result<usize> {
    use tokenizers::normalizers::{BertNormalizer, NFKC, NormalizerWrapper};
    use tokenizers::pre_tokenizers::PreTokenizerWrapper;
    use tokenizers::pre_tokenizers::{bert::BertPreTokenizer, byte_level::ByteLevel, metaspace::Metaspace};
    let special = |token: &str| AddedToken::from(token, true);
    let (model, normalizer, splitter, mut trainer): (
        tokenizers::ModelWrapper,
        Option<NormalizerWrapper>,
        PreTokenizerWrapper,
        TrainerWrapper,
    ) = match kind {
        Kind::Bpe => {
            let alphabet = ByteLevel::alphabet().into_iter().collect();
            let trainer = bpe::BpeTrainer::builder()
                .vocab_size(size)
                .min_frequency(2)
                .show_progress(false)
                .initial_alphabet(alphabet);
            let trainer = trainer.special_tokens(vec![special("<|endoftext|>")]).build();
            (bpe::BPE::default().into(), None, ByteLevel::default().add_prefix_space(false).into(), trainer.into())
        }
        Kind::WordPiece => {
            let trainer = wordpiece::WordPieceTrainer::builder().vocab_size(size).min_frequency(2).show_progress(false);
            let trainer =
                trainer.special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(special).to_vec()).build();
            (
                wordpiece::WordPiece::default().into(),
                Some(BertNormalizer::default().into()),
                BertPreTokenizer.into(),
                trainer.into(),
            )
        }
        _ => {
            let mut builder = unigram::UnigramTrainer::builder();
            builder.vocab_size(size as u32).show_progress(false).unk_token(Some("<unk>".into()));
            let trainer = builder.special_tokens(["<pad>", "</s>", "<unk>"].map(special).to_vec()).build()?;
            (unigram::Unigram::default().into(), Some(NFKC.into()), Metaspace::default().into(), trainer.into())
        }
    };
    type Whole = tokenizers::TokenizerImpl<
        tokenizers::ModelWrapper,
        NormalizerWrapper,
        PreTokenizerWrapper,
        tokenizers::PostProcessorWrapper,
        tokenizers::DecoderWrapper,
    >;
    let built =
        TokenizerBuilder::new().with_model(model).with_normalizer(normalizer).with_pre_tokenizer(Some(splitter));
    let mut tokenizer: Whole = built.with_post_processor(None).with_decoder(None).build()?;
    tokenizer.train(&mut trainer, documents.iter().copied())?;
    Ok(tokenizer.get_model().get_vocab_size())
}

#[cfg(feature = "rustbpe")]
fn rustbpe_trained(size: usize, documents: &[&str]) {
    const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    pyo3::Python::with_gil(|python| {
        let list = pyo3::types::PyList::new(python, documents).expect("a list of texts");
        let mut tokenizer = rustbpe::Tokenizer::new();
        tokenizer
            .train_from_iterator(python, list.as_any(), size as u32 - 1, 8192, Some(GPT2.into()))
            .expect("a training");
        assert!(black_box(tokenizer.vocab_size()) as usize <= size);
    });
}

/// What our own trainings hold, and how long a slice is.
fn memory(documents: &[&str]) -> griot::Result<()> {
    for preset in ["gpt2", "bert", "bert, likelihood", "t5"] {
        let parts = Preset::of(preset.split(',').next().unwrap_or(preset))?.parts;
        let mut words = WordCounts::new();
        for document in documents {
            let mut failed = Ok(());
            parts.pieces(document, &mut |word| {
                if failed.is_ok() {
                    failed = words.add(word, 1);
                }
            })?;
            failed?;
        }
        println!("{preset}: {} distinct words of {} bytes", words.len(), words.bytes());
        for vocab_size in [8192, 32_768, 100_000] {
            let (special_tokens, min_frequency) = (vec!["<unk>".to_string()], 2);
            let score = if preset == "bert" { WordPieceScore::Count } else { WordPieceScore::Likelihood };
            let method = match preset {
                "gpt2" => Method::Bpe(BpeOptions { form: BpeForm::Bytes, vocab_size, min_frequency, special_tokens }),
                "t5" => Method::Unigram(UnigramOptions {
                    vocab_size,
                    min_frequency: 1,
                    special_tokens,
                    coverage: 1.0,
                    sentencepiece: false,
                }),
                _ => Method::WordPiece(WordPieceOptions { vocab_size, min_frequency, special_tokens, score }),
            };
            let words = words.clone();
            let bytes = words.bytes() as f64;
            // CPU time: what else runs on the machine makes no slice longer.
            let started = cpu_seconds();
            let mut training = Training::new(words, &method)?;
            let mut longest = cpu_seconds() - started;
            let mut peak = 0;
            loop {
                let slice = cpu_seconds();
                let (_, done) = training.advance(SLICE)?;
                longest = longest.max(cpu_seconds() - slice);
                peak = peak.max(training.bytes().0);
                if done {
                    break;
                }
            }
            println!(
                "  to {vocab_size}: longest slice {:.1} ms, words {:.2} times their bytes, vocabulary {} kB, {} tokens",
                longest * 1e3,
                peak as f64 / bytes,
                training.bytes().1 / 1000,
                training.finish().vocab.len()
            );
        }
    }
    Ok(())
}
