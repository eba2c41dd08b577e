//! Encoding speed, one thread, beside tiktoken and the `tokenizers` crate in one run.
//!
//! In: with `--text FILE` a text, else a made-up mixture. Out: for BPE, WordPiece and Unigram, all trained here on that text to 32,000
//! tokens: medians and ratios, the first pass apart from the warm ones, and what hostile texts cost. Ids are compared first.
//! Run by `cargo xtask bench tokenizer_encode`.

use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{EncodeOptions, Kind, Tokenizer, bytes};
use griot_peers::{Contestant, documents, median, race, text, timed};
use std::hint::black_box;
use std::str::FromStr;

/// Turns of each contestant.
const ROUNDS: usize = 5;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = text()?;
    // Documents of a few kilobytes, as they come in practice.
    let documents = documents(&text, 8192);
    let megabytes = text.len() as f64 / 1e6;
    for kind in [Kind::Bpe, Kind::WordPiece, Kind::Unigram] {
        let options = TrainOptions { vocab_size: Some(32_000), ..TrainOptions::new(kind) };
        let json = train(documents.iter().copied(), options)?.to_json();
        let theirs = tokenizers::Tokenizer::from_str(&json).map_err(|error| error.to_string())?;
        let tiktoken = if kind == Kind::Bpe { Some(tiktoken(&json)?) } else { None };

        let mut cold = Vec::new();
        for _ in 0..3 {
            let ours = Tokenizer::from_json(&json)?;
            cold.push(
                timed(|| {
                    documents.iter().map(|document| ours.ids(document, false).map_or(0, |ids| ids.len())).sum::<usize>()
                })
                .0,
            );
        }
        let ours = Tokenizer::from_json(&json)?;
        let mut tokens = 0;
        for document in &documents {
            let ids = ours.ids(document, false)?;
            tokens += ids.len();
            let other = theirs.encode_fast(*document, false).map_err(|error| error.to_string())?;
            assert!(ids == other.get_ids(), "other ids than the crate's");
            if let Some(tiktoken) = &tiktoken {
                assert!(ids == tiktoken.encode_ordinary(document), "other ids than tiktoken's");
            }
        }
        let mut contestants: Vec<Contestant> = vec![
            (
                "griot, ids".into(),
                Box::new(|| documents.iter().for_each(|document| drop(black_box(ours.ids(document, false))))),
            ),
            (
                "tokenizers, encode_fast".into(),
                Box::new(|| {
                    documents.iter().for_each(|document| drop(black_box(theirs.encode_fast(*document, false))))
                }),
            ),
        ];
        if let Some(tiktoken) = &tiktoken {
            contestants.push((
                "tiktoken-rs, encode_ordinary".into(),
                Box::new(|| documents.iter().for_each(|document| drop(black_box(tiktoken.encode_ordinary(document))))),
            ));
        }
        let title = format!("{} of {} tokens, {tokens} in {megabytes:.1} MB", kind.name(), ours.vocab_size());
        let medians = race(&title, megabytes, ROUNDS, &mut contestants);
        drop(contestants);
        let plain = EncodeOptions { special: false, ..EncodeOptions::default() };
        let mut contestants: Vec<Contestant> = vec![
            (
                "griot, with tokens and offsets".into(),
                Box::new(|| documents.iter().for_each(|document| drop(black_box(ours.encode(document, &plain))))),
            ),
            (
                "tokenizers, encode".into(),
                Box::new(|| documents.iter().for_each(|document| drop(black_box(theirs.encode(*document, false))))),
            ),
        ];
        race("  the same with all lists", megabytes, ROUNDS, &mut contestants);
        drop(contestants);
        println!("  the first pass is {:.2} times as fast as a warm one", medians[0] / median(&mut cold));
        let spaceless: String = text.chars().filter(|c| !c.is_whitespace()).take(1_000_000).collect();
        let prose: String = text.chars().take(1_000_000).collect();
        let mut ratios: Vec<f64> =
            (0..3).map(|_| timed(|| ours.ids(&spaceless, false)).0 / timed(|| ours.ids(&prose, false)).0).collect();
        let letters = timed(|| ours.ids(&"a".repeat(10_000_000), false)).0;
        println!(
            "  1 MB without spaces takes {:.1} times as long as prose, 10 MB of one letter {letters:.2} s",
            median(&mut ratios)
        );
    }
    Ok(())
}

/// The same vocabulary for tiktoken: byte strings with their ranks, which are the ids.
fn tiktoken(json: &str) -> Result<tiktoken_rs::CoreBPE, Box<dyn std::error::Error>> {
    let mut ranks = rustc_hash::FxHashMap::default();
    for (token, id) in Tokenizer::from_json(json)?.vocab() {
        let mut raw = Vec::new();
        if bytes::decode_into(&token, &mut raw) && token != "<|endoftext|>" {
            ranks.insert(raw, id);
        }
    }
    Ok(tiktoken_rs::CoreBPE::new(ranks, Default::default(), GPT2)?)
}
