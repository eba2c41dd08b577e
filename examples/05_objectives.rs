//! Lesson 5: a text is its own teacher. What is hidden of it decides what a model learns.
//!
//! Comes in: a sentence of the story world. Goes out: the same sentence as each objective sees it, drawn anew at each visit: the next
//! token, masked tokens, corrupted spans; then the guesses of an encoder that learned for a few seconds.
//! Run: `cargo run --release --example 05_objectives`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use std::rc::Rc;

use griot::Result;
use griot::data::document::Document;
use griot::data::masked::Masking;
use griot::data::objective::Objective;
use griot::data::spans::Spans;
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::device::{Device, Signal};
use griot::models::presets::{self, Sizes};
use griot::tasks::{Flow, Model};
use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, train};
use griot::train::objective::maker;
use griot::train::options::{Optimizer, Options};

/// Tales to learn from, and steps to learn in.
const TALES: usize = if cfg!(debug_assertions) { 60 } else { 600 };
const STEPS: usize = if cfg!(debug_assertions) { 15 } else { 400 };

/// What makes a config of sizes.
type Preset = fn(&Sizes) -> Result<serde_json::Value>;

async fn lesson() -> Result<()> {
    let tales: Vec<String> =
        Stories::new(Language::French, StoryKind::Tale, 4).take(TALES).map(Story::into_text).collect();
    // Words, with the mask of BERT and the sentinels of T5 beside them.
    let sentinels = (0..8).map(|number| format!("<extra_id_{number}>")).chain(["</s>".to_owned()]).collect();
    let options = TrainOptions {
        preset: Some("bert-cased".to_owned()),
        special_tokens: sentinels,
        vocab_size: Some(1500),
        ..TrainOptions::new(Kind::WordPiece)
    };
    let tokenizer = Rc::new(train(tales.iter().map(String::as_str), options)?);
    let sentence = tales[0].split_inclusive('.').take(2).collect::<String>();
    println!("The text: {sentence}\n");

    let sizes = Sizes { layers: 2, heads: 4, width: 64, context: 64, ..Sizes::default() };
    let (device, signal) = (Device::native(), Signal::default());
    let plain = Options { steps: Some(STEPS), ..Options::default() };
    let many = Some(Masking { rate: 0.4, whole_words: true, ..Masking::default() });
    let (objective, spans) = (Some(Objective::Spans), Some(Spans { rate: 0.3, mean: 2.0 }));
    let objectives: [(&str, Preset, u64, Options); 4] = [
        ("CAUSAL: each token from all before it", presets::gpt, 1, plain.clone()),
        ("MASKED: 15 % of all tokens from those around them", presets::bert, 3, plain.clone()),
        ("MASKED: 40 % of all words", presets::bert, 1, Options { masking: many, ..plain.clone() }),
        (
            "SPANS: 30 % of all tokens, about two in a row",
            presets::t5,
            3,
            Options { objective, spans, ..plain.clone() },
        ),
    ];
    for (title, preset, visits, options) in objectives {
        println!("{title}\n");
        let mut config = preset(&sizes)?;
        config["eos_token_id"] = tokenizer.token_to_id("</s>").into(); // the preset of T5 counts on T5's own tokenizer
        let model = Model::create_for(device.clone(), &config, tokenizer.clone(), 1).await?;
        let mut rows = maker(model.config(), tokenizer.clone(), &options, model.labels())?;
        let mut kept = rows.kept();
        let read = rows.read(Document::Text(sentence.clone()))?;
        rows.add(read, &mut kept)?;
        for visit in 0..visits {
            let row = rows.finish(kept.row(0), visit)?;
            println!("  reads    {}", rows.spoken(if row.source.is_empty() { &row.ids } else { &row.source }));
            println!("  predicts {}\n", rows.spoken(&row.targets));
        }
    }

    let guesser = Model::create_for(device, &presets::bert(&sizes)?, tokenizer.clone(), 1).await?;
    let optimizer = Optimizer { lr: Some(3e-3), ..Optimizer::default() };
    let options = Options { optimizer, ..plain };
    let learned = tales.into_iter().map(Document::Text);
    guesser.learn(learned, &options, &signal, async |_| Ok(Flow::On)).await?;
    println!("An encoder has read {TALES} tales for {STEPS} steps. What does it guess?\n");
    for text in ["Il [MASK] une fois une lapine.", "Elle habitait dans [MASK] forêt.", "Elle [MASK] dans un moulin."] {
        let guesses = guesser.fill(text, 4, &signal).await?.concat();
        let told = guesses.iter().map(|guess| format!("{} {:.0} %", tokenizer.spoken(guess.id), 100.0 * guess.p));
        println!("  {text:<36} {}", told.collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

pub fn main() -> Result<()> {
    pollster::block_on(lesson())
}
