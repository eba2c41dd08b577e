//! `y = f(x)`, any shape. Saves x; the gradient is one launch, which adds in place.

use crate::bail;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::activation::Activation;
use crate::kernels::unary::{GradientParams, Params, UNARY, UNARY_GRADIENT};

/// An activation function over every number: `[x] -> [y]`.
#[derive(Clone, Copy, Debug)]
pub struct Activate {
    /// Which function.
    pub kind: Activation,
}

impl Op for Activate {
    fn name(&self) -> &'static str {
        "activate"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        match inputs {
            [x] => Ok(vec![x.to_vec()]),
            _ => bail!(Internal, "activate: takes one tensor, got {}", inputs.len()),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, y) = (l.input(0), l.output(0));
        l.launch(&UNARY, &Params { count: x.words as u32, kind: self.kind.code() }, &[], &[x, y]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let restore = r.awaited(0);
        let Some(dout) = r.own_dout(0)? else { return Ok(()) };
        let x = r.input(0);
        r.give(ActivateGradient { kind: self.kind, restore }, &[x, dout], &[0])?;
        if restore { r.restored(0) } else { Ok(()) }
    }

    fn restores(&self, _output: usize) -> bool {
        true
    }
}

/// `[x, dy] -> [dx]`; dy becomes y where it is restored.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActivateGradient {
    pub(super) kind: Activation,
    pub(super) restore: bool,
}

impl Op for ActivateGradient {
    fn name(&self) -> &'static str {
        "activate_gradient"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        Ok(vec![inputs[0].to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, dy, dx) = (l.input(0), l.input(1), l.output(0));
        let params = GradientParams {
            count: x.words as u32,
            kind: self.kind.code(),
            accumulate: l.accumulates(0).into(),
            restore: self.restore.into(),
        };
        l.launch(&UNARY_GRADIENT, &params, &[], &[x, dy, dx]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        crate::graph::inference_only("activate_gradient")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
