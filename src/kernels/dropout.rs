//! Dropout: `y = residual + x kept / (1 - rate)`, or added to y. The gradient is the same launch with dy for x.
//!
//! An element is dropped where a uniform number is below the rate. The number is a function of seed, stream, step, micro-batch and
//! place alone, so a mask needs no memory and is the same bit for bit on every player. Two elements share a draw and are a unit.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, fold, place, read, write};
use crate::rng::{threefry, unit};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// Which stream of random numbers: another for each place in a model.
    pub stream: u32,
    /// How likely an element is dropped, below 1.
    pub rate: f32,
    /// 1: plus `residual`.
    pub residual: u32,
    /// 1: add to what y holds.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let pairs = (self.count as usize).div_ceil(2);
        Extent { grid: fold(pairs.div_ceil(256)), units: pairs, work: pairs as u64 * 90 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, residual, y) = (call.input(0), call.input(1), call.output(2));
    let step = call.live.word(place::STEP) ^ (call.live.word(place::MICRO) << 24);
    let key = [call.live.word(place::SEED), p.stream];
    let factor = f64::from(1.0 / (1.0 - p.rate));
    for pair in units {
        let words = threefry(key, [pair as u32, step]);
        for (i, word) in (2 * pair..p.count as usize).zip(words) {
            let kept = if unit(word) < p.rate { 0.0 } else { x[i].wide() * factor };
            let held = if p.accumulate == 1 { y[i].wide() } else { 0.0 };
            let beside = if p.residual == 1 { residual[i].wide() } else { 0.0 };
            y[i] = S::narrow(kept + beside + held);
        }
    }
}

fn check() -> Case {
    let params = Params { count: 1001, stream: 7, rate: 0.3, residual: 1, accumulate: 0 };
    let live = Live::default().with(place::SEED, 11).with(place::STEP, 5).with(place::MICRO, 2);
    Case::new(&DROPOUT, &params, &[]).live(live).uniform(1001, 1.0).uniform(1001, 1.0).output(1003)
}

/// The kernel.
pub static DROPOUT: Kernel = Kernel {
    name: "dropout",
    wgsl: shader!("dropout"),
    bindings: &[read("x"), read("residual"), write("y")],
    params_words: 5,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
