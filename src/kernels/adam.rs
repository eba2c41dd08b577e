//! One step of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019) over a stretch of weights.
//!
//! `m = b1 m + (1-b1) g`, `v = b2 v + (1-b2) g^2`, `w -= rate (m c1 / (sqrt(v c2) + eps))` with the gradient scaled by what
//! [`super::gradient_norm`] found and c1, c2 the bias corrections, both live. Decay is apart (`w -= rate decay w`) or part of g.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, fold, place, read, write};

/// The optimiser's numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// How much of the mean is kept.
    pub beta1: f32,
    /// How much of the mean square is kept.
    pub beta2: f32,
    /// Keeps the division away from zero.
    pub eps: f32,
    /// Weight decay per unit of rate.
    pub decay: f32,
    /// 1: decay apart from the gradient.
    pub apart: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let count = self.count as usize;
        Extent { grid: fold(count.div_ceil(256)), units: count, work: 16 * count as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (g, report) = (call.input(0), call.input(1));
    if report[2].wide() == 0.0 {
        return;
    }
    let (w, m, v) = (call.output(2), call.output(3), call.output(4));
    let [rate, c1, c2] = [place::RATE, place::CORRECTION_1, place::CORRECTION_2].map(|at| f64::from(call.live.f32(at)));
    let [b1, b2, eps, decay] = [p.beta1, p.beta2, p.eps, p.decay].map(f64::from);
    for i in units {
        let (mut weight, mut gradient) = (w[i].wide(), g[i].wide() * report[1].wide());
        if p.apart == 1 {
            weight -= rate * decay * weight;
        } else {
            gradient += decay * weight;
        }
        let mean = b1 * m[i].wide() + (1.0 - b1) * gradient;
        let square = b2 * v[i].wide() + (1.0 - b2) * gradient * gradient;
        m[i] = S::narrow(mean);
        v[i] = S::narrow(square);
        w[i] = S::narrow(weight - rate * (mean * c1) / ((square * c2).sqrt() + eps));
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let report = call.input(1);
    if report[2] == 0.0 {
        return;
    }
    let scale = report[1];
    let [rate, c1, c2] = [place::RATE, place::CORRECTION_1, place::CORRECTION_2].map(|at| call.live.f32(at));
    let (apart, within) = if p.apart == 1 { (rate * p.decay, 0.0) } else { (0.0, p.decay) };
    let (g, w) = (&call.input(0)[units.clone()], &mut call.output(2)[units.clone()]);
    let (m, v) = (&mut call.output(3)[units.clone()], &mut call.output(4)[units]);
    for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        let gradient = g * scale + within * *w;
        *m = p.beta1 * *m + (1.0 - p.beta1) * gradient;
        *v = p.beta2 * *v + (1.0 - p.beta2) * gradient * gradient;
        *w -= apart * *w + rate * (*m * c1) / ((*v * c2).sqrt() + p.eps);
    }
}

fn check() -> Case {
    let params = Params { count: 1000, beta1: 0.9, beta2: 0.99, eps: 1e-8, decay: 0.1, apart: 1 };
    let live = Live::default()
        .with_f32(place::RATE, 0.01)
        .with_f32(place::CORRECTION_1, 2.0)
        .with_f32(place::CORRECTION_2, 5.0);
    let squares = (0..1000u16).map(|n| f32::from(n) * 1e-3).collect();
    Case::new(&ADAM, &params, &[])
        .uniform(1000, 1.0)
        .f32(vec![2.0, 0.5, 1.0])
        .accumulate(1000, 1.0)
        .accumulate(1000, 0.1)
        .f32(squares)
        .live(live)
}

/// The kernel.
pub static ADAM: Kernel = Kernel {
    name: "adam",
    wgsl: shader!("adam"),
    bindings: &[read("g"), read("report"), write("w"), write("m"), write("v")],
    params_words: 6,
    cpu,
    reference: reference::<f64>,
    check,
};
