//! The model's training.
//!
//! In: options; batches of ids, or documents through the desk: a checkpoint's, those to measure with, each up to a mark, then those to learn from. Out:
//! reports, files of checkpoints, then what the run came to. Between two steps other calls on the model are let in; asked to stop it ends
//! with the weights of a whole step.

use super::corpus::{Aside, Wishes, prepare, supply_more};
use super::files::put_all;
use super::job::{Desk, Job};
use super::model::{Model, parse, take_files};
use super::runtime::runtime;
use super::values::{Plain, argument};
use super::yielding::milliseconds;
use crate::data::batch::Batch;
use crate::device::Signal;
use crate::generate::settings::Settings;
use crate::kernels::Format;
use crate::models::Config;
use crate::tasks::{Flow, Given, Loading, Piece};
use crate::train::evaluate::{Evaluation, evaluate};
use crate::train::options::Options;
use crate::train::{Report, Source, Trainer};
use crate::{Error, Kind, Result};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Holds the model's gradients for one run, until it is dropped.
struct Learning(Rc<Cell<bool>>);

impl Learning {
    fn begin(flag: &Rc<Cell<bool>>) -> Result<Learning> {
        if flag.replace(true) {
            let busy = Error::new(Kind::BadInput, "train: a training run of this model is in hand already");
            return Err(busy.hint("wait for its result, or stop it"));
        }
        Ok(Learning(flag.clone()))
    }
}

impl Drop for Learning {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// What a run has come to.
struct Sums {
    steps: usize,
    loss: f32,
    validation: Option<f64>,
    tokens: usize,
}

impl Sums {
    /// Of a run without a step: its loss is no number.
    const NONE: Sums = Sums { steps: 0, loss: f32::NAN, validation: None, tokens: 0 };

    fn add(&mut self, report: &Report) {
        self.steps = report.step;
        self.loss = report.loss;
        self.tokens += report.tokens;
    }

    /// The result as it crosses.
    fn result(&self, seconds: f64, total: usize) -> Plain {
        let plain = Plain::default()
            .with("steps", self.steps as u32)
            .with("loss", self.loss)
            .with("tokens", self.tokens as f64)
            .with("seconds", seconds)
            .with("reason", if self.steps < total { "stopped" } else { "done" });
        match self.validation {
            Some(loss) => plain.with("validation", loss),
            None => plain,
        }
    }
}

/// Tokens a second. A browser's clock may stand still for milliseconds, so that a quick step takes none: it is counted with the next.
#[derive(Default)]
struct Speed {
    tokens: usize,
    ms: f64,
    last: f64,
}

impl Speed {
    fn after(&mut self, tokens: usize, ms: f64) -> f64 {
        (self.tokens, self.ms) = (self.tokens + tokens, self.ms + ms);
        if self.ms > 0.0 {
            self.last = self.tokens as f64 / (self.ms / 1e3);
            (self.tokens, self.ms) = (0, 0.0);
        }
        self.last
    }
}

/// What is done beside the steps, and when.
struct Beside {
    wishes: Wishes,
    aside: Option<Vec<Batch>>,
    settings: Option<(Vec<u32>, Settings)>,
}

impl Beside {
    fn due(every: Option<usize>, step: usize) -> bool {
        every.is_some_and(|every| step.is_multiple_of(every.max(1)))
    }

    /// The loss on what was set aside.
    async fn measure(&self, model: &crate::tasks::Model, desk: &Desk) -> Result<Option<Evaluation>> {
        let Some(batches) = &self.aside else { return Ok(None) };
        let mut between = async |_| {
            desk.boundary().await;
            Ok(())
        };
        Ok(Some(evaluate(model.placed(), batches, &Signal::default(), &mut between).await?))
    }

    /// A text by the weights as they are.
    async fn sample(&self, model: &crate::tasks::Model, desk: &Desk) -> Result<Option<String>> {
        let (Some((prompt, settings)), Some(sample)) = (&self.settings, &self.wishes.sample) else { return Ok(None) };
        let emit = async |_: Piece| {
            desk.boundary().await;
            Ok(if desk.stopping() { Flow::End } else { Flow::On })
        };
        let told = model.generate(prompt.clone(), settings, &sample.stops, &Signal::default(), emit).await?;
        Ok(Some(told.text))
    }
}

fn report(report: &Report, speed: f64, seconds: f64) -> Plain {
    let plain = Plain::default()
        .with("step", report.step as u32)
        .with("loss", report.loss)
        .with("lr", report.rate)
        .with("gradNorm", report.norm)
        .with("tokens", report.tokens as u32)
        .with("tokensPerSecond", speed)
        .with("seconds", seconds)
        .with("memory", runtime().ledger().live() as f64);
    if report.skipped { plain.with("skipped", true) } else { plain }
}

/// Batches of ids, as a caller gives them.
pub(super) fn batches(given: JsValue, config: &Config) -> Result<Vec<Batch>> {
    let given: Vec<Given> = argument(given, "train")?;
    given.iter().map(|batch| batch.batch(config)).collect()
}

#[wasm_bindgen]
impl Model {
    /// Whether the tokenizer has a chat template.
    pub fn converses(&self) -> bool {
        self.inner.tokenizer().is_some_and(|tokenizer| tokenizer.parts().chat_template.is_some())
    }

