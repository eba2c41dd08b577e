//! Second step of the backward: gradients of keys and values. With `p = exp(logit - lse)`, mask `m` (0 or 1/(1 - rate)):
//! `dV = Σ_q p m · dout`, `dp = m · (dout · v)`, `ds = p (dp - delta) · slope of the cap`, `dK = scale · Σ_q ds · q`,
//! over all heads of the group. Writes (or adds to) the key and value parts of its output and nothing else.

use super::shader::shader;
use std::ops::Range;

use super::attention::{self, Mask, Rows, dot, reach};
use super::attention_tile::KEYS;
use super::{Call, Case, Constant, Extent, Kernel, Scalar, attention_cpu, read, write};

/// The parameters of the forward launch, and whether to add.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params(pub attention::Params);

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        self.0.over(self.0.kv_heads, self.0.keys, KEYS, 4)
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p = &call.params::<Params>().0;
    let (rows, dout, stats, dkeys) = (Rows::of(call, p), call.input(4), call.input(5), call.output(6));
    let (head, share) = (p.head as usize, (p.heads / p.kv_heads) as usize);
    for unit in units {
        let (b, group, keys) = p.unit(unit, p.kv_heads, p.keys, KEYS);
        for k in keys {
            let (key_at, value_at) = p.key_at(b, group, k);
            let (mut dk, mut dv) = (vec![0.0; head], vec![0.0; head]);
            for h in group * share..(group + 1) * share {
                let mask = Mask::new(p, call.live, b, h);
                for q in 0..p.queries as usize {
                    if !reach(call, p, 2, b, q).contains(&k) {
                        continue;
                    }
                    let (logit, slope) = rows.logit(p, (b, b, h), q, k);
                    let (row, out_at, query_at) = (p.row(b, h, q), p.out_at(b, h, q), p.query_at(b, h, q));
                    let weight = (logit - stats[2 * row].wide()).exp();
                    let keep = f64::from(mask.factor(q, k));
                    let dp = keep * dot(&dout[out_at..], &rows.keys[value_at..], p.head);
                    let ds = weight * (dp - stats[2 * row + 1].wide()) * slope * f64::from(p.scale);
                    for d in 0..head {
                        dv[d] += weight * keep * dout[out_at + d].wide();
                        dk[d] += ds * rows.query[query_at + d].wide();
                    }
                }
            }
            store(&mut dkeys[key_at..key_at + head], &dk, p.accumulate == 1);
            store(&mut dkeys[value_at..value_at + head], &dv, p.accumulate == 1);
        }
    }
}

/// Writes or adds one row of a gradient.
pub(super) fn store<S: Scalar>(into: &mut [S], from: &[f64], accumulate: bool) {
    for (into, &from) in into.iter_mut().zip(from) {
        *into = S::narrow(if accumulate { into.wide() + from } else { from });
    }
}

fn check() -> Case {
    check_at(&[("HEAD", 16)]).varied(check_at)
}

fn check_at(constants: &[Constant]) -> Case {
    let words = |head| 2 * 37 * 4 * head;
    attention::check_backward(0, constants, words, |p| Case::new(&ATTENTION_KEYS, &Params(p), constants))
}

/// The kernel.
pub static ATTENTION_KEYS: Kernel = Kernel {
    name: "attention_keys",
    wgsl: shader!("attention_keys"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), read("dout"), read("stats"), write("dkeys")],
    params_words: attention::WORDS,
    cpu: attention_cpu::keys,
    reference: reference::<f64>,
    check,
};
