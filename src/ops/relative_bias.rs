//! T5's table of buckets spread over distances, once for all layers that share it; see [`crate::kernels::relative_bias`].
//!
//! Layers add their gradients up over distances, and one launch gathers them back into the table.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::relative_bias::{GradientParams, Params, RELATIVE_BIAS, RELATIVE_BIAS_GRADIENT};
use crate::{bail, ensure};

/// `[table (buckets, H)] -> [bias (H, 2R - 1)]`.
#[derive(Clone, Copy, Debug)]
pub struct RelativeBias {
    /// Keys after the query have half of the buckets; without it they share that of distance 0.
    pub bidirectional: bool,
    /// Rows of the table.
    pub buckets: usize,
    /// From this distance on all keys share one bucket.
    pub farthest: usize,
    /// R: the longest row of queries or keys that the bias will serve; with a cache its capacity.
    pub reach: usize,
}

impl RelativeBias {
    fn params(&self, table: &[usize]) -> Result<Params> {
        let made = match table {
            [buckets, heads] if *buckets == self.buckets => {
                Params::new(*heads, self.reach, *buckets, self.bidirectional, self.farthest)
            }
            _ => None,
        };
        match made {
            Some(params) if self.reach > 0 && params.heads > 0 => Ok(params),
            _ => bail!(
                Shape,
                "relative bias: {} buckets up to {} cannot be made of {table:?}",
                self.buckets,
                self.farthest
            ),
        }
    }
}

impl Op for RelativeBias {
    fn name(&self) -> &'static str {
        "relative bias"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(inputs.len() == 1, Shape, "relative bias: {} inputs, a table is wanted", inputs.len());
        let params = self.params(inputs[0])?;
        Ok(vec![vec![params.heads as usize, 2 * self.reach - 1]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = self.params(l.input_shape(0))?;
        l.launch(&RELATIVE_BIAS, &params, &[], &[l.input(0), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        match r.dout(0) {
            Some(dout) if r.wants(0) => r.give(Gather(*self), &[dout], &[0]),
            _ => Ok(()),
        }
    }
}

/// `[dbias] -> [dtable]`.
#[derive(Debug)]
struct Gather(RelativeBias);

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "gather: writes into a given gradient, called with {inputs:?}")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = Params { accumulate: l.accumulates(0).into(), ..self.0.params(l.output_shape(0))? };
        l.launch(&RELATIVE_BIAS_GRADIENT, &GradientParams(params), &[], &[l.input(0), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("gather")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
