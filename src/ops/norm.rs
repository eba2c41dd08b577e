//! LayerNorm and RMSNorm over the last axis. Saves mean and rstd of each row; backward is two launches, one where nothing is learnt.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::norm::{NORM, Params, threads};
use crate::kernels::norm_gradient::{self, NORM_GRADIENT, NORM_GRADIENT_PLAIN};
use crate::kernels::norm_weights::{self, NORM_WEIGHTS};
use crate::{bail, ensure};

/// Which normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// LayerNorm: the mean goes, the variance becomes 1.
    Layer,
    /// RMSNorm: the mean square becomes 1.
    Rms,
}

/// A normalisation: `[x (.., C), scale (C)?, bias (C)?, residual (.., C)?] -> [y (.., C), stats (R, 2)]`.
#[derive(Clone, Copy, Debug)]
pub struct Norm {
    /// Which.
    pub kind: NormKind,
    /// Added to the variance.
    pub eps: f32,
    /// There is a scale.
    pub scale: bool,
    /// There is a bias.
    pub bias: bool,
    /// The scale that counts is 1 + what is stored.
    pub unit_offset: bool,
    /// There is a residual, added last.
    pub residual: bool,
}

impl Norm {
    fn inputs(&self) -> usize {
        1 + usize::from(self.scale) + usize::from(self.bias) + usize::from(self.residual)
    }

    /// Where the bias stands, if there is one.
    fn place_of_bias(&self) -> usize {
        1 + usize::from(self.scale)
    }

    fn offset(&self) -> f32 {
        if self.unit_offset { 1.0 } else { 0.0 }
    }

    /// R and C of a tensor (.., C).
    fn size(shape: &[usize]) -> (usize, usize) {
        let width = shape.last().copied().unwrap_or(1);
        (shape.iter().product::<usize>() / width.max(1), width)
    }
}

impl Op for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(inputs.len() == self.inputs(), Internal, "norm: takes {} tensors, got {}", self.inputs(), inputs.len());
        let x = inputs[0];
        let (rows, width) = Norm::size(x);
        ensure!(rows > 0 && width > 0, Shape, "norm: {x:?} holds no rows");
        let (weights, residual) = inputs[1..].split_at(self.inputs() - 1 - usize::from(self.residual));
        for weight in weights {
            ensure!(*weight == [width], Shape, "norm: rows of {width} with a weight of {weight:?}");
        }
        for residual in residual {
            ensure!(*residual == x, Shape, "norm: the residual is {residual:?}, the output {x:?}");
        }
        ensure!(self.scale || !self.unit_offset, Internal, "norm: a unit offset without a scale");
        Ok(vec![x.to_vec(), vec![rows, 2]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (rows, width) = Norm::size(l.input_shape(0));
        let x = l.input(0);
        let scale = if self.scale { l.input(1) } else { x };
        let bias = if self.bias { l.input(self.place_of_bias()) } else { x };
        let residual = if self.residual { l.input(self.inputs() - 1) } else { x };
        let params = Params {
            rows: rows as u32,
            width: width as u32,
            eps: self.eps,
            centred: (self.kind == NormKind::Layer).into(),
            scaled: self.scale.into(),
            shifted: self.bias.into(),
            offset: self.offset(),
            residual: self.residual.into(),
        };
        let bindings = [x, scale, bias, residual, l.output(0), l.output(1)];
        l.launch(&NORM, &params, &[("THREADS", threads(width))], &bindings);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let restore = self.restores(0) && r.awaited(0);
        let Some(dy) = r.own_dout(0)? else { return Ok(()) };
        if r.dout(1).is_some() {
            bail!(Unsupported, "norm: there is no gradient through the saved statistics");
        }
        let (x, stats) = (r.input(0), r.output(1));
        let scale = if self.scale { r.input(1) } else { x };
        let place = self.place_of_bias();
        let bias = if self.bias { r.input(place) } else { x };
        let wants = Wants { x: r.wants(0), scale: self.scale && r.wants(1), bias: self.bias && r.wants(place) };
        let all = [(0, wants.x), (1, wants.scale), (place, wants.bias)];
        let targets: Vec<usize> = all.into_iter().filter(|&(_, wanted)| wanted).map(|(target, _)| target).collect();
        if !targets.is_empty() {
            r.give(NormGradient { norm: *self, wants, restore }, &[x, scale, bias, stats, dy], &targets)?;
        }
        if restore {
            r.restored(0)?;
        }
        // Last: dy may become the residual's gradient itself, and be added to from then on.
        if self.residual { r.pass(dy, self.inputs() - 1) } else { Ok(()) }
    }

    /// With a residual, the gradient is that of the residual too.
    fn restores(&self, output: usize) -> bool {
        output == 0 && !self.residual
    }
}

/// Which gradients are outputs, in this order.
#[derive(Clone, Copy, Debug)]
struct Wants {
    x: bool,
    scale: bool,
    bias: bool,
}

/// `[x, scale or x, bias or x, stats, dy] -> [dx?, dscale?, dbias?]`; dy becomes y where it is restored.
#[derive(Clone, Copy, Debug)]
struct NormGradient {
    norm: Norm,
    wants: Wants,
    restore: bool,
}

impl Op for NormGradient {
    fn name(&self) -> &'static str {
        "norm_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "norm_gradient: its outputs are given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (rows, width) = Norm::size(l.input_shape(0));
        let Wants { x, scale, bias } = self.wants;
        let (at_scale, at_bias) = (usize::from(x), usize::from(x) + usize::from(scale));
        let dx = if x { l.output(0) } else { l.scratch(rows * width) };
        let params = norm_gradient::Params {
            rows: rows as u32,
            width: width as u32,
            block: norm_gradient::block(rows),
            centred: (self.norm.kind == NormKind::Layer).into(),
            scaled: self.norm.scale.into(),
            shifted: self.norm.bias.into(),
            offset: self.norm.offset(),
            accumulate: (x && l.accumulates(0)).into(),
            restore: self.restore.into(),
        };
        let constants = [("THREADS", threads(width))];
        let mut bindings = vec![l.input(0), l.input(1), l.input(2), l.input(3), l.input(4), dx];
        if !scale && !bias {
            l.launch(&NORM_GRADIENT_PLAIN, &params, &constants, &bindings);
            return Ok(());
        }
        let blocks = rows.div_ceil(params.block as usize);
        let sums = l.scratch(blocks * 2 * width);
        bindings.push(sums);
        l.launch(&NORM_GRADIENT, &params, &constants, &bindings);
        let dscale = if scale { l.output(at_scale) } else { l.scratch(width) };
        let dbias = if bias { l.output(at_bias) } else { l.scratch(width) };
        let params = norm_weights::Params {
            blocks: blocks as u32,
            width: width as u32,
            accumulate_scale: (scale && l.accumulates(at_scale)).into(),
            accumulate_bias: (bias && l.accumulates(at_bias)).into(),
        };
        l.launch(&NORM_WEIGHTS, &params, &[], &[sums, dscale, dbias]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        crate::graph::inference_only("norm_gradient")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
