//! One training run, a step at a time: micro-batches to gradients, gradients to weights, a report.
//!
//! Comes in: a placed model, options, what to learn from. Goes out: new weights, and reports in order. A report may come a step
//! or two after its step, so that nobody waits for a GPU. The state of a run is its step number alone: order, dropout and rates follow
//! from it, so continuing equals never having stopped.

use std::collections::VecDeque;
use std::rc::Rc;

use super::feed::feed;
use super::options::{Options, Rule};
use super::schedule::Schedule;
use super::trainable::Learning;
use crate::data::batch::Batch;
use crate::data::windows::{Windows, order};
use crate::device::{Readback, Signal, Slice};
use crate::error::{Context, Result};
use crate::graph::Graph;
use crate::kernels::gradient_norm::REPORT_WORDS;
use crate::kernels::{Live, place};
use crate::models::{self, Gradients, Model, Placed};
use crate::nn::{Mode, Shape};
use crate::ops::{self, GradientNorm, Update};
use crate::plan::{Plan, Stage};
use crate::{bail, ensure};

/// Words of the report buffer: the loss, and from here on what the gradient norm gives.
const NORM_AT: usize = 64;

/// Reports under way at most.
const IN_FLIGHT: usize = 2;

/// Steps with a gradient that is not finite, one after the other, until the run gives up.
const PATIENCE: usize = 10;

/// What is learned from.
#[derive(Debug)]
pub enum Source {
    /// Rows cut from documents, in an order that the seed and the epoch give.
    Packed(Windows),
    /// Batches in the order given, begun again at the end.
    Batches(Vec<Batch>),
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The step's number, from 1.
    pub step: usize,
    /// The mean loss of its tokens, before the update.
    pub loss: f32,
    /// The learning rate.
    pub rate: f64,
    /// The norm of all gradients, before clipping.
    pub norm: f32,
    /// Tokens that were predicted.
    pub tokens: usize,
    /// The gradient was not finite: nothing was changed.
    pub skipped: bool,
}

/// A run.
#[derive(Debug)]
pub struct Trainer {
    placed: Rc<Placed>,
    options: Options,
    schedule: Schedule,
    rate: f64,
    /// The assembly with the run's dropout.
    model: Box<dyn Model>,
    gradients: Gradients,
    update: Stage,
    source: Source,
    step: usize,
    epoch: Option<(usize, Vec<u32>)>,
    pending: VecDeque<(Report, Readback)>,
    skipped: usize,
}

impl Trainer {
    /// Makes room for gradients and moments, and prepares the update. `rate` is the base rate where the options give none.
    ///
    /// Fails with `bad-option` for options that make no sense, `bad-input` where there is nothing to learn from.
    pub async fn new(placed: Rc<Placed>, options: Options, source: Source, rate: f64) -> Result<Trainer> {
        options.check()?;
        match &source {
            Source::Packed(windows) => windows.check()?,
            Source::Batches(batches) => {
                ensure!(!batches.is_empty(), BadInput, "train: no batches were given");
                let counted: usize = batches.iter().map(Batch::counted).sum();
                ensure!(counted > 0, BadInput, "train: every label of the batches is ignored");
            }
        }
        let rule = rule(&options);
        let learning = Learning::new(options.trainable.as_deref(), &placed)?;
        let gradients = placed.store.gradients(|parameter| !learning.of(parameter).is_empty())?;
        placed.make_room(&gradients, rule.moments()).await?;
        placed.arenas.ensure(placed.report(), 2 * NORM_AT, "report").await?;
        let plan = update_plan(&placed, &gradients, &learning, &options, rule)?;
        let update = Stage::new(&placed.arenas, plan, "optimizer").await?;
        let total = match &source {
            Source::Packed(windows) => options.total(windows.rows()),
            Source::Batches(batches) => match (options.steps, options.epochs) {
                (Some(steps), _) => steps,
                (None, epochs) => {
                    ((batches.len() as f64 * epochs.unwrap_or(1.0)) / options.accumulate as f64).ceil() as usize
                }
            },
        };
        let schedule = options.plan(total)?;
        let model = match options.dropout {
            Some(rate) => models::build(&placed.config.with_dropout(rate)),
            None => models::build(&placed.config),
        };
        let rate = options.optimizer.lr.unwrap_or(rate);
        Ok(Trainer {
            placed,
            options,
            schedule,
            rate,
            model,
            gradients,
            update,
            source,
            step: 0,
            epoch: None,
            pending: VecDeque::new(),
            skipped: 0,
        })
    }

