//! `y = act(x·W + bias) + residual` over rows of x: one launch, and one each for dx and for dW with dbias.
//!
//! `[x (.., I), weight, bias (O)?, residual (.., O)?] -> [y (.., O)]`, with an activation `[y, pre]`: what comes before the
//! activation is saved for its derivative. `dx = dpre·Wᵀ`, `dW += xᵀ·dpre`, `dbias += Σ dpre`, `dresidual = dy`.

use super::activation::ActivateGradient;
use super::product::product;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::activation::Activation;
use crate::kernels::matmul::{self, Params};
use crate::plan::Operand;
use crate::{bail, ensure};

/// How a weight lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// (I, O), as GPT-2 keeps its weights.
    InOut,
    /// (O, I), as nearly everybody else does.
    OutIn,
}

/// A linear layer with all that commonly follows it.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// How the weight lies.
    pub layout: Layout,
    /// There is a bias (O).
    pub bias: bool,
    /// There is a residual (.., O), added last.
    pub residual: bool,
    /// A function between the two; `pre` becomes a second output.
    pub activation: Option<Activation>,
}

impl Linear {
    /// Without bias, residual and activation.
    pub fn plain(layout: Layout) -> Linear {
        Linear { layout, bias: false, residual: false, activation: None }
    }
}

/// The last size, and the product of those before it.
fn rows_and_width(shape: &[usize]) -> (usize, usize) {
    match shape {
        [rows @ .., width] => (rows.iter().product(), *width),
        [] => (1, 1),
    }
}

fn out_width(layout: Layout, x: &[usize], weight: &[usize]) -> Result<usize> {
    let (&[first, second], Some(&inner)) = (weight, x.last()) else {
        bail!(Shape, "linear: x is {x:?} and the weight {weight:?}, wanted (.., I) and two sizes")
    };
    let (needs, out) = if layout == Layout::InOut { (first, second) } else { (second, first) };
    ensure!(inner == needs, Shape, "linear: inner sizes differ: x is {x:?}, the {layout:?} weight is {weight:?}");
    Ok(out)
}

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let wanted = 2 + usize::from(self.bias) + usize::from(self.residual);
        ensure!(inputs.len() == wanted, Internal, "linear: takes {wanted} tensors, got {}", inputs.len());
        let out = out_width(self.layout, inputs[0], inputs[1])?;
        let mut y = inputs[0].to_vec();
        if let Some(width) = y.last_mut() {
            *width = out;
        }
        ensure!(!self.bias || inputs[2] == [out], Shape, "linear: the bias is {:?}, wanted ({out})", inputs[2]);
        if self.residual {
            let residual = inputs[wanted - 1];
            ensure!(residual == y, Shape, "linear: the residual is {residual:?}, the output {y:?}");
        }
        Ok(vec![y; if self.activation.is_some() { 2 } else { 1 }])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (rows, inner) = rows_and_width(l.input_shape(0));
        let (_, out) = rows_and_width(l.output_shape(0));
        let layout = match self.layout {
            Layout::InOut => matmul::Layout::NN,
            Layout::OutIn => matmul::Layout::NT,
        };
        let params = Params {
            bias: self.bias.into(),
            residual: self.residual.into(),
            activation: self.activation.map_or(0, Activation::code),
            accumulate: l.accumulates(0).into(),
            ..Params::dense(layout, rows, out, inner)
        };
        let (x, weight, y) = (l.input(0), l.input(1), l.output(0));
        let bias = if self.bias { l.input(2) } else { x };
        let residual = if self.residual { l.input(l.inputs() - 1) } else { x };
        let pre = self.activation.map(|_| l.output(1));
        product(l, layout, &params, [x, weight, bias, residual, y], pre);
        Ok(())
    }

    fn reads_halves(&self, input: usize) -> bool {
        input == 1
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(mut dy) = r.dout(0) else { return Ok(()) };
        let (x, weight) = (r.input(0), r.input(1));
        let inner = r.wants(0) || r.wants(1) || (self.bias && r.wants(2));
        let mut dpre = dy;
        if let (Some(kind), true) = (self.activation, inner) {
            let restore = self.restores(0) && r.awaited(0);
            dy = r.own_dout(0)?.unwrap_or(dy);
            dpre = r.emit(ActivateGradient { kind, restore }, &[r.output(1), dy])?[0];
            if restore {
                r.restored(0)?;
            }
        }
        if r.wants(0) {
            r.give(InputGradient { layout: self.layout }, &[dpre, weight], &[0])?;
        }
        match (r.wants(1), self.bias && r.wants(2)) {
            (true, bias) => {
                let op = WeightGradient { layout: self.layout, weight: true, bias };
                r.give_late(op, &[x, dpre], 0, if bias { &[1, 2] } else { &[1] })?;
            }
            (false, true) => {
                r.give(WeightGradient { layout: self.layout, weight: false, bias: true }, &[x, dpre], &[2])?;
            }
            (false, false) => {}
        }
        // Last: dy may become the residual's gradient itself, and be added to from then on.
        if self.residual {
            r.pass(dy, r.inputs() - 1)?;
        }
        Ok(())
    }

    /// With a residual, the gradient is that of the residual too.
    fn restores(&self, output: usize) -> bool {
        output == 0 && self.activation.is_some() && !self.residual
    }
}

/// `[dy (.., O), weight] -> [dx (.., I)]`.
#[derive(Clone, Copy, Debug)]
struct InputGradient {
    layout: Layout,
}

impl Op for InputGradient {
    fn name(&self) -> &'static str {
        "linear_input_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "linear_input_gradient: is given its output")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (rows, out) = rows_and_width(l.input_shape(0));
        let (_, inner) = rows_and_width(l.output_shape(0));
        let layout = match self.layout {
            Layout::InOut => matmul::Layout::NT,
            Layout::OutIn => matmul::Layout::NN,
        };
        let params = Params { accumulate: l.accumulates(0).into(), ..Params::dense(layout, rows, inner, out) };
        let (dy, weight, dx) = (l.input(0), l.input(1), l.output(0));
        product(l, layout, &params, [dy, weight, dy, dy, dx], None);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}

/// `[x (.., I), dy (.., O)] -> [dweight?, dbias (O)?]`.
#[derive(Clone, Copy, Debug)]
struct WeightGradient {
    layout: Layout,
    weight: bool,
    bias: bool,
}

impl Op for WeightGradient {
    fn name(&self) -> &'static str {
        "linear_weight_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "linear_weight_gradient: is given its outputs")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let ((rows, inner), (_, out)) = (rows_and_width(l.input_shape(0)), rows_and_width(l.input_shape(1)));
        let (x, dy) = (l.input(0), l.input(1));
        let (a, b, m, n) = match self.layout {
            Layout::InOut => (x, dy, inner, out),
            Layout::OutIn => (dy, x, out, inner),
        };
        // A trainable bias on a frozen weight is rare: its product goes to scratch and is forgotten.
        let dweight: Operand = if self.weight { l.output(0) } else { l.scratch(m * n) };
        let mut params = Params {
            accumulate: (self.weight && l.accumulates(0)).into(),
            sums_of_a: (self.layout == Layout::OutIn).into(),
            ..Params::dense(matmul::Layout::TN, m, n, rows)
        };
        let dbias = self.bias.then(|| usize::from(self.weight));
        params.sums_accumulate = dbias.is_some_and(|place| l.accumulates(place)).into();
        let dbias = dbias.map(|place| l.output(place));
        product(l, matmul::Layout::TN, &params, [a, b, a, a, dweight], dbias);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