    /// Whether a run could go on from what the model holds.
    pub fn has_training(&self) -> bool {
        self.inner.training().borrow().is_some()
    }

    /// Learns from batches, or without them from the corpus of the call.
    pub fn train(&self, given: JsValue, wishes: JsValue, train: JsValue, valid: JsValue) -> Job {
        let (model, flag) = (self.inner.clone(), self.learning.clone());
        Job::new(move |desk| async move {
            let options: Options = super::values::options(given, "train")?;
            options.check()?;
            let wishes: Wishes = super::values::options(wishes, "train")?;
            wishes.check()?;
            let settings = match &wishes.sample {
                Some(sample) => Some((model.prompt(&sample.prompt)?, model.settings(&sample.choices)?)),
                None => None,
            };
            let _learning = Learning::begin(&flag)?;
            if let Some(checkpoint) = &wishes.checkpointed {
                let device = model.placed().arenas.device().clone();
                let config = parse(&checkpoint.config, "config.json")?;
                let loading = Loading::new(device, &config, None, (None, None), Format::F32).await?;
                let kept = take_files(&desk, loading, checkpoint.training.clone(), 0).await?;
                model.take_over(&kept).await?;
            }
            let (source, aside) = if train.is_undefined() {
                let Some((supply, aside)) = prepare(&desk, &model, &options, &wishes).await? else {
                    return Ok(Sums::NONE.result(0.0, usize::MAX).into());
                };
                (Source::Rows(Box::new(supply)), aside)
            } else {
                if let Some(name) = options.texts_only() {
                    let message = format!("train: option \"{name}\" is for texts and examples, not for batches of ids");
                    return Err(Error::new(Kind::BadOption, message));
                }
                let aside = match valid.is_undefined() {
                    true => Aside::None,
                    false => Aside::Batches(batches(valid, model.config())?),
                };
                (Source::Batches(batches(train, model.config())?), aside)
            };
            let aside = aside.batches(&options, wishes.validate.as_ref())?;
            let goes_on = wishes.goes_on;
            let placed = model.placed().clone();
            let mut trainer =
                Trainer::new(placed, options, source, model.base_rate(), model.training(), goes_on).await?;
            let beside = Beside { aside, settings, wishes };
            let wishes = &beside.wishes;
            let validates = wishes.validate.as_ref().map(|validate| validate.every);
            let samples = wishes.sample.as_ref().map(|sample| sample.every);
            [validates, samples, wishes.checkpoint].into_iter().flatten().for_each(|every| trainer.hold_every(every));
            let (began, signal, mut sums) = (milliseconds(), Signal::default(), Sums::NONE);
            let (mut last, mut speed) = (began, Speed::default());
            while !desk.stopping() {
                supply_more(&desk, &mut trainer).await?;
                if desk.stopping() {
                    break;
                }
                let Some(step) = trainer.advance(&signal).await? else { break };
                let now = milliseconds();
                sums.add(&step);
                desk.progress("train", step.step as f64, Some(trainer.total() as f64), false);
                let ends = step.step == trainer.total();
                let speed = speed.after(step.tokens, now - last - desk.rested());
                let mut told = report(&step, speed, (now - began) / 1e3);
                let mut tell = step.step.is_multiple_of(wishes.every.max(1)) || ends;
                let measures = Beside::due(validates, step.step) || ends;
                if let Some(found) = if measures { beside.measure(&model, &desk).await? } else { None } {
                    sums.validation = Some(found.loss);
                    let both = Plain::default().with("loss", found.loss).with("perplexity", found.perplexity());
                    told = told.with("validation", both);
                    tell = true;
                }
                let samples = Beside::due(samples, step.step);
                if let Some(text) = if samples { beside.sample(&model, &desk).await? } else { None } {
                    told = told.with("sample", text.as_str());
                    tell = true;
                }
                if Beside::due(wishes.checkpoint, step.step) {
                    put_all(&desk, &model, true).await?;
                }
                if tell {
                    desk.report(told.into()).await;
                } else {
                    desk.boundary().await;
                }
                desk.rested(); // before the step that comes
                last = milliseconds();
            }
            sums.steps = trainer.step();
            let labels = trainer.supply().map(|supply| supply.maker().labels().names().to_vec());
            let total = trainer.total();
            drop(trainer);
            if wishes.checkpoint.is_some_and(|every| !sums.steps.is_multiple_of(every)) {
                put_all(&desk, &model, true).await?;
            }
            let mut result = sums.result((milliseconds() - began) / 1e3, total);
            if let Some(labels) = labels {
                model.name_labels(&labels);
                result = result.with("config", model.config_json().to_string());
            }
            Ok(result.into())
        })
    }
}
