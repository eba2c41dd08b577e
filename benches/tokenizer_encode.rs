//! Encoding speed, one thread: MB/s, the best and the median of several passes, the first pass apart.
//!
//! In: paths of `tokenizer.json` files, else tokenizers of 32,000 tokens are trained; with `--text FILE` a text, else a
//! made-up mixture of French, English and code whose words follow Zipf's law. Out: a line per tokenizer. Knows no peer;
//! those are measured beside it.
#![expect(clippy::print_stdout, reason = "the numbers are what this program is for")]

use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{Kind, Tokenizer};
use std::hint::black_box;
use std::time::Instant;

const BYTES: usize = 5_000_000;
const PASSES: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    let mut text = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--text" => text = arguments.next().map(std::fs::read_to_string).transpose()?,
            "--bench" => {} // what cargo hands to every bench
            _ => files.push(argument),
        }
    }
    let text = text.unwrap_or_else(mixture);
    // Documents of a few kilobytes, as they come in practice.
    let documents = documents(&text, 8192);
    let mut tokenizers = Vec::new();
    for file in files {
        let json = std::fs::read_to_string(&file)?;
        tokenizers.push((file, json));
    }
    if tokenizers.is_empty() {
        for kind in [Kind::Bpe, Kind::WordPiece, Kind::Unigram] {
            let options = TrainOptions { vocab_size: Some(32_000), ..TrainOptions::new(kind) };
            tokenizers.push((kind.name().to_owned(), train(documents.iter().copied(), options)?.to_json()));
        }
    }
    for (file, json) in tokenizers {
        let started = Instant::now();
        let tokenizer = Tokenizer::from_json(&json)?;
        let load = started.elapsed().as_secs_f64();
        let mut seconds = Vec::new();
        let mut count = 0;
        for _ in 0..PASSES {
            let started = Instant::now();
            count = 0;
            for document in &documents {
                count += black_box(tokenizer.ids(document, false)?).len();
            }
            seconds.push(started.elapsed().as_secs_f64());
        }
        let speed = |seconds: f64| text.len() as f64 / 1e6 / seconds;
        let first = seconds.first().copied().map_or(0.0, speed);
        seconds.sort_by(f64::total_cmp);
        let best = seconds.first().copied().map_or(0.0, speed);
        let median = seconds.get(PASSES / 2).copied().map_or(0.0, speed);
        let whole = timed(|| tokenizer.encode(&text, &Default::default()))?;
        let spaceless: String = text.chars().filter(|c| !c.is_whitespace()).take(1_000_000).collect();
        let prose: String = text.chars().take(1_000_000).collect();
        let ratio = timed(|| tokenizer.ids(&spaceless, false))? / timed(|| tokenizer.ids(&prose, false))?;
        let letters = timed(|| tokenizer.ids(&"a".repeat(10_000_000), false))?;
        println!(
            "{file}: first {first:.1}, median {median:.1}, best {best:.1} MB/s ({count} tokens); with tokens and \
             offsets {:.1} MB/s; load {load:.3} s; 1 MB without spaces {ratio:.1} times prose; 10 MB of one letter \
             {letters:.2} s",
            speed(whole)
        );
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> griot::Result<T>) -> griot::Result<f64> {
    let started = Instant::now();
    black_box(work()?);
    Ok(started.elapsed().as_secs_f64())
}

/// Cuts a text at line ends into documents of about `size` bytes.
fn documents(text: &str, size: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('\n') {
        if at + 1 - start >= size {
            out.extend(text.get(start..=at));
            start = at + 1;
        }
    }
    out.extend(text.get(start..));
    out
}

/// A text of words that follow Zipf's law, in three manners.
fn mixture() -> String {
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut below = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % limit
    };
    const FRENCH: [&str; 20] = [
        "ment", "é", "tion", "que", "ou", "ai", "re", "l", "an", "eu", "ç", "à", "ch", "oi", "son", "è", "v", "qu",
        "ée", "is",
    ];
    const ENGLISH: [&str; 20] = [
        "th", "e", "ing", "er", "ou", "st", "a", "n", "ed", "re", "s", "it", "on", "al", "w", "ly", "ch", "ight", "o",
        "m",
    ];
    let mut words = |parts: &[&str]| -> Vec<String> {
        (0..30_000).map(|_| (0..1 + below(4)).map(|_| parts[below(20)]).collect()).collect()
    };
    let (french, english) = (words(&FRENCH), words(&ENGLISH));
    let mut out = String::with_capacity(BYTES + 4096);
    while out.len() < BYTES {
        let manner = below(3);
        for _ in 0..200 {
            // The inverse of Zipf's distribution function, roughly: rank = limit^share.
            let rank = (30_000f64.powf(below(1 << 20) as f64 / f64::from(1 << 20)) - 1.0) as usize;
            match manner {
                0 => out.push_str(&french[rank]),
                1 => out.push_str(&english[rank]),
                _ => {
                    out.push_str(&english[rank]);
                    out.push_str([" = ", "(", "_", ".", ", ", "): ", " += ", "[0]", "\n    "][below(9)]);
                    continue;
                }
            }
            out.push_str(["", "", "", "", "", "", ",", ".", " !", ";"][below(10)]);
            out.push(' ');
        }
        out.push('\n');
    }
    out
}
