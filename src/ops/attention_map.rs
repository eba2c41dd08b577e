//! Attention's probabilities as a tensor, for looking at; costs T x T numbers and is not what a model computes with.

use super::{Attention, Source};
use crate::ensure;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::attention_map::{ATTENTION_MAP, Params};

/// The inputs of an [`Attention`] `-> [probabilities (B, H, Tq, Tk)]`, before dropout; not over a cache.
#[derive(Clone, Debug)]
pub struct AttentionMap {
    /// Whose probabilities.
    pub of: Attention,
}

impl Op for AttentionMap {
    fn name(&self) -> &'static str {
        "attention map"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(self.of.source != Source::Cached, Unsupported, "attention map: is not drawn over a cache");
        self.of.check(inputs)?;
        Ok(vec![vec![inputs[0][0], self.of.heads, inputs[0][1], inputs[1][1]]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let bias = l.input(if self.of.bias { 3 } else { 2 });
        let bindings = [l.input(0), l.input(1), l.input(2), bias, l.output(0)];
        l.launch(&ATTENTION_MAP, &Params(self.of.params_of(l)), &[], &bindings);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("attention map")
    }
}
