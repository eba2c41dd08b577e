//! One training run, a step at a time: micro-batches to gradients, gradients to weights, a report.
//!
//! Comes in: a placed model, options, what to learn from. Goes out: new weights, and reports in order. A report may come a step
//! or two after its step, so that nobody waits for a GPU. The state of a run is a few numbers (`state.rs`), kept where the caller says
//! and true after every step: order, dropout and rates follow from it, so continuing equals never having stopped.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::feed::feed;
use super::options::{Options, Recompute, Rule};
use super::schedule::Schedule;
use super::state::State;
use super::trainable::Learning;
use crate::data::batch::Batch;
use crate::data::draft::Read;
use crate::data::row::Row;
use crate::data::supply::{Supply, Want};
use crate::device::{Readback, Signal, Slice};
use crate::error::{Context, Error, Kind, Result};
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

/// Where the state of a model's run is kept; none before its first.
pub type Keep = Rc<RefCell<Option<State>>>;

/// What is learned from.
#[derive(Debug)]
pub enum Source {
    /// Rows of a corpus.
    Rows(Box<Supply>),
    /// Batches in the order given, begun again at the end.
    Batches(Vec<Batch>),
}

impl Source {
    /// How many rows or batches one pass gives, where that is known.
    fn units(&self) -> Option<usize> {
        match self {
            Source::Rows(supply) => supply.rows(),
            Source::Batches(batches) => Some(batches.len()),
        }
    }
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
    /// The assembly with the run's dropout.
    model: Box<dyn Model>,
    gradients: Gradients,
    update: Stage,
    source: Source,
    keep: Keep,
    state: State,
    /// Rows or batches that the run takes in all, where its end is one of the data.
    limit: Option<u64>,
    gathered: Vec<Row>,
    pending: VecDeque<(Report, Readback)>,
    holds: Vec<usize>,
}

impl Trainer {
    /// Makes room for gradients and moments, and prepares the update. `rate` is the base rate where the options give none. With `goes_on`
    /// it begins where the state in `keep` stands, with the moments as they lie in the arenas.
    ///
    /// Fails with `bad-option` for options that make no sense or do not fit that state, `bad-input` where there is nothing to learn from or
    /// to go on from, `unsupported` for weights that do not learn.
    pub async fn new(
        placed: Rc<Placed>,
        options: Options,
        mut source: Source,
        rate: f64,
        keep: &Keep,
        goes_on: bool,
    ) -> Result<Trainer> {
        options.check()?;
        placed.store.learns()?;
        if let Source::Batches(batches) = &source {
            ensure!(!batches.is_empty(), BadInput, "train: no batches were given");
            let counted: usize = batches.iter().map(Batch::counted).sum();
            ensure!(counted > 0, BadInput, "train: every label of the batches is ignored");
        }
        let per_step = match &source {
            Source::Rows(_) => options.batch * options.accumulate,
            Source::Batches(_) => options.accumulate,
        };
        let (total, limit) = options.extent(source.units(), per_step)?;
        let before = keep.borrow().clone();
        let state = match (goes_on, before) {
            (true, Some(state)) => {
                state.fits(&options)?;
                let rate = options.optimizer.lr.unwrap_or(state.rate);
                State { total, rate, options: options.clone(), ..state }
            }
            (true, None) => {
                return Err(Error::new(Kind::BadInput, "train: continue: the model has no training state")
                    .hint("load it from files that were saved with { training: true }, or train without `continue`"));
            }
            (false, _) => State::begin(&options, total, options.optimizer.lr.unwrap_or(rate)),
        };
        if let Source::Rows(supply) = &mut source {
            supply.seek(state.cursor)?;
        }
        // Plans of an earlier run may hold buffers that are no longer those of the table.
        placed.stages.clear();
        let rule = rule(&options);
        let learning = Learning::new(options.trainable.as_deref(), &placed)?;
        let gradients = placed.store.gradients(|parameter| !learning.of(parameter).is_empty())?;
        placed.make_room(&gradients, rule.moments()).await?;
        if !goes_on {
            for moment in 1..=rule.moments() {
                let first = gradients.first() + moment * placed.store.arenas().len();
                (0..gradients.arenas().len()).try_for_each(|at| placed.arenas.clear(first + at))?;
            }
        }
        placed.arenas.ensure(placed.report(), 2 * NORM_AT, "report").await?;
        let plan = update_plan(&placed, &gradients, &learning, &options, rule)?;
        let update = Stage::new(&placed.arenas, plan, "optimizer").await?;
        let schedule = options.plan(total)?;
        let model = match options.dropout {
            Some(rate) => models::build(&placed.config.with_dropout(rate)),
            None => models::build(&placed.config),
        };
        *keep.borrow_mut() = Some(state.clone());
        Ok(Trainer {
            placed,
            options,
            schedule,
            model,
            gradients,
            update,
            source,
            keep: keep.clone(),
            state,
            limit,
            gathered: Vec::new(),
            pending: VecDeque::new(),
            holds: Vec::new(),
        })
    }

