//! From gradients to new weights: the norm of all gradients, then one step over each stretch of weights.
//!
//! Both write into stores and have no gradient. The first gives the report (norm, scale, finite) that the second reads, so that
//! clipping needs no read-back, and a gradient that is not finite moves nothing.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::adam::{self, ADAM};
use crate::kernels::gradient_norm::{CHUNK, Finish, GRADIENT_NORM, GRADIENT_NORM_FINISH, Params, REPORT_WORDS};
use crate::kernels::sgd::{self, SGD};
use crate::{bail, ensure};

/// `[gradients (N) ...] -> [report (3)]`.
#[derive(Clone, Copy, Debug)]
pub struct GradientNorm {
    /// The largest norm; `None` clips nothing.
    pub clip: Option<f32>,
}

impl Op for GradientNorm {
    fn name(&self) -> &'static str {
        "gradient_norm"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(!inputs.is_empty(), Shape, "gradient_norm: no gradients");
        Ok(vec![vec![REPORT_WORDS]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let parts: Vec<_> = (0..l.inputs()).flat_map(|i| bindable(l.input(i), l.limits().binding_words)).collect();
        // Each part's sums start where a binding may start.
        let room = |words: usize| words.div_ceil(CHUNK).next_multiple_of(crate::device::ALIGNMENT);
        let sums = l.scratch(parts.iter().map(|part| room(part.words)).sum());
        let clear = crate::kernels::fill::Params { count: sums.words as u32 };
        l.launch(&crate::kernels::fill::FILL, &clear, &[], &[sums]);
        let mut at = 0;
        for part in parts {
            let params = Params { count: part.words as u32, clip: 0.0 };
            l.launch(&GRADIENT_NORM, &params, &[], &[part, sums.part(at, room(part.words))]);
            at += room(part.words);
        }
        let params = Finish { count: sums.words as u32, clip: self.clip.unwrap_or(0.0) };
        let report = l.output(0);
        l.launch(&GRADIENT_NORM_FINISH, &params, &[], &[sums, report]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}

/// Which rule, with its numbers.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Adam; decay apart from the gradient makes it AdamW.
    Adam {
        /// How much of mean and mean square is kept.
        betas: [f32; 2],
        /// Keeps the division away from zero.
        eps: f32,
        /// Decay apart.
        apart: bool,
    },
    /// Gradient descent.
    Sgd {
        /// How much of the last movement goes on.
        momentum: f32,
    },
}

impl Rule {
    /// How many moments the rule keeps for each weight.
    pub fn moments(self) -> usize {
        match self {
            Rule::Adam { .. } => 2,
            Rule::Sgd { .. } => 1,
        }
    }
}

/// `[gradients (N), report (3)] -> [weights (N), moments (N) ...]`, written in place.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The rule.
    pub rule: Rule,
    /// Weight decay per unit of rate.
    pub decay: f32,
}

impl Op for Update {
    fn name(&self) -> &'static str {
        "update"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        match inputs {
            [g, [REPORT_WORDS]] => Ok(vec![g.to_vec(); 1 + self.rule.moments()]),
            _ => bail!(Shape, "update: gradients and a report of {REPORT_WORDS} are wanted, got {inputs:?}"),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let most = l.limits().binding_words;
        let report = l.input(1);
        let gradients = bindable(l.input(0), most);
        for (at, g) in gradients.into_iter().enumerate() {
            let part = |l: &Lowering<'_>, output: usize| bindable(l.output(output), most)[at];
            let count = g.words as u32;
            match self.rule {
                Rule::Adam { betas: [beta1, beta2], eps, apart } => {
                    let params = adam::Params { count, beta1, beta2, eps, decay: self.decay, apart: apart.into() };
                    l.launch(&ADAM, &params, &[], &[g, report, part(l, 0), part(l, 1), part(l, 2)]);
                }
                Rule::Sgd { momentum } => {
                    let params = sgd::Params { count, momentum, decay: self.decay };
                    l.launch(&SGD, &params, &[], &[g, report, part(l, 0), part(l, 1)]);
                }
            }
        }
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}

/// An operand in parts that the device can bind.
fn bindable(whole: crate::plan::Operand, most: usize) -> Vec<crate::plan::Operand> {
    let most = (most - most % crate::device::ALIGNMENT).min(1 << 30);
    let starts = (0..whole.words).step_by(most.max(crate::device::ALIGNMENT));
    starts.map(|at| whole.part(at, most.min(whole.words - at))).collect()
}
