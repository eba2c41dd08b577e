//! The three steps of attention's gradient as nodes: delta, keys and values, queries; and the bias by distance, apart.
//!
//! Probabilities are made again from the log-sum-exp; nothing of size T x T is kept.

use super::attention::Attention;
use crate::bail;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::attention::Params;
use crate::kernels::attention_bias::{self, ATTENTION_BIAS};
use crate::kernels::attention_delta::{self, ATTENTION_DELTA};
use crate::kernels::attention_keys::{self, ATTENTION_KEYS};
use crate::kernels::attention_queries::{self, ATTENTION_QUERIES};

/// `[out, dout, lse] -> [stats (B, H, Tq, 2)]`.
#[derive(Debug)]
pub(super) struct Delta {
    pub(super) heads: usize,
    pub(super) head: usize,
}

impl Op for Delta {
    fn name(&self) -> &'static str {
        "delta"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        match inputs {
            [out, dout, [batch, heads, queries]] if out == dout => Ok(vec![vec![*batch, *heads, *queries, 2]]),
            _ => bail!(Internal, "delta: {inputs:?}"),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let shape = l.input_shape(0);
        let params = attention_delta::Params {
            batch: shape[0] as u32,
            heads: self.heads as u32,
            head: self.head as u32,
            queries: shape[1] as u32,
        };
        l.launch(&ATTENTION_DELTA, &params, &[], &[l.input(0), l.input(1), l.input(2), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("delta")
    }
}

/// What a backward node computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The gradient of keys and values.
    Keys,
    /// The gradient of queries.
    Queries,
    /// Both, in one packed tensor.
    Both,
    /// The gradient of the bias by distance.
    Bias,
}

/// Inputs of the attention, then dout and stats; one output, the gradient of what the part says.
#[derive(Debug)]
pub(super) struct Backward {
    pub(super) of: Attention,
    pub(super) part: Part,
}

impl Op for Backward {
    fn name(&self) -> &'static str {
        "backward"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "backward: writes into given gradients, called with {inputs:?}")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = Params { accumulate: l.accumulates(0).into(), ..self.of.params_of(l) };
        let bias = l.input(if self.of.bias { 3 } else { 2 });
        let (dout, stats) = (l.input(l.inputs() - 2), l.input(l.inputs() - 1));
        let bindings = [l.input(0), l.input(1), l.input(2), bias, dout, stats, l.output(0)];
        let head = self.of.constants();
        if self.part == Part::Keys || self.part == Part::Both {
            l.launch(&ATTENTION_KEYS, &attention_keys::Params(params), &head, &bindings);
        }
        if self.part == Part::Queries || self.part == Part::Both {
            l.launch(&ATTENTION_QUERIES, &attention_queries::Params(params), &head, &bindings);
        }
        if self.part == Part::Bias {
            l.launch(&ATTENTION_BIAS, &attention_bias::Params(params), &[], &bindings);
        }
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("backward of attention")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