    /// Nothing runs ahead of steps that are multiples of `period`: when such a step is reported, weights and state are its own.
    pub fn hold_every(&mut self, period: usize) {
        self.holds.push(period.max(1));
    }

    /// Steps in all.
    pub fn total(&self) -> usize {
        self.schedule.total
    }

    /// Steps done, those of the run that this one goes on from included.
    pub fn step(&self) -> usize {
        self.state.step
    }

    /// What makes rows of documents, where texts are learned from.
    pub fn supply(&self) -> Option<&Supply> {
        match &self.source {
            Source::Rows(supply) => Some(supply),
            Source::Batches(_) => None,
        }
    }

    /// What the next step wants of the corpus before it can be taken.
    pub fn wants(&mut self) -> Result<Option<Want>> {
        let need = self.need();
        let Source::Rows(supply) = &mut self.source else { return Ok(None) };
        while self.gathered.len() < need {
            match supply.row()? {
                Some(row) => self.gathered.push(row),
                None => return Ok(supply.wants()),
            }
        }
        Ok(None)
    }

    /// Takes the next document, as the supply's maker read it, or none at the end of the corpus.
    pub fn give(&mut self, read: Option<Read>) -> Result<()> {
        match &mut self.source {
            Source::Rows(supply) => supply.give(read),
            Source::Batches(_) => bail!(Internal, "train: documents for batches"),
        }
    }

