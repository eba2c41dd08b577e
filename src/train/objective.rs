//! From a model and options to the maker of rows: which objective, how long, which special tokens.
//!
//! In: a config, a tokenizer, the options of a run. Out: what makes rows of documents. Options that another objective has are refused by name.

use std::rc::Rc;

use super::options::Options;
use crate::data::labels::{Labels, Meaning};
use crate::data::objective::{Frame, Maker, Objective};
use crate::error::Result;
use crate::models::{Config, Problem, Task};
use crate::tokenizer::Tokenizer;
use crate::{bail, ensure};

/// The objective of a run: the one asked for, or what the model is for.
///
/// Fails with `bad-option` for one that the model has no head for.
pub fn objective(config: &Config, options: &Options) -> Result<Objective> {
    let usual = match config.task {
        Task::Causal => Some(Objective::Causal),
        Task::Masked => Some(Objective::Masked),
        Task::Seq2seq => Some(Objective::Seq2seq),
        Task::Classify => Some(Objective::Classify),
        Task::Tag => Some(Objective::Tag),
        Task::Answer => Some(Objective::Answer),
        Task::Embed => None,
    };
    let Some(usual) = usual else { bail!(BadOption, "train: a model without a head has no objective") };
    let chosen = options.objective.unwrap_or(usual);
    let possible = chosen == usual
        || (usual == Objective::Causal && chosen == Objective::Chat)
        || (usual == Objective::Seq2seq && chosen == Objective::Spans);
    ensure!(
        possible,
        BadOption,
        "train: option \"objective\": the model is for {}, it cannot learn {}",
        config.task.name(),
        serde_json::to_string(&chosen).unwrap_or_default()
    );
    Ok(chosen)
}

/// What makes the rows of a run; `labels` are the names of the outputs.
pub fn maker(config: &Config, tokenizer: Rc<Tokenizer>, options: &Options, labels: Vec<String>) -> Result<Maker> {
    let objective = objective(config, options)?;
    let others = [
        ("masking", options.masking.is_some(), objective == Objective::Masked),
        ("spans", options.spans.is_some(), objective == Objective::Spans),
        ("crossDocuments", options.cross_documents.is_some(), objective == Objective::Causal),
    ];
    for (name, given, belongs) in others {
        ensure!(belongs || !given, BadOption, "train: option \"{name}\" is for another objective");
    }
    let time = options.context.unwrap_or(config.context);
    ensure!(time <= config.context, BadOption, "train: context: {time}, the model's is {}", config.context);
    let special = &config.special;
    let end = special.eos.first().copied().or_else(|| tokenizer.role("eos").map(|(_, id)| id));
    let meaning = match config.problem {
        Some(Problem::MultiLabel) => Meaning::Several,
        Some(Problem::Regression) => Meaning::Values,
        Some(Problem::SingleLabel) | None => Meaning::One,
    };
    let frame = Frame {
        time,
        end,
        start: special.decoder_start.or(special.pad).unwrap_or(0),
        first: config.first_position() as u32,
        types: config.types() > 0,
        cross: options.cross_documents.unwrap_or(false),
        masking: options.masking.unwrap_or_default(),
        spans: options.spans.unwrap_or_default(),
        seed: options.seed.into(),
    };
    Maker::new(objective, frame, tokenizer, Labels::new(labels, meaning))
}
