//! Losses over given logits other than the output layer's own: spans, regression, labels that do not exclude each other,
//! distillation. All are roots: `[logits, ..] -> [loss (1), each]`, with coefficients by row, and value and gradient in one go.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::distill::{self, DISTILL};
use crate::kernels::label_loss::{self, LABEL_LOSS};
use crate::kernels::span_loss::{self, SPAN_LOSS};
use crate::kernels::total::{self, TOTAL};
use crate::plan::Operand;
use crate::{bail, ensure};

/// A loss over logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogitLoss {
    /// `[logits (B, T, 2), spans (B, 2) u32, targets (B, 2) u32, coefficients (B, 2)]`: cross entropy of start and end over the
    /// places `first..end` of each row.
    Span,
    /// `[logits (.., L), targets (.., L), coefficients (R)]`: squares, summed over a row.
    Squares,
    /// `[logits (.., L), targets (.., L), coefficients (R)]`: binary cross entropy, summed over a row.
    Binary,
    /// `[student (.., V), teacher (.., V), coefficients (R)]`: `t² KL(teacher || student)` at temperature t.
    Distill {
        /// t.
        temperature: f32,
    },
}

impl LogitLoss {
    /// Where the gradient goes, and whether it is added to what is there; `None` for the value alone.
    fn lower(self, l: &mut Lowering<'_>, gradient: Option<(Operand, bool)>) -> Result<()> {
        let each = l.output(1);
        let terms = l.scratch(each.words);
        let (wanted, accumulate) = (gradient.is_some().into(), gradient.is_some_and(|(_, add)| add).into());
        let dlogits = gradient.map_or_else(|| l.scratch(1), |(dlogits, _)| dlogits);
        let shape = l.input_shape(0);
        let width = shape.last().copied().unwrap_or(1);
        let rows = each.words as u32;
        let mut bindings: Vec<Operand> = (0..l.inputs()).map(|input| l.input(input)).collect();
        bindings.extend([each, terms, dlogits]);
        match self {
            LogitLoss::Span => {
                let (rows, time) = (shape[0] as u32, shape[1] as u32);
                let params = span_loss::Params { rows, time, gradient: wanted, accumulate };
                l.launch(&SPAN_LOSS, &params, &[], &bindings);
            }
            LogitLoss::Squares | LogitLoss::Binary => {
                let binary = (self == LogitLoss::Binary).into();
                let params = label_loss::Params { rows, labels: width as u32, binary, gradient: wanted, accumulate };
                l.launch(&LABEL_LOSS, &params, &[], &bindings);
            }
            LogitLoss::Distill { temperature } => {
                let params = distill::Params { rows, vocab: width as u32, temperature, gradient: wanted, accumulate };
                l.launch(&DISTILL, &params, &[], &bindings);
            }
        }
        l.launch(&TOTAL, &total::Params { count: each.words as u32, accumulate: 0 }, &[], &[terms, l.output(0)]);
        Ok(())
    }
}

impl Op for LogitLoss {
    fn name(&self) -> &'static str {
        match self {
            LogitLoss::Span => "span_loss",
            LogitLoss::Squares => "squares",
            LogitLoss::Binary => "binary_cross_entropy",
            LogitLoss::Distill { .. } => "distill",
        }
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let name = self.name();
        if let LogitLoss::Span = self {
            let [&[rows, _, 2], spans, targets, coefficients] = *inputs else {
                bail!(Shape, "{name}: logits of (B, T, 2) and three tensors are wanted, got {inputs:?}");
            };
            for given in [spans, targets, coefficients] {
                ensure!(given == [rows, 2], Shape, "{name}: {given:?} where ({rows}, 2) is wanted");
            }
            return Ok(vec![vec![1], vec![rows, 2]]);
        }
        if let LogitLoss::Distill { temperature } = self {
            ensure!(*temperature > 0.0, BadOption, "{name}: a temperature of {temperature} is not above 0");
        }
        let [logits, targets, coefficients] = *inputs else {
            bail!(Internal, "{name}: takes three tensors, got {}", inputs.len());
        };
        let rows = logits.iter().product::<usize>() / logits.last().copied().unwrap_or(1).max(1);
        ensure!(rows > 0 && logits == targets, Shape, "{name}: {logits:?} against {targets:?}");
        ensure!(coefficients == [rows], Shape, "{name}: {rows} rows with coefficients of {coefficients:?}");
        Ok(vec![vec![1], vec![rows]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        (*self).lower(l, None)
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        if r.dout(0).is_some() || r.dout(1).is_some() {
            bail!(Unsupported, "{}: is a root; weigh its rows with the coefficients", self.name());
        }
        if !r.wants(0) {
            bail!(Unsupported, "{}: there is a gradient for the logits only", self.name());
        }
        let inputs: Vec<_> = (0..r.inputs()).map(|input| r.input(input)).collect();
        r.supersede(WithGradient(*self), &inputs, &[0])
    }
}

/// The loss with its gradient: `[.. as the loss] -> [loss, each, dlogits]`.
#[derive(Clone, Copy, Debug)]
struct WithGradient(LogitLoss);

impl Op for WithGradient {
    fn name(&self) -> &'static str {
        "loss_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "loss_gradient: its outputs are given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let dlogits = (l.output(2), l.accumulates(2));
        self.0.lower(l, Some(dlogits))
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, output: usize) -> bool {
        output == 2
    }
}
