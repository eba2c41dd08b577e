//! One vector for each row of tokens: the mean of the valid places, or the first or the last of them.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::pool::{POOL, POOL_GRADIENT, Params};
use crate::{bail, ensure};

/// Which vector stands for a row: `[x (B, T, C), spans (B, 2) u32] -> [y (B, C)]`, spans being first and end of the valid places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The mean of all valid places.
    Mean,
    /// The first.
    First,
    /// The last.
    Last,
}

impl Pool {
    fn params(self, x: &[usize]) -> Result<Params> {
        let &[rows, time, width] = x else { bail!(Shape, "pool: (B, T, C) is wanted, got {x:?}") };
        let (rows, time, width) = (rows as u32, time as u32, width as u32);
        Ok(Params { rows, time, width, kind: self as u32, accumulate: 0, written: rows * width })
    }
}

impl Op for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [&[rows, _, width], spans] = *inputs else {
            bail!(Shape, "pool: (B, T, C) and (B, 2) are wanted, got {inputs:?}");
        };
        ensure!(spans == [rows, 2], Shape, "pool: {rows} rows with spans of {spans:?}");
        Ok(vec![vec![rows, width]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = self.params(l.input_shape(0))?;
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

/// `[dy (B, C), spans] -> [dx (B, T, C)]`.
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
        let params = self.0.params(l.output_shape(0))?;
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
