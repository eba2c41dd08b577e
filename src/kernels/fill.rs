//! `y = 0`, before launches that only add to some of its rows.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, write};

/// How many numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        super::unary::elements(self.count, 1)
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    call.output(0)[units].fill(S::default());
}

fn check() -> Case {
    Case::new(&FILL, &Params { count: 1000 }, &[]).output(1003)
}

/// The kernel.
pub static FILL: Kernel = Kernel {
    name: "fill",
    wgsl: shader!("fill"),
    bindings: &[write("y")],
    params_words: 1,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
