//! RMSNorm of every query and key head within a packed tensor: `y = x / √(mean x² + eps) · (scale + offset)`; values pass.
//!
//! Packed rows (R, (H + 2K)·D) hold H query heads, K key heads, K value heads; queries and keys have a scale (D) each.
//! Backward, with g = dy·scale and n = x·rstd: `dx = rstd·(g − n·mean(g·n))`, `dscale = Σ dy·n` over rows and heads.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags of the family.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// H.
    pub heads: u32,
    /// K.
    pub kv_heads: u32,
    /// D.
    pub head: u32,
    /// Keeps the root from zero.
    pub eps: f32,
    /// Added to the scales: Gemma's 1.
    pub offset: f32,
    /// 1: dx adds to what is there.
    pub accumulate: u32,
    /// 1: the gradient of the queries' scale adds to what is there.
    pub accumulate_queries: u32,
    /// 1: the same for the keys'.
    pub accumulate_keys: u32,
}

impl Params {
    /// Heads in a row, values included.
    pub fn across(&self) -> usize {
        (self.heads + 2 * self.kv_heads) as usize
    }

    fn normed(&self, place: usize) -> bool {
        place < (self.heads + self.kv_heads) as usize
    }
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let units = self.rows as usize * self.across();
        Extent { grid: fold(units.div_ceil(64)), units, work: 8 * units as u64 * u64::from(self.head) }
    }
}

/// The same parameters for the scales' gradients, whose units are the columns of both.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct WeightParams(pub Params);

impl super::Params for WeightParams {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let units = 2 * self.0.head as usize;
        let work = 3 * u64::from(self.0.rows) * self.0.across() as u64 * u64::from(self.0.head);
        Extent { grid: [units as u32, 1, 1], units, work }
    }
}

fn rstd<S: Scalar>(x: &[S], eps: f32) -> f64 {
    let square: f64 = x.iter().map(|x| x.wide() * x.wide()).sum();
    1.0 / (square / x.len() as f64 + f64::from(eps)).sqrt()
}

fn forward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let head = p.head as usize;
    let (x, queries, keys, y) = (call.input(0), call.input(1), call.input(2), call.output(3));
    for unit in units {
        let place = unit % p.across();
        let (x, y) = (&x[unit * head..(unit + 1) * head], &mut y[unit * head..(unit + 1) * head]);
        if !p.normed(place) {
            y.copy_from_slice(x);
            continue;
        }
        let scale = if place < p.heads as usize { queries } else { keys };
        let rstd = rstd(x, p.eps);
        for ((y, x), scale) in y.iter_mut().zip(x).zip(scale) {
            *y = S::narrow(x.wide() * rstd * (scale.wide() + f64::from(p.offset)));
        }
    }
}

fn backward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let head = p.head as usize;
    let (x, queries, keys, dy) = (call.input(0), call.input(1), call.input(2), call.input(3));
    let (dx, stats) = (call.output(4), call.output(5));
    for unit in units {
        let place = unit % p.across();
        let range = unit * head..(unit + 1) * head;
        let (x, dy, dx) = (&x[range.clone()], &dy[range.clone()], &mut dx[range]);
        let scale = if place < p.heads as usize { queries } else { keys };
        let normed = p.normed(place);
        let rstd = if normed { rstd(x, p.eps) } else { 0.0 };
        stats[unit] = S::narrow(rstd);
        let g = |d: usize| dy[d].wide() * (scale[d].wide() + f64::from(p.offset));
        let mean = if normed { (0..head).map(|d| g(d) * x[d].wide()).sum::<f64>() * rstd / head as f64 } else { 0.0 };
        for d in 0..head {
            let value = if normed { rstd * (g(d) - x[d].wide() * rstd * mean) } else { dy[d].wide() };
            let old = if p.accumulate == 1 { dx[d].wide() } else { 0.0 };
            dx[d] = S::narrow(old + value);
        }
    }
}

fn weights<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (head, across) = (p.head as usize, p.across());
    let (x, dy, stats) = (call.input(0), call.input(1), call.input(2));
    let (dqueries, dkeys) = (call.output(3), call.output(4));
    let mut sums = vec![0.0f64; units.len()];
    for (unit, rstd) in stats[..p.rows as usize * across].iter().enumerate() {
        let place = unit % across;
        let column = if place < p.heads as usize { 0 } else { head };
        if !p.normed(place) {
            continue;
        }
        let rstd = rstd.wide();
        for at in units.start.max(column)..units.end.min(column + head) {
            let i = unit * head + at - column;
            sums[at - units.start] += dy[i].wide() * x[i].wide() * rstd;
        }
    }
    for (at, sum) in units.zip(sums) {
        let (out, add) = match at < head {
            true => (&mut dqueries[at], p.accumulate_queries),
            false => (&mut dkeys[at - head], p.accumulate_keys),
        };
        *out = S::narrow(sum + if add == 1 { out.wide() } else { 0.0 });
    }
}

const TRIED: Params = Params {
    rows: 5,
    heads: 3,
    kv_heads: 2,
    head: 12,
    eps: 1e-6,
    offset: 1.0,
    accumulate: 1,
    accumulate_queries: 1,
    accumulate_keys: 0,
};

/// Forward.
pub static HEAD_NORM: Kernel = Kernel {
    name: "head_norm",
    wgsl: shader!("head_norm"),
    bindings: &[read("x"), read("queries"), read("keys"), write("y")],
    params_words: 9,
    cpu: forward::<f32>,
    reference: forward::<f64>,
    check: || Case::new(&HEAD_NORM, &TRIED, &[]).uniform(420, 2.0).uniform(12, 1.0).uniform(12, 1.0).output(420),
};

/// Backward to x; leaves the rstd of each head.
pub static HEAD_NORM_GRADIENT: Kernel = Kernel {
    name: "head_norm_gradient",
    wgsl: shader!("head_norm_gradient"),
    bindings: &[read("x"), read("queries"), read("keys"), read("dy"), write("dx"), write("stats")],
    params_words: 9,
    cpu: backward::<f32>,
    reference: backward::<f64>,
    check: || {
        Case::new(&HEAD_NORM_GRADIENT, &TRIED, &[])
            .uniform(420, 2.0)
            .uniform(12, 1.0)
            .uniform(12, 1.0)
            .uniform(420, 1.0)
            .accumulate(420, 1.0)
            .output(35)
    },
};

/// Backward to the scales.
pub static HEAD_NORM_WEIGHTS: Kernel = Kernel {
    name: "head_norm_weights",
    wgsl: shader!("head_norm_weights"),
    bindings: &[read("x"), read("dy"), read("stats"), write("dqueries"), write("dkeys")],
    params_words: 9,
    cpu: weights::<f32>,
    reference: weights::<f64>,
    check: || {
        Case::new(&HEAD_NORM_WEIGHTS, &WeightParams(TRIED), &[])
            .uniform(420, 2.0)
            .uniform(420, 1.0)
            .uniform(35, 1.0)
            .accumulate(12, 1.0)
            .output(12)
    },
};
