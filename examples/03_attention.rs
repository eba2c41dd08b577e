//! Lesson 3: the order of words matters, and each token reads the others as much as it needs them.
//!
//! Comes in: sentences of the story world that differ in their last word only, and with it in what « il » means. Goes out: an encoder that
//! learned in a few seconds which of two nouns is meant, where it looks, and the same sentence under the mask of a decoder.
//! Run: `cargo run --release --example 03_attention`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use std::rc::Rc;

use griot::Result;
use griot::data::document::{Document, Example, Label};
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::device::{Device, Signal};
use griot::models::presets::{Sizes, bert, gpt};
use griot::tasks::{Flow, Model, Trace, Views};
use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{Kind, Tokenizer};
use griot::train::options::Options;
use serde_json::json;

/// Sentences to learn from, and steps to learn in.
const SENTENCES: usize = 1000;
const STEPS: usize = if cfg!(debug_assertions) { 60 } else { 400 };

/// The sentence without its question, and whether « il » is who acts in it or what is acted on.
fn sentence(story: Story) -> (String, &'static str) {
    let Story::Pair { input, output } = story else { return (story.into_text(), "") };
    let end = input.find('.').map_or(input.len(), |at| at + 1);
    let acts = input.starts_with(output.trim_end_matches('.'));
    (input[..end].to_owned(), if acts { "the first noun" } else { "the second noun" })
}

/// Prints one head: a line for each token that reads, a column for each token that is read.
fn print(trace: &Trace, layer: usize, head: usize) {
    let Some(map) = &trace.layers[layer].attention else { return };
    println!("  layer {layer}, head {head}");
    let time = trace.tokens.len();
    for (at, token) in trace.tokens.iter().enumerate() {
        let row = &map.data[(head * time + at) * time..][..time];
        let shade = |share: &f32| [" ", "░", "▒", "▓", "█"][(share.sqrt() * 4.99) as usize].repeat(2);
        println!("  {token:>12} │{}│", row.iter().map(shade).collect::<String>());
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
    println!();
}

async fn encoder(tokenizer: &Rc<Tokenizer>, sizes: &Sizes, stories: &Stories, signal: &Signal) -> Result<()> {
    let mut config = bert(sizes)?;
    config["architectures"] = json!(["BertForSequenceClassification"]);
    let model = Model::create_for(Device::native(), &config, tokenizer.clone(), 1).await?;
    let example = |story| {
        let (text, label) = sentence(story);
        Example { text: Some(text), label: Some(Label::Name(label.to_owned())), ..Example::default() }
    };
    let learned = stories.clone().take(SENTENCES).map(|story| Document::Example(Box::new(example(story))));
    let options = Options { steps: Some(STEPS), batch: 16, ..Options::default() };
    model.learn(learned, &options, signal, async |_| Ok(Flow::On)).await?;

    let (texts, labels): (Vec<String>, Vec<&str>) = stories.clone().skip(SENTENCES).take(100).map(sentence).unzip();
    let guesses = model.classify(&texts, 1, signal).await?;
    let right = guesses.iter().zip(&labels).filter(|(guess, label)| guess[0].0 == **label).count();
    println!("An encoder has read {SENTENCES} sentences. Of 100 new ones it understands {right}. Two of them:\n");
    assert!(STEPS < 100 || right > 80, "{right} of 100");
    for (text, guess) in texts.iter().zip(&guesses).take(2) {
        println!("{text}\n« il », « elle » is {}, it says ({:.0} %).\n", guess[0].0, 100.0 * guess[0].1);
        let trace = model.inspect(text, Views::default(), signal).await?;
        (0..sizes.heads).for_each(|head| print(&trace, sizes.layers - 1, head));
    }
    Ok(())
}

/// A decoder's map has nothing right of its diagonal: no token reads one that comes after it.
async fn decoder(tokenizer: &Rc<Tokenizer>, sizes: &Sizes, text: &str, signal: &Signal) -> Result<()> {
    let model = Model::create_for(Device::native(), &gpt(sizes)?, tokenizer.clone(), 1).await?;
    let trace = model.inspect(text, Views::default(), signal).await?;
    println!("A decoder that has learned nothing yet reads all that came before alike, and never what comes after:\n");
    print(&trace, 0, 0);
    let (time, map) = (trace.tokens.len(), trace.layers[0].attention.as_ref().map_or(&[][..], |map| &map.data));
    assert!(map.iter().enumerate().all(|(at, share)| at % time <= at / time % time || *share == 0.0));
    Ok(())
}

pub fn main() -> Result<()> {
    let stories = Stories::new(Language::French, StoryKind::Pronoun, 3);
    let texts: Vec<String> = stories.clone().take(SENTENCES).map(|story| sentence(story).0).collect();
    let options = TrainOptions { preset: Some("bert-cased".to_owned()), ..TrainOptions::new(Kind::Word) };
    let tokenizer = Rc::new(train(texts.iter().map(String::as_str), options)?);
    let sizes = Sizes { layers: 2, heads: 2, width: 32, context: 32, ..Sizes::default() };
    let signal = Signal::default();
    pollster::block_on(encoder(&tokenizer, &sizes, &stories, &signal))?;
    pollster::block_on(decoder(&tokenizer, &sizes, &texts[0], &signal))
}
