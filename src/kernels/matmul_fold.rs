//! `y = Σ parts`, or `y += Σ parts`: the second stage of a product whose sums over K were cut into batches, in a fixed order.
//!
//! x is (parts, N), y is (N). A unit is one number.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes, and whether to add.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// How many parts.
    pub parts: u32,
    /// 1: add to what y holds.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let count = self.count as usize;
        Extent { grid: fold(count.div_ceil(256)), units: count, work: u64::from(self.count) * u64::from(self.parts) }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (call.input(0), call.output(1));
    for at in units {
        let held = if p.accumulate == 1 { y[at].wide() } else { 0.0 };
        let parts = (0..p.parts as usize).map(|part| x[part * p.count as usize + at].wide());
        y[at] = S::narrow(held + parts.sum::<f64>());
    }
}

fn check() -> Case {
    let params = Params { count: 777, parts: 5, accumulate: 1 };
    Case::new(&MATMUL_FOLD, &params, &[]).uniform(5 * 777, 1.0).accumulate(777, 1.0)
}

/// The kernel.
pub static MATMUL_FOLD: Kernel = Kernel {
    name: "matmul_fold",
    wgsl: shader!("matmul_fold"),
    bindings: &[read("x"), write("y")],
    params_words: 3,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
