//! Training a tokenizer.
//!
//! In: options; documents through the desk. Out: a report for each token chosen, then the tokenizer. Asked to stop it ends with
//! the vocabulary so far.

use super::job::Job;
use super::tokenizer::Tokenizer;
use super::values::{Plain, argument};
use super::yielding::Pace;
use crate::tokenizer::Kind;
use crate::tokenizer::train::{Step, TrainOptions, Trainer, WordPieceScore};
use crate::{Error, Kind as ErrorKind, Result};
use js_sys::Reflect;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// The options of `Tokenizer.train`, as they cross.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    kind: String,
    vocab_size: Option<usize>,
    min_frequency: Option<u64>,
    preset: Option<String>,
    score: Option<String>,
    #[serde(default)]
    special_tokens: Vec<String>,
}

impl Given {
    fn resolve(self) -> Result<TrainOptions> {
        let unknown = |option: &str, value: &str| {
            Error::new(ErrorKind::BadOption, format!("Tokenizer.train: option \"{option}\" cannot be {value:?}"))
        };
        let kinds = [Kind::Bpe, Kind::WordPiece, Kind::Unigram, Kind::Word, Kind::Char];
        let kind =
            kinds.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| unknown("kind", &self.kind))?;
        let score = match self.score.as_deref() {
            Some(score) if kind != Kind::WordPiece => {
                return Err(unknown("score", score).hint("it is for kind \"wordpiece\""));
            }
            None | Some("count") => WordPieceScore::Count,
            Some("likelihood") => WordPieceScore::Likelihood,
            Some(score) => return Err(unknown("score", score)),
        };
        let Given { vocab_size, min_frequency, preset, special_tokens, .. } = self;
        Ok(TrainOptions { kind, vocab_size, min_frequency, preset, score, special_tokens })
    }
}

/// A few milliseconds of learning.
const BUDGET: usize = 300_000;

/// Trains a tokenizer on the corpus of the call.
#[wasm_bindgen]
pub fn train_tokenizer(options: JsValue) -> Job {
    Job::new(move |desk| async move {
        let options: Given = argument(options, "Tokenizer.train")?;
        let mut trainer = Trainer::new(options.resolve()?)?;
        let pace = Pace::new();
        let tell = |trainer: &Trainer| {
            let progress = trainer.progress();
            let total = progress.total.map(|total| total as f64);
            desk.progress(progress.phase, progress.done as f64, total, total.is_none());
        };
        while let Some(document) = desk.document().await {
            let text = text_of(&document)?;
            let mut from = 0;
            while from < text.len() {
                from = trainer.feed_part(&text, from)?;
                if pace.is_due() {
                    tell(&trainer);
                    pace.breathe().await;
                }
            }
        }
        tell(&trainer);
        // Stopped while texts are read there may be none yet, and the vocabulary is that of none.
        while !desk.stopping() {
            let (steps, done) = trainer.advance(BUDGET)?;
            tell(&trainer);
            for step in &steps {
                desk.report(report(step)).await;
            }
            if done {
                break;
            }
            pace.breathe().await;
        }
        Ok(Tokenizer::from(trainer.finish()?).into())
    })
}

/// The text of a document: itself, or its field `text`.
pub(super) fn text_of(document: &JsValue) -> Result<String> {
    let field = || Reflect::get(document, &"text".into()).ok().and_then(|text| text.as_string());
    document.as_string().or_else(field).ok_or_else(|| {
        Error::new(ErrorKind::BadInput, "the corpus holds something that is neither a string nor has a text")
    })
}

fn report(step: &Step) -> JsValue {
    let mut report = Plain::default().with("step", step.step as u32).with("token", step.token.as_str());
    for (name, part) in [("left", &step.left), ("right", &step.right)] {
        if let Some(part) = part {
            report = report.with(name, part.as_str());
        }
    }
    report = report.with("count", step.count as f64);
    match step.score {
        Some(score) => report.with("score", score).into(),
        None => report.into(),
    }
}
