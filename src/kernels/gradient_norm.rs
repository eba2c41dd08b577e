//! The norm of all gradients, and what follows from it: `norm = sqrt(sum g^2)`, `scale = min(1, clip / (norm + 1e-6))`.
//!
//! Two stages with a fixed order of sums: each unit adds the squares of 4096 numbers, then one unit adds the partial sums.
//! If the norm is not finite the scale is 0 and the third number says so; the update then leaves everything as it is.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Numbers that one unit of the first stage adds.
pub const CHUNK: usize = 4096;

/// What the second stage writes: norm, scale, finite.
pub const REPORT_WORDS: usize = 3;

/// How many numbers, and the largest norm.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Numbers in the first stage, partial sums in the second.
    pub count: u32,
    /// The largest norm; 0 clips nothing.
    pub clip: f32,
}

impl super::Params for Params {
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent {
        let _ = constants;
        let units = (self.count as usize).div_ceil(CHUNK);
        Extent { grid: fold(units), units, work: 2 * u64::from(self.count) }
    }
}

/// The parameters of the second stage, which is one unit.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Finish {
    /// Partial sums.
    pub count: u32,
    /// The largest norm; 0 clips nothing.
    pub clip: f32,
}

impl super::Params for Finish {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        Extent { grid: [1, 1, 1], units: 1, work: u64::from(self.count) }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (call.input(0), call.output(1));
    for unit in units {
        let numbers = &x[unit * CHUNK..((unit + 1) * CHUNK).min(p.count as usize)];
        y[unit] = S::narrow(numbers.iter().map(|x| x.wide() * x.wide()).sum());
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (call.input(0), call.output(1));
    for unit in units {
        let numbers = &x[unit * CHUNK..((unit + 1) * CHUNK).min(p.count as usize)];
        let mut lanes = [0.0f32; 16];
        let (whole, rest) = numbers.as_chunks::<16>();
        for chunk in whole {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += x * x;
            }
        }
        let tail: f64 = rest.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        y[unit] = (lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + tail) as f32;
    }
}

fn finish<S: Scalar>(call: &Call<'_, S>, _: Range<usize>) {
    let p: &Finish = call.params();
    let (x, y) = (call.input(0), call.output(1));
    let sum: f64 = x[..p.count as usize].iter().map(|x| x.wide()).sum();
    let (norm, finite) = (sum.sqrt(), sum.is_finite());
    let scale = if p.clip > 0.0 { (f64::from(p.clip) / (norm + 1e-6)).min(1.0) } else { 1.0 };
    let of = [norm, if finite { scale } else { 0.0 }, if finite { 1.0 } else { 0.0 }];
    for (y, value) in y.iter_mut().zip(of) {
        *y = S::narrow(value);
    }
}

/// The first stage.
pub static GRADIENT_NORM: Kernel = Kernel {
    name: "gradient_norm",
    wgsl: shader!("gradient_norm"),
    bindings: &[read("x"), write("y")],
    params_words: 2,
    cpu,
    reference: reference::<f64>,
    check: || {
        let params = Params { count: 9000, clip: 0.0 };
        Case::new(&GRADIENT_NORM, &params, &[]).uniform(9000, 1.0).output(3)
    },
};

/// The second stage.
pub static GRADIENT_NORM_FINISH: Kernel = Kernel {
    name: "gradient_norm_finish",
    wgsl: shader!("gradient_norm"),
    bindings: &[read("x"), write("y")],
    params_words: 2,
    cpu: finish::<f32>,
    reference: finish::<f64>,
    check: || {
        let sums = (0..300u16).map(|n| f32::from(n) * 0.01).collect();
        Case::new(&GRADIENT_NORM_FINISH, &Finish { count: 300, clip: 1.0 }, &[]).f32(sums).output(REPORT_WORDS)
    },
};
