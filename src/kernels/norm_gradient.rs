//! The gradient of [`norm`](super::norm): `dx = rstd (g - mean g - n mean(g n))`, `n = (x - mean) rstd`, `g = dy (scale + offset)`.
//!
//! RMS has no `mean g`. A unit is a block of rows; it also leaves the block's sums of `dy n` and of `dy`, column by column, which
//! [`norm_weights`](super::norm_weights) adds up in a fixed order. `norm_gradient_plain` leaves no sums. Both can turn dy into the y of
//! the way there again, bit for bit.

use super::shader::shader;
use std::ops::Range;

use super::fast_math::sum;
use super::norm::normalise;
use super::{Call, Case, Constant, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// C.
    pub width: u32,
    /// Rows of a block; see [`block`].
    pub block: u32,
    /// 1: LayerNorm, 0: RMSNorm.
    pub centred: u32,
    /// 1: y was multiplied by `scale`.
    pub scaled: u32,
    /// 1: `bias` was added to y.
    pub shifted: u32,
    /// Added to every scale.
    pub offset: f32,
    /// 1: add to what dx holds.
    pub accumulate: u32,
    /// 1: dy becomes y.
    pub restore: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let blocks = self.rows.div_ceil(self.block) as usize;
        let work = u64::from(self.rows) * u64::from(self.width) * 18;
        Extent { grid: fold(blocks), units: blocks, work }
    }
}

