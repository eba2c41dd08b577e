//! One vector for each row of tokens, or for each segment of it: the mean or the sum of its places, or the first or the last of them.

use crate::bail;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::pool::{POOL, POOL_GRADIENT, Params};

/// Which vector stands for a row, or for each segment of a row: `[x (B, T, C), spans (B, 2) u32] -> [y (B, C)]`, or
/// `[x, spans (B, S, 2)] -> [y (B, S, C)]`, spans being first and end of the places; an empty one gives zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The mean of all places.
    Mean,
    /// The first.
    First,
    /// The last.
    Last,
    /// The sum of all places.
    Sum,
}

impl Pool {
    pub(super) fn params(self, x: &[usize], spans: &[usize]) -> Result<Params> {
        let &[rows, time, width] = x else { bail!(Shape, "pool: (B, T, C) is wanted, got {x:?}") };
        let each = match *spans {
            [b, 2] if b == rows => 1,
            [b, each, 2] if b == rows => each,
            _ => bail!(Shape, "pool: {rows} rows with spans of {spans:?}"),
        };
        let written = (rows * each * width) as u32;
        let [rows, time, width, spans] = [rows, time, width, each].map(|size| size as u32);
        Ok(Params { rows, time, width, spans, kind: self as u32, accumulate: 0, written })
    }
}

impl Op for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [x, spans] = *inputs else {
            bail!(Shape, "pool: (B, T, C) and spans are wanted, got {inputs:?}");
        };
        let width = self.params(x, spans)?.width as usize;
        let mut shape = spans[..spans.len() - 1].to_vec();
        shape.push(width);
        Ok(vec![shape])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = self.params(l.input_shape(0), l.input_shape(1))?;
        l.launch(&POOL, &params, &[], &[l.input(0), l.input(1), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        match r.dout(0) {
            Some(dy) if r.wants(0) => r.give(PoolGradient(*self), &[dy, r.input(1)], &[0]),
            _ => Ok(()),
        }
    }
}

/// `[dy (B, C) or (B, S, C), spans] -> [dx (B, T, C)]`.
#[derive(Clone, Copy, Debug)]
struct PoolGradient(Pool);

impl Op for PoolGradient {
    fn name(&self) -> &'static str {
        "pool_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "pool_gradient: its output is given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (dy, dx) = (l.input(0), l.output(0));
        let params = self.0.params(l.output_shape(0), l.input_shape(1))?;
        let params = Params { accumulate: l.accumulates(0).into(), written: dx.words as u32, ..params };
        l.launch(&POOL_GRADIENT, &params, &[], &[dy, l.input(1), dx]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
