//! Lesson 7: a text is made one token at a time, and each is drawn. The model gives the odds, the settings decide how they are played.
//!
//! Comes in: a small GPT that learned a little, a beginning. Goes out: one set of logits under temperature, top-k and top-p; a text
//! that ends at a stop string; the same seed twice.
//! Run: `cargo run --release --example 07_generating`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use std::rc::Rc;

use griot::Result;
use griot::data::document::Document;
use griot::data::stories::{Language, Stories, StoryKind};
use griot::device::{Device, Signal};
use griot::generate::sampler::{best, process};
use griot::generate::settings::Choices;
use griot::models::presets::{Sizes, gpt};
use griot::tasks::{Flow, Model, Told};
use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, train};
use griot::train::options::{Optimizer, Options};

/// Tales to learn from, and steps to learn in.
const TALES: usize = if cfg!(debug_assertions) { 60 } else { 600 };
const STEPS: usize = if cfg!(debug_assertions) { 20 } else { 400 };

const BEGINNING: &str = "Il était une fois";

async fn lesson() -> Result<()> {
    let tales: Vec<Document> =
        Stories::new(Language::French, StoryKind::Tale, 6).take(TALES).map(Document::from).collect();
    let options = TrainOptions { vocab_size: Some(512), ..TrainOptions::new(Kind::Bpe) };
    let tokenizer = Rc::new(train(tales.iter().filter_map(Document::text), options)?);
    let sizes = Sizes { layers: 2, heads: 4, width: 64, context: 128, ..Sizes::default() };
    let (device, signal) = (Device::native(), Signal::default());
    let model = Model::create_for(device, &gpt(&sizes)?, tokenizer.clone(), 1).await?;
    let optimizer = Optimizer { lr: Some(3e-3), ..Optimizer::default() };
    let options = Options { steps: Some(STEPS), context: Some(64), optimizer, ..Options::default() };
    model.learn(tales, &options, &signal, async |_| Ok(Flow::On)).await?;

    println!(
        "What comes after \"{BEGINNING}\"? The five best of {} tokens, and how many may be drawn:\n",
        tokenizer.vocab_size()
    );
    let mut logits = vec![0.0; tokenizer.vocab_size()];
    for (id, _, logit) in model.next(BEGINNING, logits.len(), &signal).await? {
        logits[id as usize] = f64::from(logit);
    }
    let plain = Choices::default();
    let mut counts = Vec::new();
    for (says, choices) in [
        ("as the model has it", plain.clone()),
        ("temperature 0.5: the best win", Choices { temperature: Some(0.5), ..plain.clone() }),
        ("temperature 2: almost anything", Choices { temperature: Some(2.0), ..plain.clone() }),
        ("top-k 3: only three", Choices { top_k: Some(3), ..plain.clone() }),
        ("top-p 0.8: who together have 80 %", Choices { top_p: Some(0.8), ..plain.clone() }),
    ] {
        let mut scores = logits.clone();
        process(&mut scores, &[0], 0, &model.settings(&choices)?);
        let whole: f64 = scores.iter().map(|score| score.exp()).sum();
        let shares = best(&scores, 5).into_iter().map(|id| {
            let share = 100.0 * scores[id].exp() / whole;
            Ok(format!("{:?} {share:.0} %", tokenizer.decode(&[id as u32], false)?))
        });
        counts.push(scores.iter().filter(|score| score.is_finite()).count());
        println!("  {says:<34} {:>3}: {}", counts[counts.len() - 1], shares.collect::<Result<Vec<_>>>()?.join(", "));
    }
    assert_eq!((counts[0], counts[3]), (tokenizer.vocab_size(), 3));

    let tell = async |choices: &Choices, stops: &[String]| -> Result<Told> {
        let settings = model.settings(&Choices { max_tokens: Some(50), ..choices.clone() })?;
        model.generate(model.prompt(BEGINNING)?, &settings, stops, &signal, async |_| Ok(Flow::On)).await
    };
    println!("\nTold at several temperatures:\n");
    for temperature in [0.0, 0.7, 1.5] {
        let told = tell(&Choices { temperature: Some(temperature), seed: Some(1), ..plain.clone() }, &[]).await?;
        println!("  {temperature}: {BEGINNING}{}\n", told.text.replace('\n', " "));
    }
    let seeded = |seed| Choices { seed: Some(seed), temperature: Some(0.7), ..plain.clone() };
    let [one, same, other] = [tell(&seeded(1), &[]).await?, tell(&seeded(1), &[]).await?, tell(&seeded(2), &[]).await?];
    println!("Seed 1 twice: the same text. Seed 2: {}\n", other.text.replace('\n', " "));
    assert!(one == same && one.text != other.text);

    let stopped = tell(&seeded(1), &[",".to_owned(), ".".to_owned()]).await?;
    println!("Stopped at the first comma or full stop ({:?}): {BEGINNING}{}", stopped.finish, stopped.text);
    assert!(!stopped.text.contains([',', '.']));
    Ok(())
}

pub fn main() -> Result<()> {
    pollster::block_on(lesson())
}
