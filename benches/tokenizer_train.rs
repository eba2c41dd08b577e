//! Training speed and memory, one thread: seconds, the longest slice, and bytes held per byte of distinct words.
//!
//! In: with `--text FILE` a text; without one, 5 MB of stories in two languages with made-up words of a long tail.
//! Out: a line per kind and size. Knows no peer; those are measured beside it.
#![expect(clippy::print_stdout, reason = "the numbers are what this program is for")]

use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::rng::Rng;
use griot::tokenizer::Preset;
use griot::tokenizer::train::{
    BpeForm, BpeOptions, Method, Training, UnigramOptions, WordCounts, WordPieceOptions, WordPieceScore,
};
use std::time::Instant;

const BYTES: usize = 5_000_000;
/// Units of work between two looks at the clock.
const SLICE: usize = 200_000;

fn main() -> griot::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut text = None;
    while let Some(argument) = arguments.next() {
        if argument == "--text" {
            text = arguments.next().and_then(|path| std::fs::read_to_string(path).ok());
        }
    }
    let text = text.unwrap_or_else(mixture);
    let documents: Vec<&str> = text.split_inclusive('\n').collect();
    for (preset, sizes) in [("gpt2", [8192, 32_768]), ("bert", [8192, 32_768]), ("t5", [8192, 32_768])] {
        let parts = Preset::of(preset)?.parts;
        let started = Instant::now();
        let mut words = WordCounts::new();
        for document in &documents {
            let mut failed = Ok(());
            parts.pieces(document, &mut |word| {
                if failed.is_ok() {
                    failed = words.add(word, 1);
                }
            })?;
            failed?;
        }
        println!(
            "{preset}: {:.1} MB counted in {:.3} s: {} distinct words of {} bytes",
            text.len() as f64 / 1e6,
            started.elapsed().as_secs_f64(),
            words.len(),
            words.bytes()
        );
        for size in sizes {
            let special_tokens = vec!["<unk>".to_string()];
            let method = match preset {
                "gpt2" => {
                    Method::Bpe(BpeOptions { form: BpeForm::Bytes, vocab_size: size, min_frequency: 2, special_tokens })
                }
                "bert" => Method::WordPiece(WordPieceOptions {
                    vocab_size: size,
                    min_frequency: 2,
                    special_tokens,
                    score: WordPieceScore::Count,
                }),
                _ => Method::Unigram(UnigramOptions {
                    vocab_size: size,
                    min_frequency: 1,
                    special_tokens,
                    coverage: 1.0,
                    sentencepiece: false,
                }),
            };
            measure(preset, size, words.clone(), &method)?;
        }
    }
    Ok(())
}

fn measure(preset: &str, size: usize, words: WordCounts, method: &Method) -> griot::Result<()> {
    let bytes = words.bytes() as f64;
    let started = Instant::now();
    let mut training = Training::new(words, method)?;
    let mut longest = started.elapsed();
    let mut peak = 0;
    loop {
        let slice = Instant::now();
        let (_, done) = training.advance(SLICE)?;
        longest = longest.max(slice.elapsed());
        peak = peak.max(training.bytes().0);
        if done {
            break;
        }
    }
    println!(
        "{preset} to {size}: {:.3} s, longest slice {:.1} ms, words {:.2} times their bytes, vocabulary {} kB, {} tokens",
        started.elapsed().as_secs_f64(),
        longest.as_secs_f64() * 1e3,
        peak as f64 / bytes,
        training.bytes().1 / 1000,
        training.finish().vocab.len()
    );
    Ok(())
}

/// Stories, among which every seventh word is made up, by Zipf's law.
fn mixture() -> String {
    const PARTS: [&str; 24] = [
        "ba", "cho", "di", "é", "flo", "gra", "hé", "in", "jou", "ki", "lou", "ment", "no", "oi", "pré", "qu", "ra",
        "son", "tion", "u", "vi", "wo", "xa", "zé",
    ];
    let mut rng = Rng::new(20, 0);
    let made_up: Vec<String> =
        (0..200_000).map(|_| (0..2 + rng.below(3)).map(|_| PARTS[rng.below(24) as usize]).collect()).collect();
    let mut tales = [Language::English, Language::French].map(|language| Stories::new(language, StoryKind::Tale, 1));
    let mut out = String::with_capacity(BYTES + 8192);
    let mut turn = 0;
    while out.len() < BYTES {
        turn += 1;
        let Some(Story::Tale(tale)) = tales[turn % 2].next() else { continue };
        for (at, word) in tale.split(' ').enumerate() {
            out.push_str(word);
            out.push(' ');
            if at % 7 == 6 {
                let rank = 200_000f64.powf(rng.uniform()) as usize - 1;
                out.push_str(&made_up[rank]);
                out.push(' ');
            }
        }
        out.push('\n');
    }
    out
}
