//! The model's training.
//!
//! In: options; batches of ids, or documents through the desk. Out: reports, then what the run came to. Between two steps other calls
//! on the model are let in; asked to stop it ends with the weights of a whole step.

use super::job::{Desk, Job};
use super::model::Model;
use super::runtime::runtime;
use super::trainer::text_of;
use super::values::{Plain, argument};
use super::yielding::{Pace, milliseconds};
use crate::data::windows::Windows;
use crate::device::Signal;
use crate::models::Task;
use crate::tasks::Given;
use crate::train::options::Options;
use crate::train::{Report, Source, Trainer};
use crate::{Error, Kind, Result};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The base rate of a model that was created here, and of one that was loaded.
const RATES: (f64, f64) = (1e-3, 5e-5);

/// Holds the model's gradients for one run, until it is dropped.
struct Learning(Rc<Cell<bool>>);

impl Learning {
    fn begin(flag: &Rc<Cell<bool>>) -> Result<Learning> {
        if flag.replace(true) {
            return Err(Error::new(Kind::BadInput, "train: a training run of this model is in hand already"));
        }
        Ok(Learning(flag.clone()))
    }
}

impl Drop for Learning {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Rows cut from the documents of the call.
async fn windows(desk: &Desk, model: &crate::tasks::Model, options: &Options) -> Result<Windows> {
    if model.task() != Task::Causal {
        let message = format!("train: texts for the task {} are not there yet", model.task().name());
        return Err(Error::new(Kind::Unsupported, message).hint("give batches of ids with labels"));
    }
    let (tokenizer, config) = (model.need_tokenizer()?, model.config());
    let time = options.context.unwrap_or(config.context);
    if time > config.context {
        let message = format!("train: context: {time}, the model's is {}", config.context);
        return Err(Error::new(Kind::BadOption, message));
    }
    let own = || tokenizer.special().into_iter().find(|(role, ..)| role == "eos").map(|(_, _, id)| id);
    let end = config.special.eos.first().copied().or_else(own);
    let mut windows = Windows::new(time.max(1), options.cross_documents);
    let (pace, mut read) = (Pace::new(), 0);
    while let Some(document) = desk.document().await {
        let text = text_of(&document)?;
        windows.add(&tokenizer.ids(&text, false)?, end);
        read += text.len();
        desk.progress("tokenize", read as f64, None, true);
        pace.breathe().await;
    }
    Ok(windows)
}

/// What a run has come to.
struct Sums {
    steps: usize,
    loss: f32,
    tokens: usize,
}

impl Sums {
    /// Of a run without a step: its loss is no number.
    const NONE: Sums = Sums { steps: 0, loss: f32::NAN, tokens: 0 };

    fn add(&mut self, report: &Report) {
        self.steps = report.step;
        self.loss = report.loss;
        self.tokens += report.tokens;
    }

    /// The result as it crosses.
    fn result(&self, seconds: f64, total: usize) -> JsValue {
        Plain::default()
            .with("steps", self.steps as u32)
            .with("loss", self.loss)
            .with("tokens", self.tokens as f64)
            .with("seconds", seconds)
            .with("reason", if self.steps < total { "stopped" } else { "done" })
            .into()
    }
}

fn report(report: &Report, ms: f64, seconds: f64) -> JsValue {
    let speed = if ms > 0.0 { report.tokens as f64 / (ms / 1e3) } else { 0.0 };
    let plain = Plain::default()
        .with("step", report.step as u32)
        .with("loss", report.loss)
        .with("lr", report.rate)
        .with("gradNorm", report.norm)
        .with("tokens", report.tokens as u32)
        .with("tokensPerSecond", speed)
        .with("seconds", seconds)
        .with("memory", runtime().ledger().live() as f64);
    match report.skipped {
        true => plain.with("skipped", true).into(),
        false => plain.into(),
    }
}

#[wasm_bindgen]
impl Model {
    /// Learns from batches, or without them from the corpus of the call; every `every`th step is reported.
    pub fn train(&self, given: JsValue, batches: JsValue, every: usize) -> Job {
        let (model, flag) = (self.inner.clone(), self.learning.clone());
        Job::new(move |desk| async move {
            let options: Options = super::values::options(given, "train")?;
            options.check()?;
            let _learning = Learning::begin(&flag)?;
            let source = if batches.is_undefined() {
                let windows = windows(&desk, &model, &options).await?;
                if desk.stopping() {
                    return Ok(Sums::NONE.result(0.0, usize::MAX));
                }
                Source::Packed(windows)
            } else {
                let batches: Vec<Given> = argument(batches, "train")?;
                let read = batches.iter().map(|batch| batch.batch(model.config()));
                Source::Batches(read.collect::<Result<_>>()?)
            };
            let rate = if model.created() { RATES.0 } else { RATES.1 };
            let mut trainer = Trainer::new(model.placed().clone(), options, source, rate).await?;
            let (began, signal, mut sums) = (milliseconds(), Signal::default(), Sums::NONE);
            let mut last = began;
            while !desk.stopping() {
                let Some(step) = trainer.advance(&signal).await? else { break };
                let now = milliseconds();
                sums.add(&step);
                desk.progress("train", step.step as f64, Some(trainer.total() as f64), false);
                if step.step.is_multiple_of(every.max(1)) || step.step == trainer.total() {
                    desk.report(report(&step, now - last, (now - began) / 1e3)).await;
                } else {
                    desk.boundary().await;
                }
                last = milliseconds();
            }
            sums.steps = trainer.step();
            Ok(sums.result((milliseconds() - began) / 1e3, trainer.total()))
        })
    }
}