/// Rows of a block: enough blocks to fill a device, few enough that their sums stay small.
pub fn block(rows: usize) -> u32 {
    (rows / 256).next_power_of_two().clamp(4, 32) as u32
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>, sums: Option<&mut [S]>) {
    let p: &Params = call.params();
    let (rows, width) = (p.rows as usize, p.width as usize);
    let (x, scale, bias, stats) = (call.input(0), call.input(1), call.input(2), call.input(3));
    let (dy, dx) = (call.output(4), call.output(5));
    let factor = |c: usize| if p.scaled == 1 { scale[c].wide() + f64::from(p.offset) } else { 1.0 };
    let normal = |row: usize, c: usize| (x[row * width + c].wide() - stats[2 * row].wide()) * stats[2 * row + 1].wide();
    let block_rows = |block: usize| block * p.block as usize..((block + 1) * p.block as usize).min(rows);
    for row in units.clone().flat_map(block_rows) {
        let g = |c: usize| dy[row * width + c].wide() * factor(c);
        let mean = (0..width).map(g).sum::<f64>() / width as f64 * f64::from(p.centred);
        let along = (0..width).map(|c| g(c) * normal(row, c)).sum::<f64>() / width as f64;
        for c in 0..width {
            let held = if p.accumulate == 1 { dx[row * width + c].wide() } else { 0.0 };
            let out = stats[2 * row + 1].wide() * (g(c) - mean - normal(row, c) * along);
            dx[row * width + c] = S::narrow(held + out);
        }
    }
    if let Some(sums) = sums {
        for block in units.clone() {
            for c in 0..width {
                let dy = |row: usize| dy[row * width + c].wide();
                sums[2 * block * width + c] = S::narrow(block_rows(block).map(|row| dy(row) * normal(row, c)).sum());
                sums[(2 * block + 1) * width + c] = S::narrow(block_rows(block).map(dy).sum());
            }
        }
    }
    for row in units.flat_map(block_rows).filter(|_| p.restore == 1) {
        for c in 0..width {
            let shift = if p.shifted == 1 { bias[c].wide() } else { 0.0 };
            dy[row * width + c] = S::narrow(normal(row, c) * factor(c) + shift);
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>, mut sums: Option<&mut [f32]>) {
    let p: &Params = call.params();
    let (rows, width) = (p.rows as usize, p.width as usize);
    let (x, stats) = (call.input(0), call.input(3));
    let scale = (p.scaled == 1).then(|| &call.input(1)[..width]);
    let bias = (p.shifted == 1).then(|| &call.input(2)[..width]);
    let (dys, dxs) = (call.output(4), call.output(5));
    let factors: Vec<f32> =
        scale.map_or_else(|| vec![1.0; width], |scale| scale.iter().map(|s| s + p.offset).collect());
    for block in units {
        if let Some(sums) = &mut sums {
            sums[2 * block * width..2 * (block + 1) * width].fill(0.0);
        }
        for row in block * p.block as usize..((block + 1) * p.block as usize).min(rows) {
            let place = row * width..(row + 1) * width;
            let (x, dy, dx) = (&x[place.clone()], &mut dys[place.clone()], &mut dxs[place]);
            let (mean, rstd) = (stats[2 * row], stats[2 * row + 1]);
            let g_mean = if p.centred == 1 { sum(width, |c| dy[c] * factors[c]) / width as f32 } else { 0.0 };
            let gn_mean = sum(width, |c| dy[c] * factors[c] * (x[c] - mean) * rstd) / width as f32;
            let held = if p.accumulate == 1 { 1.0 } else { 0.0 };
            if p.accumulate == 0 {
                dx.fill(0.0);
            }
            for (((dx, x), dy), factor) in dx.iter_mut().zip(x).zip(dy.iter()).zip(&factors) {
                *dx = held * *dx + rstd * (dy * factor - g_mean - (x - mean) * rstd * gn_mean);
            }
            if let Some(sums) = &mut sums {
                let (dscale, dbias) = sums[2 * block * width..2 * (block + 1) * width].split_at_mut(width);
                for (((dscale, dbias), x), dy) in dscale.iter_mut().zip(dbias).zip(x).zip(dy.iter()) {
                    *dscale += dy * ((x - mean) * rstd);
                    *dbias += dy;
                }
            }
            if p.restore == 1 {
                normalise(x, (mean, rstd), (scale, p.offset), bias, dy);
            }
        }
    }
}

fn case(kernel: &'static Kernel, constants: &[Constant]) -> Case {
    let (rows, width) = (11usize, 130usize);
    let (block, offset) = (4, 0.0);
    let params =
        Params { rows: 11, width: 130, block, centred: 1, scaled: 1, shifted: 1, offset, accumulate: 1, restore: 1 };
    let stats = (0..rows).flat_map(|row| [0.1 * row as f32, 1.0 / (1.0 + row as f32)]).collect();
    Case::new(kernel, &params, constants)
        .uniform(rows * width, 3.0)
        .uniform(width, 1.0)
        .uniform(width, 1.0)
        .f32(stats)
        .accumulate(rows * width, 1.0)
        .accumulate(rows * width, 1.0)
}

/// With the sums for scale and bias.
pub static NORM_GRADIENT: Kernel = Kernel {
    name: "norm_gradient",
    wgsl: shader!("norm_gradient"),
    bindings: &[read("x"), read("scale"), read("bias"), read("stats"), write("dy"), write("dx"), write("sums")],
    params_words: 9,
    cpu: |call, units| cpu(call, units, Some(call.output(6))),
    reference: |call, units| reference(call, units, Some(call.output(6))),
    check: || {
        let at = |constants: &[Constant]| case(&NORM_GRADIENT, constants).output(3 * 2 * 130);
        at(&[("THREADS", 64)]).varied(at)
    },
};

/// Without them: nothing to learn, or frozen.
pub static NORM_GRADIENT_PLAIN: Kernel = Kernel {
    name: "norm_gradient_plain",
    wgsl: shader!("norm_gradient"),
    bindings: &[read("x"), read("scale"), read("bias"), read("stats"), write("dy"), write("dx")],
    params_words: 9,
    cpu: |call, units| cpu(call, units, None),
    reference: |call, units| reference(call, units, None),
    check: || {
        let at = |constants: &[Constant]| case(&NORM_GRADIENT_PLAIN, constants);
        at(&[("THREADS", 64)]).varied(at)
    },
};
