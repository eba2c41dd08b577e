//! What a caller may choose about training, with the defaults of the public API.
//!
//! Every option is honoured or refused by name; nothing is accepted and ignored.

use serde::{Deserialize, Serialize};

use super::schedule::{Schedule, Shape};
use crate::bail;
use crate::data::masked::Masking;
use crate::data::objective::Objective;
use crate::data::spans::Spans;
use crate::ensure;
use crate::error::Result;

/// Options of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// Optimiser steps; this or `epochs` is required.
    pub steps: Option<usize>,
    /// Passes over the corpus.
    pub epochs: Option<f64>,
    /// Rows of a batch.
    pub batch: usize,
    /// Tokens of a row; the model's context where absent.
    pub context: Option<usize>,
    /// Micro-batches whose gradients add up to one step.
    pub accumulate: usize,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// The learning rate over time.
    pub schedule: Timing,
    /// Replaces all of the config's dropout rates.
    pub dropout: Option<f32>,
    /// Share of the target's probability that is spread over the vocabulary.
    pub label_smoothing: f32,
    /// Patterns of names of parameters that learn; all where absent.
    pub trainable: Option<Vec<String>>,
    /// What is learned from texts and examples; what the model is for where absent.
    pub objective: Option<Objective>,
    /// Of masked tokens.
    pub masking: Option<Masking>,
    /// Of corrupted spans.
    pub spans: Option<Spans>,
    /// Whether rows may run from one document into the next.
    pub cross_documents: Option<bool>,
    /// Seed of order, dropout and samples.
    pub seed: u32,
    /// Whether rows are visited in a random order.
    pub shuffle: bool,
    /// What runs again on the way back, so that less is kept.
    pub recompute: Recompute,
}

/// What runs again on the way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recompute {
    /// Nothing: all is kept.
    #[default]
    None,
    /// Each block: only what goes into it is kept.
    Blocks,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            steps: None,
            epochs: None,
            batch: 8,
            context: None,
            accumulate: 1,
            optimizer: Optimizer::default(),
            schedule: Timing::default(),
            dropout: None,
            label_smoothing: 0.0,
            trainable: None,
            objective: None,
            masking: None,
            spans: None,
            cross_documents: None,
            seed: 0,
            shuffle: true,
            recompute: Recompute::None,
        }
    }
}

/// Which rule turns gradients into steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Decay apart from the gradient (Loshchilov and Hutter 2019).
    #[default]
    AdamW,
    /// Decay as part of the gradient (Kingma and Ba 2015).
    Adam,
    /// Stochastic gradient descent, with momentum if any.
    Sgd,
}

/// Which parameters decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// Matrices and tables; not biases, not norms.
    #[default]
    Matrices,
    /// All.
    All,
}

/// The largest norm of all gradients together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Clip {
    /// Scaled down to this norm.
    Norm(f32),
    /// `false`: never scaled.
    Flag(bool),
}

/// The optimiser's numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Optimizer {
    /// The rule.
    #[serde(rename = "type")]
    pub rule: Rule,
    /// The base rate; 1e-3 for a created model, 5e-5 for a loaded one, where absent.
    pub lr: Option<f64>,
    /// How much of the mean and of the mean square is kept each step.
    pub betas: [f64; 2],
    /// Keeps the division away from zero.
    pub eps: f32,
    /// Of `sgd`.
    pub momentum: f32,
    /// Decay of weights, per unit of rate.
    pub weight_decay: f32,
    /// Which parameters decay.
    pub decay: Decay,
    /// Clipping by the global norm.
    pub clip: Clip,
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer {
            rule: Rule::AdamW,
            lr: None,
            betas: [0.9, 0.95],
            eps: 1e-8,
            momentum: 0.0,
            weight_decay: 0.1,
            decay: Decay::Matrices,
            clip: Clip::Norm(1.0),
        }
    }
}

