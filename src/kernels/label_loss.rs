//! Losses of rows of L logits against real targets: `Σ (z - y)²`, or binary cross entropy `Σ max(z, 0) - z y + ln(1 + e^-|z|)`.
//!
//! The first is for regression, the second for labels that do not exclude each other. A row is multiplied by its coefficient;
//! rows with coefficient 0 give exact zeros. The gradient is `2 c (z - y)` or `c (σ(z) - y)`. Units are rows.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// L.
    pub labels: u32,
    /// 1: binary cross entropy, 0: squares.
    pub binary: u32,
    /// 1: write the gradient.
    pub gradient: u32,
    /// 1: add to what it holds.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        Extent { grid: fold(rows.div_ceil(64)), units: rows, work: rows as u64 * u64::from(self.labels) * 30 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let labels = p.labels as usize;
    let (each, terms, dlogits) = (call.output(3), call.output(4), call.output(5));
    for row in units {
        let c = call.input(2)[row].wide();
        let mut loss = 0.0;
        for label in 0..labels {
            let at = row * labels + label;
            let (z, y) = (call.input(0)[at].wide(), call.input(1)[at].wide());
            let (one, slope) = if p.binary == 1 {
                let e = (-z.abs()).exp();
                (z.max(0.0) - z * y + e.ln_1p(), if z >= 0.0 { 1.0 } else { e } / (1.0 + e) - y)
            } else {
                ((z - y) * (z - y), 2.0 * (z - y))
            };
            let (one, slope) = if c == 0.0 { (0.0, 0.0) } else { (one, c * slope) };
            loss += one;
            if p.gradient == 1 {
                let held = if p.accumulate == 1 { dlogits[at].wide() } else { 0.0 };
                dlogits[at] = S::narrow(held + slope);
            }
        }
        each[row] = S::narrow(loss);
        terms[row] = S::narrow(c * loss);
    }
}

fn check() -> Case {
    let params = Params { rows: 70, labels: 5, binary: 1, gradient: 1, accumulate: 0 };
    Case::new(&LABEL_LOSS, &params, &[])
        .uniform(350, 8.0)
        .f32((0..350).map(|i| (i % 2) as f32).collect())
        .f32((0..70).map(|i| (i % 3) as f32 * 0.5).collect())
        .output(70)
        .output(70)
        .output(350)
}

/// The kernel.
pub static LABEL_LOSS: Kernel = Kernel {
    name: "label_loss",
    wgsl: shader!("label_loss"),
    bindings: &[read("logits"), read("targets"), read("coefficients"), write("each"), write("terms"), write("dlogits")],
    params_words: 5,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
