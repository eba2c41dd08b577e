//! LayerNorm and RMSNorm over rows of C: `y = (x - mean) rstd (scale + offset) + bias + residual` (Ba et al. 2016; Zhang and Sennrich 2019).
//!
//! `rstd = 1 / √(mean (x - mean)² + eps)`; RMS has mean 0 everywhere. `offset` is 1 where files store `scale - 1`. Saves mean and
//! rstd of each row. The variance comes from squared deviations, not from `E x² - (E x)²`. Units are rows.

use super::shader::shader;
use std::ops::Range;

use super::fast_math::sum;
use super::{Call, Case, Constant, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// C.
    pub width: u32,
    /// Added to the variance.
    pub eps: f32,
    /// 1: LayerNorm, 0: RMSNorm.
    pub centred: u32,
    /// 1: times `scale`.
    pub scaled: u32,
    /// 1: plus `bias`.
    pub shifted: u32,
    /// Added to every scale.
    pub offset: f32,
    /// 1: plus `residual`.
    pub residual: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let (rows, width) = (self.rows as usize, u64::from(self.width));
        Extent { grid: fold(rows), units: rows, work: rows as u64 * width * 8 }
    }
}

/// How many invocations share a row: `THREADS` for the launch's constants.
pub fn threads(width: usize) -> u32 {
    if width <= 512 { 64 } else { 256 }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let width = p.width as usize;
    let (x, scale, bias, residual) = (call.input(0), call.input(1), call.input(2), call.input(3));
    let (y, stats) = (call.output(4), call.output(5));
    for row in units {
        let x = &x[row * width..(row + 1) * width];
        let mean = if p.centred == 1 { x.iter().map(|x| x.wide()).sum::<f64>() / width as f64 } else { 0.0 };
        let variance = x.iter().map(|x| (x.wide() - mean).powi(2)).sum::<f64>() / width as f64;
        let rstd = 1.0 / (variance + f64::from(p.eps)).sqrt();
        (stats[2 * row], stats[2 * row + 1]) = (S::narrow(mean), S::narrow(rstd));
        for (c, x) in x.iter().enumerate() {
            let factor = if p.scaled == 1 { scale[c].wide() + f64::from(p.offset) } else { 1.0 };
            let shift = if p.shifted == 1 { bias[c].wide() } else { 0.0 };
            let beside = if p.residual == 1 { residual[row * width + c].wide() } else { 0.0 };
            y[row * width + c] = S::narrow((x.wide() - mean) * rstd * factor + shift + beside);
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let width = p.width as usize;
    let (x, residual) = (call.input(0), call.input(3));
    let scale = (p.scaled == 1).then(|| &call.input(1)[..width]);
    let bias = (p.shifted == 1).then(|| &call.input(2)[..width]);
    let (y, stats) = (call.output(4), call.output(5));
    for row in units {
        let place = row * width..(row + 1) * width;
        let x = &x[place.clone()];
        let y = &mut y[place.clone()];
        let mean = if p.centred == 1 { sum(width, |c| x[c]) / width as f32 } else { 0.0 };
        let square = sum(width, |c| (x[c] - mean) * (x[c] - mean));
        let rstd = 1.0 / (square / width as f32 + p.eps).sqrt();
        (stats[2 * row], stats[2 * row + 1]) = (mean, rstd);
        normalise(x, (mean, rstd), (scale, p.offset), bias, y);
        if p.residual == 1 {
            for (y, residual) in y.iter_mut().zip(&residual[place]) {
                *y += residual;
            }
        }
    }
}

/// One row by what is known of it: `y = (x - mean) rstd (scale + offset) + bias`, the same bits whoever asks.
pub(super) fn normalise(
    x: &[f32],
    (mean, rstd): (f32, f32),
    (scale, offset): (Option<&[f32]>, f32),
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = (x - mean) * rstd;
    }
    if let Some(scale) = scale {
        for (y, scale) in y.iter_mut().zip(scale) {
            *y *= scale + offset;
        }
    }
    if let Some(bias) = bias {
        for (y, bias) in y.iter_mut().zip(bias) {
            *y += bias;
        }
    }
}

fn check() -> Case {
    case(5, 300, &[("THREADS", 64)])
        .varied(|constants| case(5, 300, constants))
        .sized(&[("rows", 5), ("width", 300)], |sizes| Ok(case(sizes[0], sizes[1], &[("THREADS", 64)])))
}

fn case(rows: u32, width: u32, constants: &[Constant]) -> Case {
    let params = Params { rows, width, eps: 1e-5, centred: 1, scaled: 1, shifted: 1, offset: 0.0, residual: 1 };
    let (rows, width) = (rows as usize, width as usize);
    let case = Case::new(&NORM, &params, constants).uniform(rows * width, 3.0).uniform(width, 1.0);
    case.uniform(width, 1.0).uniform(rows * width, 1.0).output(rows * width).output(2 * rows)
}

/// The kernel.
pub static NORM: Kernel = Kernel {
    name: "norm",
    wgsl: shader!("norm"),
    bindings: &[read("x"), read("scale"), read("bias"), read("residual"), write("y"), write("stats")],
    params_words: 8,
    cpu,
    reference: reference::<f64>,
    check,
};
