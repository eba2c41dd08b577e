//! Lesson 2: a model reads tokens, and which tokens there are is learned from texts too.
//!
//! Comes in: "low lower newest widest", then tales of the story world. Goes out: the merges of BPE and of WordPiece in their order, how a
//! word is put together with them, and how long one French sentence is under the five kinds of tokenizers.
//! Run: `cargo run --release --example 02_tokens`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use griot::Result;
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::tokenizer::train::{TrainOptions, Trainer, WordPieceScore, train};
use griot::tokenizer::{Kind, Tokenizer};

/// Tales that the five tokenizers learn from.
const TALES: usize = if cfg!(debug_assertions) { 60 } else { 600 };
/// Tokens that those which may choose are given.
const VOCAB: usize = 600;

/// The course's words, as often as in the paper that brought BPE to translation (Sennrich et al. 2016).
const WORDS: [(&str, usize); 4] = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)];

/// Learns from the course's words and tells every merge.
fn merges(title: &str, options: TrainOptions) -> Result<(Tokenizer, Vec<String>)> {
    println!("{title}");
    let mut trainer = Trainer::new(options)?;
    for (word, times) in WORDS {
        (0..times).try_for_each(|_| trainer.feed(word))?;
    }
    let mut found = Vec::new();
    loop {
        let (steps, done) = trainer.advance(100_000)?;
        for step in steps {
            let (Some(left), Some(right)) = (step.left, step.right) else { continue };
            let score = step.score.map(|score| format!(", score {score:.3}")).unwrap_or_default();
            println!("  {:>7} + {:<6} -> {:<9} seen {} times{score}", left, right, step.token, step.count);
            found.push(step.token);
        }
        if done {
            println!();
            return Ok((trainer.finish()?, found));
        }
    }
}

pub fn main() -> Result<()> {
    println!("The words: {}.\n", WORDS.map(|(word, times)| format!("{times} × {word}")).join(", "));
    // 257 tokens are there before the first merge: all bytes, and the one that ends a text.
    let bpe = TrainOptions { vocab_size: Some(257 + 7), ..TrainOptions::new(Kind::Bpe) };
    let (bpe, found) = merges("BPE merges the pair that is seen most often.", bpe)?;
    assert_eq!(found[..3], ["es", "est", "lo"]);
    let gain = TrainOptions { score: WordPieceScore::Likelihood, ..TrainOptions::new(Kind::WordPiece) };
    let gain = TrainOptions { vocab_size: Some(29), ..gain };
    merges("WordPiece merges the pair that wins the most likelihood: count(ab) / (count(a) · count(b)).", gain)?;

    println!("\"lowest\" was not among the words. BPE puts it together all the same:");
    for step in bpe.explain("lowest")? {
        println!("  {}", step.pieces.join(" | "));
    }

    let tales: Vec<String> =
        Stories::new(Language::French, StoryKind::Tale, 1).take(TALES).map(Story::into_text).collect();
    let sentence = "Une souris prudente traversait la forêt enneigée avec son accordéon.";
    println!("\n{TALES} tales teach five tokenizers. The sentence: {sentence}\n");
    let mut lengths = Vec::new();
    for kind in [Kind::Char, Kind::Bpe, Kind::WordPiece, Kind::Unigram, Kind::Word] {
        let chooses = !matches!(kind, Kind::Char | Kind::Word);
        let options = TrainOptions { vocab_size: chooses.then_some(VOCAB), ..TrainOptions::new(kind) };
        let tokenizer = train(tales.iter().map(String::as_str), options)?;
        let ids = tokenizer.ids(sentence, false)?;
        let unknown = tokenizer.role("unk").map_or(0, |(_, unk)| ids.iter().filter(|&&id| id == unk).count());
        let written = ids.iter().map(|&id| tokenizer.decode(&[id], false)).collect::<Result<Vec<_>>>()?;
        println!("{}: {} tokens of {}, {unknown} of them unknown", kind.name(), ids.len(), tokenizer.vocab_size());
        println!("  {}\n", written.join("|"));
        lengths.push((ids.len(), tokenizer.vocab_size()));
    }
    // A larger vocabulary makes texts shorter; words are short of what they have never seen.
    assert!(lengths[0].0 > lengths[1].0 && lengths[1].0 > lengths[4].0);
    Ok(())
}