    /// Steps in all.
    pub fn total(&self) -> usize {
        self.schedule.total
    }

    /// Steps done.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Goes on after `step` steps, with the moments as they lie in the arenas.
    pub fn resume(&mut self, step: usize) {
        self.step = step;
    }

    /// Where gradients lie; moments lie beside them.
    pub fn gradients(&self) -> &Gradients {
        &self.gradients
    }

    /// Takes one step, if any is left, and gives the oldest report that has come; `None` when the run is over.
    ///
    /// Fails with `non-finite` after too many steps without a finite gradient: the weights are those of the last good step.
    pub async fn advance(&mut self, signal: &Signal) -> Result<Option<Report>> {
        while self.step < self.total() && self.pending.len() < IN_FLIGHT {
            self.take_step(signal).await.context(|| format!("training step {}", self.step + 1))?;
            // What the CPU computed has already come.
            if self.placed.arenas.device().software() {
                break;
            }
        }
        let Some((mut report, readback)) = self.pending.pop_front() else { return Ok(None) };
        let words = readback.words().await?;
        let number = |at: usize| words.get(at).map_or(f32::NAN, |&word| f32::from_bits(word));
        report.loss = number(0);
        report.norm = number(NORM_AT);
        report.skipped = number(NORM_AT + 2) == 0.0;
        self.skipped = if report.skipped { self.skipped + 1 } else { 0 };
        if self.skipped >= PATIENCE {
            bail!(
                NonFinite,
                "training: {PATIENCE} steps in a row had a gradient that is not finite, the last of them step {}; the weights are \
                 those of the last good step",
                report.step
            );
        }
        Ok(Some(report))
    }

    async fn take_step(&mut self, signal: &Signal) -> Result<()> {
        let micros: Vec<Batch> = (0..self.options.accumulate).map(|micro| self.batch(micro)).collect::<Result<_>>()?;
        let tokens: usize = micros.iter().map(Batch::counted).sum();
        let share = 1.0 / tokens.max(1) as f32;
        for place in 0..self.gradients.arenas().len() {
            self.placed.arenas.clear(self.gradients.first() + place)?;
        }
        self.placed.arenas.clear(self.placed.report())?;
        let live = Live::default().with(place::STEP, self.step as u32).with(place::SEED, self.options.seed);
        for (micro, batch) in micros.iter().enumerate() {
            let stage = self.stage(batch).await?;
            feed(&stage.0, &batch.padded(&stage.1), share)?;
            stage.0.play(&[live.with(place::MICRO, micro as u32)], signal).await?;
        }
        let rate = self.rate * self.schedule.share(self.step);
        let t = self.step as f64 + 1.0;
        let [b1, b2] = self.options.optimizer.betas;
        let correction = |beta: f64| (1.0 / (1.0 - crate::rng::exp(t * crate::rng::ln(beta)))) as f32;
        let live = live
            .with_f32(place::RATE, rate as f32)
            .with_f32(place::CORRECTION_1, correction(b1))
            .with_f32(place::CORRECTION_2, correction(b2));
        // From here on the step is whole, also when the future is dropped in the middle.
        self.step += 1;
        self.update.play_whole(&[live]).await?;
        let report = self.placed.arenas.buffer(self.placed.report())?;
        let readback = self.placed.arenas.device().read_later(&report, 0, NORM_AT + REPORT_WORDS)?;
        let report = Report { step: self.step, loss: f32::NAN, rate, norm: f32::NAN, tokens, skipped: false };
        self.pending.push_back((report, readback));
        Ok(())
    }

