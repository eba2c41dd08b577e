//! The corpus of a training run: documents of the call to rows, and rows that are set aside to measure with.
//!
//! In: documents through the desk; where some are to measure with, they come first, up to a mark (`null`). Out: a supply whose first rows can be
//! taken, and what was set aside. It refuses to know what is learned.

use super::job::Desk;
use super::values::argument;
use super::yielding::Pace;
use crate::data::batch::Batch;
use crate::data::document::Document;
use crate::data::draft::Read;
use crate::data::objective::{Kept, Maker};
use crate::data::row::Row;
use crate::data::supply::{Reading, Supply, Want};
use crate::generate::settings::Choices;
use crate::tasks::Model;
use crate::train::Trainer;
use crate::train::objective::maker;
use crate::train::options::Options;
use crate::{Error, Kind, Result, ensure};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// Tokens that are held of a corpus whose end is known to come, and of one that is drawn from an iterable.
const BLOCKS: (usize, usize) = (1 << 24, 1 << 20);
/// Tokens that are held at least, and where rows are visited as they stand.
const IN_ORDER: usize = 1 << 16;

/// How often something is measured, and on how much.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validate {
    pub every: usize,
    pub batches: Option<usize>,
}

/// How often a text is made, and how.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sample {
    pub prompt: String,
    pub every: usize,
    pub choices: Choices,
    pub stops: Vec<String>,
}

/// The texts of a checkpoint.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpointed {
    pub config: String,
    pub training: Option<String>,
}

/// What a run is to do beside learning, and what its corpus is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wishes {
    /// Every n-th step is reported.
    pub every: usize,
    pub validate: Option<Validate>,
    pub sample: Option<Sample>,
    /// Files are handed out every n steps, and at the end.
    pub checkpoint: Option<usize>,
    /// The texts of the checkpoint that the run goes on from; its weights come before all other documents.
    pub checkpointed: Option<Checkpointed>,
    /// The run begins where the model's training state stands.
    pub goes_on: bool,
    /// Documents to measure with come first.
    pub apart: bool,
    /// The corpus is drawn from an iterable, perhaps an endless one.
    pub drawn: bool,
    /// It can be begun anew.
    pub again: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Wishes {
            every: 1,
            validate: None,
            sample: None,
            checkpoint: None,
            checkpointed: None,
            goes_on: false,
            apart: false,
            drawn: false,
            again: true,
        }
    }
}

impl Wishes {
    /// Fails with `bad-option` for numbers that make no sense.
    pub fn check(&self) -> Result<()> {
        let periods = [
            ("validate", self.validate.as_ref().map(|validate| validate.every)),
            ("validate.batches", self.validate.as_ref().and_then(|validate| validate.batches)),
            ("checkpoint", self.checkpoint),
            ("sample", self.sample.as_ref().map(|sample| sample.every)),
        ];
        for (name, period) in periods {
            ensure!(period != Some(0), BadOption, "train: {name}: at least 1 is wanted");
        }
        Ok(())
    }
}

/// What was set aside to measure with.
pub enum Aside {
    None,
    Rows(Vec<Row>),
    Batches(Vec<Batch>),
}

impl Aside {
    /// As batches, as many as are wanted.
    pub fn batches(self, options: &Options, validate: Option<&Validate>) -> Result<Option<Vec<Batch>>> {
        let mut batches = match self {
            Aside::None if validate.is_some() => {
                let message = "train: validate: batches of ids have no part that could be set aside";
                return Err(Error::new(Kind::BadOption, message).hint("give { train, valid }"));
            }
            Aside::None => return Ok(None),
            Aside::Rows(rows) => rows.chunks(options.batch).map(Batch::of_rows).collect(),
            Aside::Batches(batches) => batches,
        };
        if let Some(most) = validate.and_then(|validate| validate.batches) {
            batches.truncate(most);
        }
        ensure!(batches.iter().any(|batch| batch.counted() > 0), BadInput, "train: nothing is counted in `valid`");
        Ok(Some(batches))
    }
}

/// A document as it crosses; none is the mark.
pub(super) fn document_of(value: &JsValue) -> Result<Option<Document>> {
    match value.as_string() {
        Some(text) => Ok(Some(Document::Text(text))),
        None if value.is_null() => Ok(None),
        None if value.is_object() => Ok(Some(Document::Example(argument(value.clone(), "train: an example")?))),
        None => {
            Err(Error::new(Kind::BadInput, "train: the corpus holds something that is neither a text nor an example"))
        }
    }
}

/// Length of a document, for telling how far the reading is.
pub(super) fn size_of(document: &Document) -> usize {
    document.text().map_or(64, str::len)
}

