//! The one operation that the reverse walk itself needs: a copy, or an addition to what is there.

use super::{Lowering, Op, Reverse};
use crate::bail;
use crate::ensure;
use crate::error::Result;
use crate::kernels::sum::{Params, SUM};

/// `y = x`, or `y += x` where the output accumulates. Any shape.
#[derive(Debug)]
pub(super) struct Sum;

impl Op for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        match inputs {
            [x] => Ok(vec![x.to_vec()]),
            _ => bail!(Internal, "sum: takes one tensor, got {}", inputs.len()),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, y) = (l.input(0), l.output(0));
        ensure!(x.words == y.words, Shape, "sum: {:?} into {:?}", l.input_shape(0), l.output_shape(0));
        let params = Params { count: x.words as u32, accumulate: l.accumulates(0).into() };
        l.launch(&SUM, &params, &[], &[x, y]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        match r.dout(0) {
            Some(dout) => r.pass(dout, 0),
            None => Ok(()),
        }
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
