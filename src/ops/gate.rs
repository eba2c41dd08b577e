//! Gated units: `y = f(gate) up`, where the last axis of x holds the gates and then the ups. Saves x.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::activation::Activation;
use crate::kernels::gate::{GATE, GATE_GRADIENT, GradientParams, Params};
use crate::{bail, ensure};

/// A gated unit: `[x (.., 2F)] -> [y (.., F)]`.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The function of the gate.
    pub kind: Activation,
}

impl Op for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [[leading @ .., width]] = inputs else {
            bail!(Shape, "gate: takes one tensor of rows, got {inputs:?}");
        };
        ensure!(width % 2 == 0 && *width > 0, Shape, "gate: the last axis of {:?} is no pair of halves", inputs[0]);
        Ok(vec![[leading, &[width / 2]].concat()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, y) = (l.input(0), l.output(0));
        let (rows, width) = halves(l.input_shape(0));
        l.launch(&GATE, &Params { rows, width, kind: self.kind.code() }, &[], &[x, y]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let restore = r.awaited(0);
        let Some(dout) = r.own_dout(0)? else { return Ok(()) };
        let x = r.input(0);
        r.give(GateGradient { kind: self.kind, restore }, &[x, dout], &[0])?;
        if restore { r.restored(0) } else { Ok(()) }
    }

    fn restores(&self, _output: usize) -> bool {
        true
    }
}

/// Rows and F of a tensor (.., 2F).
fn halves(shape: &[usize]) -> (u32, u32) {
    let width = shape.last().copied().unwrap_or(2);
    let words: usize = shape.iter().product();
    ((words / width) as u32, (width / 2) as u32)
}

/// `[x, dy] -> [dx]`; dy becomes y where it is restored.
#[derive(Clone, Copy, Debug)]
struct GateGradient {
    kind: Activation,
    restore: bool,
}

impl Op for GateGradient {
    fn name(&self) -> &'static str {
        "gate_gradient"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        Ok(vec![inputs[0].to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (x, dy, dx) = (l.input(0), l.input(1), l.output(0));
        let (rows, width) = halves(l.input_shape(0));
        let (kind, accumulate) = (self.kind.code(), l.accumulates(0).into());
        let params = GradientParams { rows, width, kind, accumulate, restore: self.restore.into() };
        l.launch(&GATE_GRADIENT, &params, &[], &[x, dy, dx]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        crate::graph::inference_only("gate_gradient")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