    /// The batch of micro-batch `micro` of the step that comes.
    fn batch(&mut self, micro: usize) -> Result<Batch> {
        let number = self.step * self.options.accumulate + micro;
        let windows = match &self.source {
            Source::Batches(batches) => return Ok(batches[number % batches.len()].clone()),
            Source::Packed(windows) => windows,
        };
        let mut rows = Vec::with_capacity(self.options.batch);
        for row in number * self.options.batch..(number + 1) * self.options.batch {
            let epoch = row / windows.rows();
            if self.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
                let order = order(windows.rows(), epoch, self.options.seed.into(), self.options.shuffle);
                self.epoch = Some((epoch, order));
            }
            let Some((_, order)) = &self.epoch else { bail!(Internal, "train: no order") };
            rows.push(windows.row(order[row % windows.rows()] as usize));
        }
        Ok(Batch::of_rows(&rows))
    }

    /// The plan for a batch of this size: forward and backward.
    async fn stage(&self, batch: &Batch) -> Result<(Rc<Stage>, Shape)> {
        let shape = batch.bucket(self.placed.config.context);
        let key = format!(
            "train {}x{} of {} segments {} smoothing {} dropout {:?} trainable {:?}",
            shape.batch,
            shape.time,
            shape.source,
            shape.segments,
            self.options.label_smoothing,
            self.options.dropout,
            self.options.trainable
        );
        let placed = &self.placed;
        let smoothing = self.options.label_smoothing;
        let build = || gradient_plan(placed, &*self.model, &shape, Some(&self.gradients), &Mode::Train, smoothing);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        Ok((stage, shape))
    }
}

fn rule(options: &Options) -> ops::Rule {
    let Options { optimizer, .. } = options;
    let betas = optimizer.betas.map(|beta| beta as f32);
    match optimizer.rule {
        Rule::AdamW => ops::Rule::Adam { betas, eps: optimizer.eps, apart: true },
        Rule::Adam => ops::Rule::Adam { betas, eps: optimizer.eps, apart: false },
        Rule::Sgd => ops::Rule::Sgd { momentum: optimizer.momentum },
    }
}

/// Loss, and with `gradients` the way back. The loss is added to the report.
pub fn gradient_plan(
    placed: &Placed,
    model: &dyn Model,
    shape: &Shape,
    gradients: Option<&Gradients>,
    mode: &Mode,
    smoothing: f32,
) -> Result<Plan> {
    let mut graph = Graph::new();
    let weights = placed.store.weights(&mut graph, gradients);
    let outputs = model.forward(&mut graph, &weights, shape, mode)?;
    let (loss, _) = model.loss(&mut graph, &weights, shape, mode, &outputs, smoothing)?;
    if gradients.is_some() {
        graph.backward(&[(loss, None)])?;
    }
    let report = graph.state("report", &[1], Slice { buffer: placed.report(), offset: 0, words: 1 });
    graph.add_into(loss, report)?;
    graph.plan(placed.arenas.places(), placed.arenas.device().limits())
}

fn update_plan(
    placed: &Placed,
    gradients: &Gradients,
    learning: &Learning,
    options: &Options,
    rule: ops::Rule,
) -> Result<Plan> {
    let all = options.optimizer.decay == super::options::Decay::All;
    let runs = placed.store.runs(gradients, |parameter| learning.of(parameter), |parameter| all || parameter.decay);
    let mut graph = Graph::new();
    let mut stretches = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        stretches.push(graph.state(&format!("gradient {at}"), &[run.gradient.words], run.gradient));
    }
    let report = Slice { buffer: placed.report(), offset: NORM_AT, words: REPORT_WORDS };
    let report = graph.state("norm", &[REPORT_WORDS], report);
    graph.apply_into(GradientNorm { clip: options.clip() }, &stretches, &[report], &[false]);
    for (run, &gradient) in runs.iter().zip(&stretches) {
        let words = [run.gradient.words];
        let mut outputs = vec![graph.state("weights", &words, run.weight)];
        let moments = [placed.first_moments(run.gradient), placed.second_moments(run.gradient)];
        for &home in moments.iter().take(rule.moments()) {
            outputs.push(graph.state("moments", &words, home));
        }
        let accumulate = vec![true; outputs.len()];
        let decay = if run.decay { options.optimizer.weight_decay } else { 0.0 };
        graph.apply_into(Update { rule, decay }, &[gradient, report], &outputs, &accumulate);
    }
    graph.plan(placed.arenas.places(), placed.arenas.device().limits())
}