    /// Rows that the next step takes.
    fn need(&self) -> usize {
        if self.state.step >= self.total() {
            return 0;
        }
        let left = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.state.cursor));
        left.min((self.options.batch * self.options.accumulate) as u64) as usize
    }

    /// Where gradients lie; moments lie beside them.
    pub fn gradients(&self) -> &Gradients {
        &self.gradients
    }

    /// Takes one step, if any is left, and gives the oldest report that has come; `None` when the run is over.
    ///
    /// Fails with `non-finite` after too many steps without a finite gradient: the weights are those of the last good step.
    pub async fn advance(&mut self, signal: &Signal) -> Result<Option<Report>> {
        while self.state.step < self.total() && self.pending.len() < IN_FLIGHT && self.wants()?.is_none() {
            self.take_step(signal).await.context(|| format!("training step {}", self.state.step + 1))?;
            let held = self.holds.iter().any(|period| self.state.step.is_multiple_of(*period));
            // What the CPU computed has already come.
            if held || self.placed.arenas.device().software() {
                break;
            }
        }
        let Some((mut report, readback)) = self.pending.pop_front() else { return Ok(None) };
        let words = readback.words().await?;
        let number = |at: usize| words.get(at).map_or(f32::NAN, |&word| f32::from_bits(word));
        report.loss = number(0);
        report.norm = number(NORM_AT);
        report.skipped = number(NORM_AT + 2) == 0.0;
        self.state.skipped = if report.skipped { self.state.skipped + 1 } else { 0 };
        if let Some(kept) = self.keep.borrow_mut().as_mut() {
            kept.skipped = self.state.skipped;
        }
        if self.state.skipped >= PATIENCE {
            let message = format!(
                "training: {PATIENCE} steps in a row had a gradient that is not finite, the last of them step {}; the weights are those \
                 of the last good step",
                report.step
            );
            return Err(Error::new(Kind::NonFinite, message).hint("try a lower optimizer.lr"));
        }
        Ok(Some(report))
    }

    async fn take_step(&mut self, signal: &Signal) -> Result<()> {
        let (micros, taken) = self.micros()?;
        let step = self.state.step;
        let tokens: usize = micros.iter().map(Batch::counted).sum();
        let share = 1.0 / tokens.max(1) as f32;
        for place in 0..self.gradients.arenas().len() {
            self.placed.arenas.clear(self.gradients.first() + place)?;
        }
        self.placed.arenas.clear(self.placed.report())?;
        let live = Live::default().with(place::STEP, step as u32).with(place::SEED, self.options.seed);
        for (micro, batch) in micros.iter().enumerate() {
            let stage = self.stage(batch).await?;
            feed(&stage.0, &batch.padded(&stage.1), share)?;
            stage.0.play(&[live.with(place::MICRO, micro as u32)], signal).await?;
        }
        let rate = self.state.rate * self.schedule.share(step);
        let t = step as f64 + 1.0;
        let [b1, b2] = self.options.optimizer.betas;
        let correction = |beta: f64| (1.0 / (1.0 - crate::rng::exp(t * crate::rng::ln(beta)))) as f32;
        let live = live
            .with_f32(place::RATE, rate as f32)
            .with_f32(place::CORRECTION_1, correction(b1))
            .with_f32(place::CORRECTION_2, correction(b2));
        // From here on the step is whole, also when the future is dropped in the middle.
        self.state.step += 1;
        self.state.cursor += taken;
        self.gathered.clear();
        *self.keep.borrow_mut() = Some(self.state.clone());
        self.placed.changed();
        self.update.play_whole(&[live]).await?;
        let report = self.placed.arenas.buffer(self.placed.report())?;
        let readback = self.placed.arenas.device().read_later(&report, 0, NORM_AT + REPORT_WORDS)?;
        let report = Report { step: step + 1, loss: f32::NAN, rate, norm: f32::NAN, tokens, skipped: false };
        self.pending.push_back((report, readback));
        Ok(())
    }

    /// The micro-batches of the step that comes, and how many rows or batches they take of the data.
    fn micros(&self) -> Result<(Vec<Batch>, u64)> {
        match &self.source {
            Source::Rows(_) => {
                let rows = &self.gathered;
                ensure!(rows.len() == self.need(), Internal, "train: {} rows were gathered for a step", rows.len());
                Ok((rows.chunks(self.options.batch).map(Batch::of_rows).collect(), rows.len() as u64))
            }
            Source::Batches(batches) => {
                let from = self.state.cursor;
                let to = (from + self.options.accumulate as u64).min(self.limit.unwrap_or(u64::MAX));
                let at = |number: u64| batches[(number % batches.len() as u64) as usize].clone();
                Ok(((from..to).map(at).collect(), to - from))
            }
        }
    }

    /// The plan for a batch of this size: forward and backward.
    async fn stage(&self, batch: &Batch) -> Result<(Rc<Stage>, Shape)> {
        let recompute = self.options.recompute == Recompute::Blocks;
        let shape = Shape { recompute, ..batch.bucket(self.placed.config.context) };
        let key = format!("train {}x{} of {} segments {}", shape.batch, shape.time, shape.source, shape.segments);
        let placed = &self.placed;
        let smoothing = self.options.label_smoothing;
        let build = || gradient_plan(placed, &*self.model, &shape, Some(&self.gradients), &Mode::Train, smoothing);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        Ok((stage, shape))
    }
}

impl Drop for Trainer {
    /// Moments stay, for whoever saves them or goes on; gradients are of no more use.
    fn drop(&mut self) {
        self.placed.stages.clear();
        for place in 0..self.gradients.arenas().len() {
            self.placed.arenas.release(self.gradients.first() + place);
        }
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

/// How many moments a run with these options keeps for each weight.
pub fn moments(options: &Options) -> usize {
    rule(options).moments()
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
