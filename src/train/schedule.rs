//! The learning rate at each step, as a share of the base rate, computed in f64 with our own cosine.
//!
//! A linear warm-up from 0 (step 0) to 1 (step `warmup`), then one of five shapes. `min` is the share of the rate that
//! cosine and linear end at; the inverse square root is continuous at the end of the warm-up.

use crate::ensure;
use crate::error::Result;
use crate::rng::{cos, exp, ln};

/// What follows the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Half a cosine from 1 to `min`.
    Cosine,
    /// Stays at 1.
    Constant,
    /// A straight line from 1 to `min`.
    Linear,
    /// sqrt(warmup / step), as in the original transformer; from step 10,000 on where there is no warm-up.
    InverseSqrt,
    /// gamma to the power of the steps since the warm-up.
    Exponential {
        /// The factor of one step.
        gamma: f64,
    },
}

/// A schedule of `total` steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// What follows the warm-up.
    pub shape: Shape,
    /// Steps of the warm-up.
    pub warmup: usize,
    /// Steps in all.
    pub total: usize,
    /// The share that cosine and linear end at.
    pub min: f64,
}

impl Schedule {
    /// Steps of a warm-up given as steps, or under 1 as a share of `total`.
    pub fn warmup_steps(given: f64, total: usize) -> Result<usize> {
        ensure!(given.is_finite() && given >= 0.0, BadOption, "warmup: a number from 0 on is wanted, got {given}");
        Ok(if given < 1.0 { (given * total as f64).round() as usize } else { given.round() as usize })
    }

    /// The share of the base rate at optimiser step `step`, counted from 0.
    pub fn share(&self, step: usize) -> f64 {
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        let after = (step - self.warmup) as f64;
        let progress = (after / self.total.saturating_sub(self.warmup).max(1) as f64).min(1.0);
        let down_to_min = |share: f64| share * (1.0 - self.min) + self.min;
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Cosine => down_to_min((0.5 * (1.0 + cos(std::f64::consts::PI * progress))).max(0.0)),
            Shape::Linear => down_to_min(1.0 - progress),
            Shape::InverseSqrt => {
                let scale = if self.warmup > 0 { self.warmup as f64 } else { 10_000.0 };
                (scale / (after + scale)).sqrt()
            }
            Shape::Exponential { gamma } => exp(after * ln(gamma)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(name: &str) -> Vec<f64> {
        let text = include_str!("../../tests/golden/schedules/schedules.json");
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        all["schedules"][name]["lr"].as_array().unwrap().iter().map(|lr| lr.as_f64().unwrap()).collect()
    }

    fn agrees(name: &str, shape: Shape, warmup: usize, min: f64) {
        let schedule = Schedule { shape, warmup, total: 60, min };
        // Past the end the reference's cosine rises again; ours stays where it ended.
        for (step, expected) in golden(name).into_iter().enumerate().take(61) {
            let rate = 1e-3 * schedule.share(step);
            assert!((rate - expected).abs() < 1e-12, "{name}, step {step}: {rate}, expected {expected}");
        }
    }

    #[test]
    fn rates_are_those_of_the_reference() {
        agrees("cosine_with_warmup", Shape::Cosine, 8, 0.0);
        agrees("cosine_no_warmup", Shape::Cosine, 0, 0.0);
        agrees("cosine_with_min_lr", Shape::Cosine, 8, 0.1);
        agrees("linear", Shape::Linear, 8, 0.0);
        agrees("linear_no_warmup", Shape::Linear, 0, 0.0);
        agrees("inverse_sqrt", Shape::InverseSqrt, 8, 0.0);
        agrees("constant_with_warmup", Shape::Constant, 8, 0.0);
        agrees("exponential", Shape::Exponential { gamma: 0.95 }, 0, 0.0);
    }

    #[test]
    fn a_warmup_under_one_is_a_share() {
        assert_eq!(Schedule::warmup_steps(0.05, 200).unwrap(), 10);
        assert_eq!(Schedule::warmup_steps(8.0, 200).unwrap(), 8);
        assert!(Schedule::warmup_steps(f64::NAN, 200).is_err());
    }
}
