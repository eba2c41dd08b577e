//! `y = factor · x`, or `y += factor · x`. Any shape, as N numbers.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// How many numbers, times what, and whether to add.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
    /// Multiplies x.
    pub factor: f32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let count = self.count as usize;
        Extent { grid: fold(count.div_ceil(256)), units: count, work: count as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let factor = f64::from(p.factor);
    let (x, y) = (&call.input(0)[units.clone()], &mut call.output(1)[units]);
    for (y, x) in y.iter_mut().zip(x) {
        let old = if p.accumulate == 1 { y.wide() } else { 0.0 };
        *y = S::narrow(old + factor * x.wide());
    }
}

fn check() -> Case {
    Case::new(&SCALE, &Params { count: 1000, accumulate: 1, factor: -0.37 }, &[])
        .uniform(1000, 1.0)
        .accumulate(1000, 1.0)
}

/// The kernel.
pub static SCALE: Kernel = Kernel {
    name: "scale",
    wgsl: shader!("scale"),
    bindings: &[read("x"), write("y")],
    params_words: 3,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
