//! `y = factor · x`: what enters T5's tied head, and the two sides of a cap on logits. The gradient is the same with dy.

use crate::ensure;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::scale::{Params, SCALE};

/// `[x] -> [y]`, any shape.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Multiplies x.
    pub factor: f32,
}

impl Op for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(inputs.len() == 1, Internal, "scale: takes one tensor, got {}", inputs.len());
        Ok(vec![inputs[0].to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, y) = (l.input(0), l.output(0));
        let params = Params { count: x.words as u32, accumulate: l.accumulates(0).into(), factor: self.factor };
        l.launch(&SCALE, &params, &[], &[x, y]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        match r.dout(0) {
            Some(dy) if r.wants(0) => r.give(*self, &[dy], &[0]),
            _ => Ok(()),
        }
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
