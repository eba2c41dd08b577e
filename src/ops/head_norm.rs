//! RMSNorm of the query and key heads of a packed tensor, as Qwen 3 and Gemma 3 have it. Backward is two launches.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::head_norm::{HEAD_NORM, HEAD_NORM_GRADIENT, HEAD_NORM_WEIGHTS, Params, WeightParams};
use crate::{bail, ensure};

/// `[packed (.., (H + 2K) D), queries (D), keys (D)] -> [packed]`; value heads pass.
#[derive(Clone, Copy, Debug)]
pub struct HeadNorm {
    /// H.
    pub heads: usize,
    /// K.
    pub kv_heads: usize,
    /// D.
    pub head: usize,
    /// Keeps the root from zero.
    pub eps: f32,
    /// The scale that counts is 1 + what is stored.
    pub unit_offset: bool,
}

impl HeadNorm {
    fn width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head
    }

    fn params(&self, words: usize) -> Params {
        Params {
            rows: (words / self.width()) as u32,
            heads: self.heads as u32,
            kv_heads: self.kv_heads as u32,
            head: self.head as u32,
            eps: self.eps,
            offset: if self.unit_offset { 1.0 } else { 0.0 },
            accumulate: 0,
            accumulate_queries: 0,
            accumulate_keys: 0,
        }
    }
}

impl Op for HeadNorm {
    fn name(&self) -> &'static str {
        "head_norm"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [packed, queries, keys] = inputs else {
            bail!(Internal, "head_norm: takes three tensors, got {}", inputs.len())
        };
        ensure!(self.width() > 0 && packed.last() == Some(&self.width()), Shape, "head_norm: {packed:?} for {self:?}");
        ensure!(*queries == [self.head] && *keys == [self.head], Shape, "head_norm: scales {queries:?} and {keys:?}");
        Ok(vec![packed.to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = self.params(l.input(0).words);
        l.launch(&HEAD_NORM, &params, &[], &[l.input(0), l.input(1), l.input(2), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(dy) = r.dout(0) else { return Ok(()) };
        let wants = [r.wants(0), r.wants(1), r.wants(2)];
        let targets: Vec<usize> = (0..3).filter(|&target| wants[target]).collect();
        r.give(Gradient { of: *self, wants }, &[r.input(0), r.input(1), r.input(2), dy], &targets)
    }
}

/// `[packed, queries, keys, dy] -> [dpacked?, dqueries?, dkeys?]`.
#[derive(Clone, Copy, Debug)]
struct Gradient {
    of: HeadNorm,
    wants: [bool; 3],
}

impl Op for Gradient {
    fn name(&self) -> &'static str {
        "head_norm_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "head_norm_gradient: its outputs are given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, dy) = (l.input(0), l.input(3));
        let mut outputs = [None; 3];
        let mut at = 0;
        for (output, wanted) in outputs.iter_mut().zip(self.wants) {
            if wanted {
                *output = Some((l.output(at), l.accumulates(at)));
                at += 1;
            }
        }
        let heads = self.of.head;
        let [dx, dqueries, dkeys] = outputs;
        let mut params = self.of.params(x.words);
        let stats = l.scratch(params.rows as usize * params.across());
        let adds = |output: Option<(_, bool)>| u32::from(output.is_some_and(|(_, adds)| adds));
        (params.accumulate, params.accumulate_queries, params.accumulate_keys) =
            (adds(dx), adds(dqueries), adds(dkeys));
        let to_x = dx.map_or_else(|| l.scratch(x.words), |(output, _)| output);
        l.launch(&HEAD_NORM_GRADIENT, &params, &[], &[x, l.input(1), l.input(2), dy, to_x, stats]);
        if dqueries.is_some() || dkeys.is_some() {
            let to_queries = dqueries.map_or_else(|| l.scratch(heads), |(output, _)| output);
            let to_keys = dkeys.map_or_else(|| l.scratch(heads), |(output, _)| output);
            l.launch(&HEAD_NORM_WEIGHTS, &WeightParams(params), &[], &[x, dy, stats, to_queries, to_keys]);
        }
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("head_norm_gradient")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
