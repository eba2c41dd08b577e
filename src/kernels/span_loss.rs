//! Where a span starts and where it ends: cross entropy over the places of a row, once for each of the two logits of a place.
//!
//! Only places `first..end` of a row take part. A coefficient of 0, or a target outside these, gives exact zeros.
//! A unit is a row with one of the two logits.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// T.
    pub time: u32,
    /// 1: write the gradient.
    pub gradient: u32,
    /// 1: add to what it holds.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let lines = 2 * self.rows as usize;
        Extent { grid: fold(lines), units: lines, work: lines as u64 * u64::from(self.time) * 30 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (time, logits) = (p.time as usize, call.input(0));
    let (each, terms, dlogits) = (call.output(4), call.output(5), call.output(6));
    for line in units {
        let (row, which) = (line / 2, line % 2);
        let (first, end) = (call.id(1, 2 * row), call.id(1, 2 * row + 1).min(time));
        let at = |t: usize| (row * time + t) * 2 + which;
        let label = call.id(2, line);
        let c = if (first..end).contains(&label) { call.input(3)[line].wide() } else { 0.0 };
        let most = (first..end).map(|t| logits[at(t)].wide()).fold(f64::NEG_INFINITY, f64::max);
        let log = most + (first..end).map(|t| (logits[at(t)].wide() - most).exp()).sum::<f64>().ln();
        let loss = if c == 0.0 { 0.0 } else { log - logits[at(label)].wide() };
        (each[line], terms[line]) = (S::narrow(loss), S::narrow(c * loss));
        for t in (0..time).filter(|_| p.gradient == 1) {
            let within = c != 0.0 && (first..end).contains(&t);
            let hit = if t == label { 1.0 } else { 0.0 };
            let slope = if within { c * ((logits[at(t)].wide() - log).exp() - hit) } else { 0.0 };
            let held = if p.accumulate == 1 { dlogits[at(t)].wide() } else { 0.0 };
            dlogits[at(t)] = S::narrow(held + slope);
        }
    }
}

fn check() -> Case {
    Case::new(&SPAN_LOSS, &Params { rows: 2, time: 300, gradient: 1, accumulate: 0 }, &[])
        .uniform(1200, 9.0)
        .u32(vec![0, 290, 5, 300])
        .u32(vec![3, 280, 4, 299])
        .f32(vec![0.25; 4])
        .output(4)
        .output(4)
        .output(1200)
}

/// The kernel.
pub static SPAN_LOSS: Kernel = Kernel {
    name: "span_loss",
    wgsl: shader!("span_loss"),
    bindings: &[
        read("logits"),
        read("spans"),
        read("targets"),
        read("coefficients"),
        write("each"),
        write("terms"),
        write("dlogits"),
    ],
    params_words: 4,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
