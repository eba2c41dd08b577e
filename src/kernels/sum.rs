//! `y = x`, or `y += x`: copies, and gradients that add up. Any shape, as N numbers.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

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
        let count = self.count as usize;
        Extent { grid: fold(count.div_ceil(256)), units: count, work: count as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (&call.input(0)[units.clone()], &mut call.output(1)[units]);
    for (y, x) in y.iter_mut().zip(x) {
        *y = if p.accumulate == 1 { S::narrow(y.wide() + x.wide()) } else { *x };
    }
}

fn check() -> Case {
    case(1000).sized(&[("count", 1000)], |sizes| Ok(case(sizes[0])))
}

fn case(count: u32) -> Case {
    let numbers = count as usize;
    Case::new(&SUM, &Params { count, accumulate: 1 }, &[]).uniform(numbers, 1.0).accumulate(numbers, 1.0)
}

/// The kernel.
pub static SUM: Kernel = Kernel {
    name: "sum",
    wgsl: shader!("sum"),
    bindings: &[read("x"), write("y")],
    params_words: 2,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
