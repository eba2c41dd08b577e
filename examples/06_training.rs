//! Lesson 6: learning is walking downhill. How long each step is decides whether one arrives.
//!
//! Comes in: French tales, a small GPT. Goes out: loss and rate as they change, a text every so often, and the same run with rates that are
//! too small and too large.
//! Run: `cargo run --release --example 06_training`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use std::rc::Rc;

use griot::Result;
use griot::data::document::Document;
use griot::data::stories::{Language, Stories, StoryKind};
use griot::device::{Device, Signal};
use griot::generate::settings::Choices;
use griot::models::presets::{Sizes, gpt};
use griot::tasks::{Flow, Model};
use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{Kind, Tokenizer};
use griot::train::Report;
use griot::train::options::{Clip, Optimizer, Options};

/// Tales to learn from, steps to learn in, and how often the model is asked to tell what it knows.
const TALES: usize = if cfg!(debug_assertions) { 60 } else { 600 };
const STEPS: usize = if cfg!(debug_assertions) { 20 } else { 400 };
const EVERY: usize = STEPS / 4;

/// A run at a learning rate: its losses. With `prompt` it tells how it goes.
async fn run(tokenizer: &Rc<Tokenizer>, tales: &[Document], rate: f64, prompt: Option<&str>) -> Result<Vec<f32>> {
    let sizes = Sizes { layers: 2, heads: 4, width: 64, context: 64, ..Sizes::default() };
    let (device, signal) = (Device::native(), Signal::default());
    let model = Model::create_for(device, &gpt(&sizes)?, tokenizer.clone(), 1).await?;
    let optimizer = Optimizer { lr: Some(rate), clip: Clip::Flag(false), ..Optimizer::default() };
    let options = Options { steps: Some(STEPS), optimizer, ..Options::default() };
    let settings = model.settings(&Choices { max_tokens: Some(40), seed: Some(3), ..Choices::default() })?;
    let mut losses = Vec::new();
    let hear = async |report: Report| {
        losses.push(report.loss);
        let Some(prompt) = prompt.filter(|_| report.step == 1 || report.step.is_multiple_of(EVERY)) else {
            return Ok(Flow::On);
        };
        let bar = "▇".repeat((report.loss * 8.0) as usize);
        println!("  step {:>3}  loss {:.3} {bar}  rate {:.5}", report.step, report.loss, report.rate);
        let told = model.generate(model.prompt(prompt)?, &settings, &[], &signal, async |_| Ok(Flow::On)).await?;
        println!("    {prompt}{}\n", told.text.replace('\n', " "));
        Ok(Flow::On)
    };
    model.learn(tales.iter().cloned(), &options, &signal, hear).await?;
    Ok(losses)
}

async fn lesson() -> Result<()> {
    let tales: Vec<Document> =
        Stories::new(Language::French, StoryKind::Tale, 5).take(TALES).map(Document::from).collect();
    let options = TrainOptions { vocab_size: Some(512), ..TrainOptions::new(Kind::Bpe) };
    let tokenizer = Rc::new(train(tales.iter().filter_map(Document::text), options)?);
    let clueless = (tokenizer.vocab_size() as f32).ln();
    println!(
        "{TALES} tales, {} tokens. Who knows nothing has the loss ln {0} = {clueless:.3}.\n",
        tokenizer.vocab_size()
    );

    let good = run(&tokenizer, &tales, 3e-3, Some("Il était")).await?;
    let end = |losses: &[f32]| losses[STEPS - STEPS / 10..].iter().sum::<f32>() / (STEPS / 10) as f32;
    println!("The rate rises for a while, then falls. The loss went from {:.3} to {:.3}.\n", good[0], end(&good));
    assert!((good[0] - clueless).abs() < 0.3, "before the first step it knows nothing");
    assert!(end(&good) < clueless - 0.5);

    println!("The same run, the same seed, other rates:\n");
    let shades: Vec<char> = " ▁▂▃▄▅▆▇█".chars().collect();
    for (rate, says) in
        [(1e-5, "too small: it hardly moves"), (3e-3, "right"), (1.0, "too large: it leaps out of the valley")]
    {
        let losses = if rate == 3e-3 { good.clone() } else { run(&tokenizer, &tales, rate, None).await? };
        let curve = losses.chunks(STEPS / 20).map(|part| part.iter().sum::<f32>() / part.len() as f32);
        let curve: String = curve.map(|loss| shades[(loss.clamp(0.0, 8.0)) as usize]).collect();
        println!("  rate {rate:<7} {curve}  {:>10.3}  {says}", end(&losses));
        assert!(rate == 3e-3 || end(&losses) > end(&good));
        assert!(rate < 1.0 || end(&losses) > clueless, "it knows less than nothing");
    }
    Ok(())
}

pub fn main() -> Result<()> {
    pollster::block_on(lesson())
}
