//! First step of the backward: `stats = (lse, delta)` with `delta = Σ_d out · dout`, the sum that the softmax's gradient
//! subtracts. Interleaved, so that the two that follow need one binding for both. Exact with dropout too.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub batch: u32,
    /// H.
    pub heads: u32,
    /// D.
    pub head: u32,
    /// Tq.
    pub queries: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = (self.batch * self.queries * self.heads) as usize;
        Extent { grid: fold(rows.div_ceil(64)), units: rows, work: rows as u64 * u64::from(self.head) * 2 }
    }
}

fn place(p: &Params, unit: usize) -> usize {
    let (heads, queries) = (p.heads as usize, p.queries as usize);
    let (h, q, b) = (unit % heads, (unit / heads) % queries, unit / (heads * queries));
    (b * heads + h) * queries + q
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (out, dout, lse, stats) = (call.input(0), call.input(1), call.input(2), call.output(3));
    for unit in units {
        let at = unit * p.head as usize;
        let row = place(p, unit);
        stats[2 * row] = lse[row];
        stats[2 * row + 1] = S::narrow(super::attention::dot(&out[at..], &dout[at..], p.head));
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (out, dout, lse, stats) = (call.input(0), call.input(1), call.input(2), call.output(3));
    let head = p.head as usize;
    for unit in units {
        let at = unit * head;
        let row = place(p, unit);
        stats[2 * row] = lse[row];
        stats[2 * row + 1] = super::attention_tile::dot(&out[at..at + head], &dout[at..at + head]);
    }
}

fn check() -> Case {
    let p = Params { batch: 2, heads: 3, head: 20, queries: 7 };
    Case::new(&ATTENTION_DELTA, &p, &[]).uniform(840, 1.0).uniform(840, 1.0).uniform(42, 1.0).output(84)
}

/// The kernel.
pub static ATTENTION_DELTA: Kernel = Kernel {
    name: "attention_delta",
    wgsl: shader!("attention_delta"),
    bindings: &[read("out"), read("dout"), read("lse"), write("stats")],
    params_words: 4,
    cpu,
    reference: reference::<f64>,
    check,
};
