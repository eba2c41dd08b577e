//! The blocks' sums of [`norm_gradient`](super::norm_gradient), added in their order into the gradients of scale and bias.
//!
//! Units are columns. Who wants only one of the two gives scratch memory for the other.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// How many blocks left sums.
    pub blocks: u32,
    /// C.
    pub width: u32,
    /// 1: add to what dscale holds.
    pub accumulate_scale: u32,
    /// 1: add to what dbias holds.
    pub accumulate_bias: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let width = self.width as usize;
        let work = 2 * u64::from(self.blocks) * width as u64;
        Extent { grid: [width.div_ceil(64) as u32, 1, 1], units: width, work }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (blocks, width) = (p.blocks as usize, p.width as usize);
    let (sums, dscale, dbias) = (call.input(0), call.output(1), call.output(2));
    for c in units {
        for (half, (out, accumulate)) in
            [(&mut dscale[c], p.accumulate_scale), (&mut dbias[c], p.accumulate_bias)].into_iter().enumerate()
        {
            let sum: f64 = (0..blocks).map(|block| sums[(2 * block + half) * width + c].wide()).sum();
            *out = S::narrow(sum + if accumulate == 1 { out.wide() } else { 0.0 });
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let width = p.width as usize;
    let sums = &call.input(0)[..2 * p.blocks as usize * width];
    for (half, (out, accumulate)) in
        [(call.output(1), p.accumulate_scale), (call.output(2), p.accumulate_bias)].into_iter().enumerate()
    {
        let out = &mut out[units.clone()];
        if accumulate == 0 {
            out.fill(0.0);
        }
        for line in sums.chunks_exact(width).skip(half).step_by(2) {
            for (out, sum) in out.iter_mut().zip(&line[units.clone()]) {
                *out += sum;
            }
        }
    }
}

fn check() -> Case {
    let params = Params { blocks: 9, width: 70, accumulate_scale: 1, accumulate_bias: 0 };
    Case::new(&NORM_WEIGHTS, &params, &[]).uniform(9 * 2 * 70, 1.0).accumulate(70, 1.0).output(70)
}

/// The kernel.
pub static NORM_WEIGHTS: Kernel = Kernel {
    name: "norm_weights",
    wgsl: shader!("norm_weights"),
    bindings: &[read("sums"), write("dscale"), write("dbias")],
    params_words: 4,
    cpu,
    reference: reference::<f64>,
    check,
};