/// Reads as much of the corpus as the first step needs; none if the run was stopped meanwhile.
pub async fn prepare(
    desk: &Desk,
    model: &Model,
    options: &Options,
    wishes: &Wishes,
) -> Result<Option<(Supply, Aside)>> {
    let (tokenizer, config) = (model.need_tokenizer()?, model.config());
    let mut aside = Aside::None;
    let (pace, mut read) = (Pace::new(), 0);
    let mut maker = maker(config, tokenizer, options, model.labels())?;
    if wishes.apart {
        let mut kept = maker.kept();
        let most = wishes.validate.as_ref().and_then(|validate| validate.batches).map(|most| most * options.batch);
        while let Some(value) = desk.document().await {
            let Some(document) = document_of(&value)? else { break };
            read += size_of(&document);
            let Some(document) = made_of(desk, &maker, document, &pace).await? else { return Ok(None) };
            maker.add(document, &mut kept)?;
            desk.progress("tokenize", read as f64, None, true);
            if most.is_some_and(|most| kept.full_rows() >= most) {
                desk.restart(); // what follows the mark
                break;
            }
            pace.breathe().await;
        }
        aside = Aside::Rows(finished(&maker, &kept, &pace).await?);
    }
    let need = options.steps.unwrap_or(usize::MAX).saturating_mul(options.batch * options.accumulate);
    let tokens = need.saturating_mul(options.context.unwrap_or(config.context));
    let one_shot = options.epochs.is_some() && !wishes.again;
    let block = match (options.shuffle, wishes.drawn) {
        _ if one_shot => usize::MAX,
        (false, _) => IN_ORDER,
        // An endless one must begin soon, a short one is held whole.
        (true, true) => tokens.saturating_mul(4).clamp(IN_ORDER, BLOCKS.1),
        (true, false) => BLOCKS.0,
    };
    if one_shot && options.epochs.is_some_and(|epochs| epochs > 1.0) {
        let message = "train: epochs: the corpus can be read only once";
        return Err(Error::new(Kind::BadInput, message).hint("give a function that returns a fresh iterable"));
    }
    let reading = Reading {
        block,
        again: wishes.again,
        shuffle: options.shuffle,
        seed: options.seed.into(),
        count: options.epochs.is_some(),
        set_aside: wishes.validate.is_some() && !wishes.apart,
    };
    let mut supply = Supply::new(maker, reading);
    while let Some(want) = supply.wants() {
        if desk.stopping() {
            return Ok(None);
        }
        let document = asked(desk, want).await?;
        read += document.as_ref().map_or(0, size_of);
        let document = match document {
            Some(document) => made_of(desk, supply.maker(), document, &pace).await?,
            None => None,
        };
        if desk.stopping() {
            return Ok(None);
        }
        supply.give(document)?;
        desk.progress("tokenize", read as f64, None, true);
        pace.breathe().await;
    }
    if reading.set_aside {
        aside = Aside::Rows(supply.take_aside());
    }
    Ok(Some((supply, aside)))
}

/// The document that is wanted of the caller, or `None` at the corpus's end.
async fn asked(desk: &Desk, want: Want) -> Result<Option<Document>> {
    if want == Want::Again {
        desk.restart();
    }
    match desk.document().await {
        Some(value) => document_of(&value),
        None => Ok(None),
    }
}

/// Bytes of text between two looks at the clock.
const SLICE: usize = 1 << 14;

/// Reads a document; none if the run was stopped meanwhile.
pub(super) async fn made_of(desk: &Desk, maker: &Maker, document: Document, pace: &Pace) -> Result<Option<Read>> {
    let mut draft = maker.draft(document)?;
    while !draft.write(maker)? {
        pace.breathe().await;
        if desk.stopping() {
            return Ok(None);
        }
    }
    let mut reader = maker.begin(&draft)?;
    while !reader.advance(SLICE)? {
        pace.breathe().await;
        if desk.stopping() {
            return Ok(None);
        }
    }
    reader.finish().map(Some)
}

/// All rows that are held, as a model takes them at their first visit.
pub(super) async fn finished(maker: &Maker, kept: &Kept, pace: &Pace) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(kept.rows());
    for index in 0..kept.rows() {
        rows.push(maker.finish(kept.row(index), index as u64)?);
        pace.breathe().await;
    }
    Ok(rows)
}

/// Gives a run the documents that its next step needs, if any.
pub async fn supply_more(desk: &Desk, trainer: &mut Trainer) -> Result<()> {
    let pace = Pace::new();
    while let Some(want) = trainer.wants()? {
        let document = match (asked(desk, want).await?, trainer.supply()) {
            (Some(document), Some(supply)) => made_of(desk, supply.maker(), document, &pace).await?,
            _ => None,
        };
        if desk.stopping() {
            break;
        }
        trainer.give(document)?;
        pace.breathe().await;
    }
    Ok(())
}
