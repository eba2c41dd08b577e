//! Lesson 4: three families. An encoder reads, a decoder goes on, an encoder-decoder makes one text of another.
//!
//! Comes in: questions of the story world with their answers. Goes out: what each family is asked, how one question looks in its batch (what
//! is read, what is to be predicted at each place, who may look at whom), and what it says after a little learning.
//! Run: `cargo run --release --example 04_families`

#![expect(clippy::print_stdout, reason = "a lesson is there to be read")]

use std::rc::Rc;

use griot::Result;
use griot::data::document::Document;
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::device::{Device, Signal};
use griot::generate::settings::Choices;
use griot::models::presets::{self, Sizes};
use griot::tasks::{Flow, Model};
use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, train};
use griot::train::Report;
use griot::train::objective::maker;
use griot::train::options::{Optimizer, Options};

/// Questions to learn from, and steps to learn in.
const QUESTIONS: usize = 2000;
const STEPS: usize = if cfg!(debug_assertions) { 15 } else { 600 };

/// A family: its name, what it is asked, who may look at whom, its config.
type Family = (&'static str, &'static str, &'static str, fn(&Sizes) -> Result<serde_json::Value>);

const FAMILIES: [Family; 3] = [
    ("AN ENCODER", "Which tokens were hidden?", "each place sees all others", presets::bert),
    ("A DECODER", "How does the text go on?", "each place sees those before it", presets::gpt),
    ("AN ENCODER-DECODER", "What is the answer?", "the answer sees the question and its own beginning", presets::t5),
];

/// One stack learns a question and its answer as one text, two learn to make the one of the other.
fn document(story: &Story, two_stacks: bool) -> Document {
    match story {
        Story::Pair { input, output } if !two_stacks => Document::Text(format!("{input} {output}")),
        story => Document::from(story.clone()),
    }
}

async fn lesson() -> Result<()> {
    let mut stories: Vec<Story> = Stories::new(Language::French, StoryKind::Pair, 2).take(QUESTIONS).collect();
    let texts: Vec<Document> = stories.iter().map(|story| document(story, false)).collect();
    let mask = vec!["[MASK]".to_owned()];
    let options = TrainOptions { vocab_size: Some(500), special_tokens: mask, ..TrainOptions::new(Kind::Unigram) };
    let tokenizer = Rc::new(train(texts.iter().filter_map(Document::text), options)?);
    let (input, output) = ("Quel est le contraire de grand ?", "Le contraire de grand, c'est petit.");
    let asked = Story::Pair { input: input.to_owned(), output: output.to_owned() };
    stories.retain(|story| *story != asked);
    println!("The question: {input}\nIts answer:   {output}");

    let sizes = Sizes { layers: 2, heads: 4, width: 64, context: 96, ..Sizes::default() };
    let optimizer = Optimizer { lr: Some(3e-3), ..Optimizer::default() };
    let options = Options { steps: Some(STEPS), batch: 16, optimizer, ..Options::default() };
    let signal = Signal::default();
    for (name, wanted, sight, preset) in FAMILIES {
        let two_stacks = name.ends_with("-DECODER");
        let model = Model::create_for(Device::native(), &preset(&sizes)?, tokenizer.clone(), 1).await?;
        println!("\n{name}, {} numbers. {wanted} Who looks at whom: {sight}.", model.parameters());
        let mut rows = maker(model.config(), tokenizer.clone(), &options, model.labels())?;
        let mut kept = rows.kept();
        let read = rows.read(document(&asked, two_stacks))?;
        rows.add(read, &mut kept)?;
        let row = rows.finish(kept.row(0), 0)?;
        if two_stacks {
            println!("  the encoder reads  {}", rows.spoken(&row.source));
        }
        println!("  reads              {}\n  is to predict      {}", rows.spoken(&row.ids), rows.spoken(&row.targets));

        let mut losses = Vec::new();
        let hear = async |report: Report| {
            losses.push(report.loss);
            Ok(Flow::On)
        };
        model.learn(stories.iter().map(|story| document(story, two_stacks)), &options, &signal, hear).await?;
        println!("  its loss went from {:.2} to {:.2}", losses[0], losses[STEPS - 1]);
        assert!(losses[STEPS - 1] < losses[0]);
        if name == "AN ENCODER" {
            let hidden = format!("{input} Le contraire de grand, c'est [MASK].");
            for guess in model.fill(&hidden, 3, &signal).await?.concat() {
                println!("  under the mask     {} ({:.0} %)", tokenizer.spoken(guess.id), 100.0 * guess.p);
            }
        } else {
            let settings =
                model.settings(&Choices { temperature: Some(0.0), max_tokens: Some(24), ..Choices::default() })?;
            let told = model.generate(model.prompt(input)?, &settings, &[], &signal, async |_| Ok(Flow::On)).await?;
            println!("  writes             {}", told.text.trim());
        }
    }
    Ok(())
}

pub fn main() -> Result<()> {
    pollster::block_on(lesson())
}
