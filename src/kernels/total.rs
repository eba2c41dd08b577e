//! `y = Σ x`, or `y += Σ x`: N numbers to one, in a fixed order. One unit.

use super::shader::shader;
use std::ops::Range;

use super::fast_math::sum;
use super::{Call, Case, Extent, Kernel, Scalar, read, write};

/// How many numbers, and whether to add.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        Extent { grid: [1, 1, 1], units: 1, work: u64::from(self.count) }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, _: Range<usize>) {
    let p: &Params = call.params();
    let y = &mut call.output(1)[0];
    let sum: f64 = call.input(0)[..p.count as usize].iter().map(|x| x.wide()).sum();
    *y = S::narrow(sum + if p.accumulate == 1 { y.wide() } else { 0.0 });
}

fn cpu(call: &Call<'_, f32>, _: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (call.input(0), &mut call.output(1)[0]);
    let whole = sum(p.count as usize, |i| x[i]);
    *y = if p.accumulate == 1 { *y + whole } else { whole };
}

fn check() -> Case {
    Case::new(&TOTAL, &Params { count: 1000, accumulate: 1 }, &[]).uniform(1000, 1.0).f32(vec![40.0])
}

/// The kernel.
pub static TOTAL: Kernel = Kernel {
    name: "total",
    wgsl: shader!("total"),
    bindings: &[read("x"), write("y")],
    params_words: 2,
    cpu,
    reference: reference::<f64>,
    check,
};
