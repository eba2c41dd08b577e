//! Lesson 1: a language model is a distribution over what comes next, and counting gives one.
//!
//! Comes in: the two sentences of the course, then tales of the story world. Goes out: P(next | before), the perplexity of every order on
//! tales that were not counted, and a text.
//! Run: `cargo run --release --example 01_counting`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use griot::Result;
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::study::ngram::{END, Ngram, Sampling, Smoothing};

/// Tales that are counted, and tales that are judged.
const COUNTED: usize = if cfg!(debug_assertions) { 300 } else { 2000 };
const JUDGED: usize = 100;

pub fn main() -> Result<()> {
    println!("Two documents: \"je suis content\" and \"je suis\". After each word, what came next?\n");
    let ngram = Ngram::train(&["je suis content", "je suis"], 2, Smoothing::None)?;
    for word in ["je", "suis", "content"] {
        for next in ngram.next(&[word], 5) {
            println!("  P({} | {word}) = {:.2}   seen {} times", next.token, next.p, next.count);
        }
    }
    assert_eq!(ngram.probability("suis", &["je"]), 1.0);
    assert_eq!(ngram.probability("content", &["suis"]), 0.5);
    assert_eq!(ngram.probability(END, &["suis"]), 0.5);

    // The chain rule: P(je suis content) = P(je) · P(suis | je) · P(content | suis) · P(end | content) = 1 · 1 · ½ · 1.
    let judged = ngram.evaluate(["je suis content"])?;
    println!("\n\"je suis content\" has the probability {:.2}.", judged.log_likelihood.exp());
    println!(
        "Its perplexity over {} tokens is {:.3}: so many words seemed possible at each place.",
        judged.tokens, judged.perplexity
    );
    assert!((judged.perplexity - 2f64.powf(0.25)).abs() < 1e-12);

    // What was never seen has the probability 0, and with it every text that holds it.
    let strange = ngram.evaluate(["je suis triste"])?;
    println!("\"je suis triste\" was never seen. Its perplexity: {}.\n", strange.perplexity);
    assert_eq!(strange.perplexity, f64::INFINITY);

    let tales: Vec<String> =
        Stories::new(Language::French, StoryKind::Tale, 1).take(COUNTED + JUDGED).map(Story::into_text).collect();
    let (counted, judged) = tales.split_at(COUNTED);
    println!("Now {COUNTED} tales are counted, and {JUDGED} others judged. Order n looks back n - 1 words.\n");
    println!("  order   bare counts  a share for the unseen (Kneser-Ney)");
    let mut smoothed = Vec::new();
    for order in 1..=5 {
        let perplexity = |smoothing| -> Result<f64> {
            Ok(Ngram::train(counted, order, smoothing)?.evaluate(judged.iter().map(String::as_str))?.perplexity)
        };
        smoothed.push(perplexity(Smoothing::KneserNey)?);
        println!("  {order:>5}  {:>14.1}  {:>10.2}", perplexity(Smoothing::None)?, smoothed[order - 1]);
    }
    println!(
        "\nBy bare counts one new pair of words makes a text impossible. Past them more memory helps, by less each time.\n"
    );
    assert!(smoothed[2] < smoothed[1] && smoothed[1] < smoothed[0]);

    for order in [1, 2, 4] {
        let ngram = Ngram::train(counted, order, Smoothing::None)?;
        let how = Sampling { max_tokens: 40, seed: 7, ..Sampling::default() };
        println!("A text by order {order}: Il était {}\n", ngram.generate("Il était", how, |_| true)?.trim_start());
    }
    Ok(())
}
