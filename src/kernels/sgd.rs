//! One step of gradient descent with momentum: `m = momentum m + g + decay w`, `w -= rate m`.
//!
//! The gradient is scaled by what [`super::gradient_norm`] found; the rate is live.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, fold, place, read, write};

/// The optimiser's numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// How much of the last movement goes on.
    pub momentum: f32,
    /// Weight decay, part of the gradient.
    pub decay: f32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let count = self.count as usize;
        Extent { grid: fold(count.div_ceil(256)), units: count, work: 6 * count as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (g, report) = (call.input(0), call.input(1));
    if report[2].wide() == 0.0 {
        return;
    }
    let (scale, rate) = (report[1].wide(), f64::from(call.live.f32(place::RATE)));
    let (w, m) = (call.output(2), call.output(3));
    for i in units {
        let moved = f64::from(p.momentum) * m[i].wide() + g[i].wide() * scale + f64::from(p.decay) * w[i].wide();
        m[i] = S::narrow(moved);
        w[i] = S::narrow(w[i].wide() - rate * moved);
    }
}

fn check() -> Case {
    Case::new(&SGD, &Params { count: 1000, momentum: 0.9, decay: 0.01 }, &[])
        .uniform(1000, 1.0)
        .f32(vec![2.0, 0.5, 1.0])
        .accumulate(1000, 1.0)
        .accumulate(1000, 1.0)
        .live(Live::default().with_f32(place::RATE, 0.1))
}

/// The kernel.
pub static SGD: Kernel = Kernel {
    name: "sgd",
    wgsl: shader!("sgd"),
    bindings: &[read("g"), read("report"), write("w"), write("m")],
    params_words: 3,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
