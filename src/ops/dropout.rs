//! Dropout, with a residual where one follows. Saves nothing: the mask is drawn again on the way back.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::dropout::{DROPOUT, Params};
use crate::{bail, ensure};

/// Dropout: `[x, residual?] -> [residual + x kept / (1 - rate)]`.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// How likely an element is dropped.
    pub rate: f32,
    /// Which stream of random numbers: another for each place in a model.
    pub stream: u32,
    /// There is a residual.
    pub residual: bool,
}

impl Dropout {
    fn launch(&self, l: &mut Lowering<'_>) {
        let (x, y) = (l.input(0), l.output(0));
        let params = Params {
            count: x.words as u32,
            stream: self.stream,
            rate: self.rate,
            residual: self.residual.into(),
            accumulate: l.accumulates(0).into(),
        };
        let residual = if self.residual { l.input(1) } else { x };
        l.launch(&DROPOUT, &params, &[], &[x, residual, y]);
    }
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!((0.0..1.0).contains(&self.rate), BadOption, "dropout: a rate of {} is not in 0..1", self.rate);
        match (inputs, self.residual) {
            ([x], false) => Ok(vec![x.to_vec()]),
            ([x, residual], true) if x == residual => Ok(vec![x.to_vec()]),
            _ => bail!(Shape, "dropout: x and a residual of its shape are wanted, got {inputs:?}"),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.launch(l);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(dy) = r.dout(0) else { return Ok(()) };
        if r.wants(0) {
            r.give(DropoutGradient(Dropout { residual: false, ..*self }), &[dy], &[0])?;
        }
        // Last: dy may become the residual's gradient itself, and be added to from then on.
        if self.residual { r.pass(dy, 1) } else { Ok(()) }
    }
}

/// `[dy] -> [dx]`, by the same mask.
#[derive(Clone, Copy, Debug)]
struct DropoutGradient(Dropout);

impl Op for DropoutGradient {
    fn name(&self) -> &'static str {
        "dropout_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "dropout_gradient: its output is given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.0.launch(l);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