/// The name of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Half a cosine.
    #[default]
    Cosine,
    /// No change.
    Constant,
    /// A straight line.
    Linear,
    /// One over the square root of the step.
    InverseSqrt,
    /// A factor each step.
    Exponential,
}

/// The learning rate over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Timing {
    /// The shape after the warm-up.
    #[serde(rename = "type")]
    pub form: Form,
    /// Steps; under 1 a share of all steps.
    pub warmup: f64,
    /// The share of the rate that cosine and linear end at.
    pub min: f64,
    /// The factor of one step, of `exponential`.
    pub gamma: Option<f64>,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { form: Form::Cosine, warmup: 0.05, min: 0.1, gamma: None }
    }
}

impl Options {
    /// Fails with `bad-option` for numbers that make no sense.
    pub fn check(&self) -> Result<()> {
        let Optimizer { betas, eps, momentum, weight_decay, lr, clip, rule, .. } = &self.optimizer;
        ensure!(self.steps.is_some() || self.epochs.is_some(), BadOption, "train: steps or epochs is required");
        ensure!(self.steps != Some(0), BadOption, "train: steps: at least 1 is wanted");
        let epochs = self.epochs.unwrap_or(1.0);
        ensure!(epochs > 0.0 && epochs.is_finite(), BadOption, "train: epochs: more than 0 is wanted, got {epochs}");
        ensure!((1..=65_536).contains(&self.batch), BadOption, "train: batch: 1 to 65536, got {}", self.batch);
        ensure!(
            (1..=65_536).contains(&self.accumulate),
            BadOption,
            "train: accumulate: 1 to 65536, got {}",
            self.accumulate
        );
        ensure!(self.context != Some(0), BadOption, "train: context: at least 1 is wanted");
        for beta in betas {
            ensure!((0.0..1.0).contains(beta), BadOption, "train: optimizer.betas: from 0 to below 1, got {beta}");
        }
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        ensure!(lr.is_none_or(positive), BadOption, "train: optimizer.lr: a number from 0 on is wanted");
        ensure!(*eps > 0.0 && eps.is_finite(), BadOption, "train: optimizer.eps: more than 0 is wanted, got {eps}");
        ensure!(
            positive((*weight_decay).into()),
            BadOption,
            "train: optimizer.weightDecay: from 0 on, got {weight_decay}"
        );
        ensure!(
            (0.0..1.0).contains(momentum),
            BadOption,
            "train: optimizer.momentum: from 0 to below 1, got {momentum}"
        );
        ensure!(*momentum == 0.0 || *rule == Rule::Sgd, BadOption, "train: optimizer.momentum belongs to type sgd");
        match clip {
            Clip::Norm(norm) => {
                ensure!(*norm > 0.0, BadOption, "train: optimizer.clip: more than 0 is wanted, got {norm}")
            }
            Clip::Flag(on) => ensure!(!on, BadOption, "train: optimizer.clip: a norm or false is wanted, got true"),
        }
        let rates = [("dropout", self.dropout.unwrap_or(0.0)), ("labelSmoothing", self.label_smoothing)];
        for (name, rate) in rates {
            ensure!((0.0..1.0).contains(&rate), BadOption, "train: {name}: from 0 to below 1, got {rate}");
        }
        ensure!(
            (0.0..=1.0).contains(&self.schedule.min),
            BadOption,
            "train: schedule.min: 0 to 1, got {}",
            self.schedule.min
        );
        if let Some(masking) = &self.masking {
            masking.check()?;
        }
        if let Some(spans) = &self.spans {
            spans.check()?;
        }
        let exponential = self.schedule.form == Form::Exponential;
        ensure!(
            exponential == self.schedule.gamma.is_some(),
            BadOption,
            "train: schedule.gamma belongs to type exponential, which needs it"
        );
        let gamma = self.schedule.gamma.unwrap_or(1.0);
        ensure!(gamma > 0.0 && gamma <= 1.0, BadOption, "train: schedule.gamma: above 0 and up to 1, got {gamma}");
        Ok(())
    }

