//! The gradient of attention's bias by distance: `dbias[h][d] = Σ ds(q, q + d)` over all rows and queries, where
//! `ds = p (m · dout·v - delta)` is the gradient of a logit after the cap. It has its own kernel: no other sums along diagonals.

use super::shader::shader;
use std::ops::Range;

use super::attention::{self, Mask, Rows, dot, reach};
use super::{Call, Case, Extent, Kernel, Scalar, attention_tile, fold, read, write};

/// The parameters of the forward launch, and whether to add.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params(pub attention::Params);

impl super::Params for Params {
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent {
        let units = self.0.heads as usize * (2 * self.0.reach as usize - 1);
        Extent { grid: fold(units), units, ..super::Params::extent(&self.0, constants) }
    }
}

/// Walks the diagonals of `units`; `ds` gives the gradient of one logit from (row, head, query, key).
fn walk<S: Scalar>(call: &Call<'_, S>, units: Range<usize>, ds: impl Fn(usize, usize, usize, usize) -> f64) {
    let p = &call.params::<Params>().0;
    let (dbias, width) = (call.output(6), 2 * p.reach as usize - 1);
    for unit in units {
        let (h, distance) = (unit / width, unit % width);
        let mut sum = 0.0;
        for b in 0..p.batch as usize {
            for q in 0..p.queries as usize {
                match (q + distance + 1).checked_sub(p.reach as usize) {
                    Some(k) if k < p.keys as usize && reach(call, p, 2, b, q).contains(&k) => sum += ds(b, h, q, k),
                    _ => {}
                }
            }
        }
        dbias[unit] = S::narrow(if p.accumulate == 1 { dbias[unit].wide() + sum } else { sum });
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p = &call.params::<Params>().0;
    let (rows, dout, stats) = (Rows::of(call, p), call.input(4), call.input(5));
    walk(call, units, |b, h, q, k| {
        let row = p.row(b, h, q);
        let weight = (rows.logit(p, (b, b, h), q, k).0 - stats[2 * row].wide()).exp();
        let dp = dot(&dout[p.out_at(b, h, q)..], &rows.keys[p.key_at(b, p.group(h), k).1..], p.head);
        let keep = f64::from(Mask::new(p, call.live, b, h).factor(q, k));
        weight * (keep * dp - stats[2 * row + 1].wide())
    });
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p = &call.params::<Params>().0;
    let (rows, dout, stats, head) = (Rows::of(call, p), call.input(4), call.input(5), p.head as usize);
    walk(call, units, |b, h, q, k| {
        let (row, (query, out)) = (p.row(b, h, q), (p.query_at(b, h, q), p.out_at(b, h, q)));
        let (key, value) = p.key_at(b, p.group(h), k);
        let score = attention_tile::dot(&rows.query[query..query + head], &rows.keys[key..key + head]);
        let logit = attention::cap(p, f64::from(score * p.scale)).0 as f32 + rows.bias[p.bias_at(h, q, k)];
        let weight = super::fast_math::exp(logit - stats[2 * row]);
        let dp = attention_tile::dot(&dout[out..out + head], &rows.keys[value..value + head]);
        let keep = Mask::new(p, call.live, b, h).factor(q, k);
        f64::from(weight * (keep * dp - stats[2 * row + 1]))
    });
}

fn check() -> Case {
    attention::check_backward(37, &[], |_| 2 * 73, |p| Case::new(&ATTENTION_BIAS, &Params(p), &[]))
}

/// The kernel.
pub static ATTENTION_BIAS: Kernel = Kernel {
    name: "attention_bias",
    wgsl: shader!("attention_bias"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), read("dout"), read("stats"), write("dbias")],
    params_words: attention::WORDS,
    cpu,
    reference: reference::<f64>,
    check,
};