    /// Optimiser steps, and how many rows or batches they take where the end is one of the data. `units` is how many of them
    /// one pass gives, `per_step` how many a step takes. The last step takes what is left of an epoch, or of a part of one.
    pub fn extent(&self, units: Option<usize>, per_step: usize) -> Result<(usize, Option<u64>)> {
        let Some(epochs) = self.epochs else { return Ok((self.steps.unwrap_or(0), None)) };
        let Some(units) = units else { bail!(Internal, "train: epochs of a corpus that was not counted") };
        let limit = (units as f64 * epochs).round().max(1.0) as u64;
        let steps = limit.div_ceil(per_step.max(1) as u64) as usize;
        Ok((self.steps.map_or(steps, |most| most.min(steps)), Some(limit)))
    }

    /// An option among those given that has a meaning only where rows are made of texts.
    pub fn texts_only(&self) -> Option<&'static str> {
        let given = [
            ("objective", self.objective.is_some()),
            ("masking", self.masking.is_some()),
            ("spans", self.spans.is_some()),
            ("crossDocuments", self.cross_documents.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// The schedule over `total` steps.
    pub fn plan(&self, total: usize) -> Result<Schedule> {
        let shape = match self.schedule.form {
            Form::Cosine => Shape::Cosine,
            Form::Constant => Shape::Constant,
            Form::Linear => Shape::Linear,
            Form::InverseSqrt => Shape::InverseSqrt,
            Form::Exponential => Shape::Exponential { gamma: self.schedule.gamma.unwrap_or(1.0) },
        };
        Ok(Schedule {
            shape,
            warmup: Schedule::warmup_steps(self.schedule.warmup, total)?,
            total,
            min: self.schedule.min,
        })
    }

    /// The norm to clip at, if any.
    pub fn clip(&self) -> Option<f32> {
        match self.optimizer.clip {
            Clip::Norm(norm) => Some(norm),
            Clip::Flag(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> serde_json::Result<Options> {
        serde_json::from_str(text)
    }

    #[test]
    fn defaults_are_those_of_the_public_api() {
        let options = from(r#"{"steps": 10}"#).unwrap();
        assert_eq!(options, Options { steps: Some(10), ..Options::default() });
        assert!(options.check().is_ok());
        assert_eq!((options.batch, options.optimizer.betas, options.clip()), (8, [0.9, 0.95], Some(1.0)));
    }

    #[test]
    fn unknown_options_are_refused_by_name() {
        assert!(from(r#"{"steps": 1, "optimizer": {"rate": 1}}"#).unwrap_err().to_string().contains("`rate`"));
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        for text in [
            "{}",
            r#"{"steps": 0}"#,
            r#"{"steps": 1, "batch": 0}"#,
            r#"{"steps": 1, "optimizer": {"betas": [1, 0.9]}}"#,
            r#"{"steps": 1, "optimizer": {"clip": true}}"#,
            r#"{"steps": 1, "optimizer": {"momentum": 0.9}}"#,
            r#"{"steps": 1, "schedule": {"type": "exponential"}}"#,
            r#"{"steps": 1, "schedule": {"gamma": 0.9}}"#,
            r#"{"steps": 1, "dropout": 1}"#,
        ] {
            assert_eq!(from(text).unwrap().check().unwrap_err().code(), "bad-option", "{text}");
        }
    }

    #[test]
    fn epochs_become_steps_and_the_last_takes_what_is_left() {
        let options = Options { epochs: Some(2.0), ..Options::default() };
        assert_eq!(options.extent(Some(9), 8).unwrap(), (3, Some(18)));
        assert_eq!(Options { steps: Some(2), ..options.clone() }.extent(Some(9), 8).unwrap(), (2, Some(18)));
        assert_eq!(Options { epochs: Some(0.5), ..options }.extent(Some(9), 8).unwrap(), (1, Some(5)));
        assert_eq!(Options { steps: Some(7), ..Options::default() }.extent(None, 8).unwrap(), (7, None));
    }
}
